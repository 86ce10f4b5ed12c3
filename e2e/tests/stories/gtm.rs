//! The chat as a tag of Google Tag Manager. `snippet/test/sandbox.js` stands in for Tag Manager: it runs the template that
//! the server makes with nothing but the APIs and permissions that it lists; all else here is real.

use causette_e2e::harness::{Browser, HostSite, Policy, Server, wait_until};
use causette_e2e::pages::{Role, Shop};
use serde_json::{Value, json};

/// What is on the page, and what was told of the consent since it was loaded.
const SEEN: &str = "return JSON.stringify([document.cookie.split('.')[0], window.heard])";

/// A page of a site that has no snippet, and the template to make a tag with.
struct Scene {
    server: Server,
    site: HostSite,
    visitor: Browser,
    template: Value,
}

async fn fetch(server: &Server, file: &str) -> String {
    let answer = reqwest::get(format!("{}/embed/{file}", server.origin)).await.expect("the server answers");
    assert_eq!(answer.status(), 200, "{file}");
    answer.text().await.expect("it is text")
}

impl Scene {
    async fn open(page: &str) -> Self {
        let server = Server::start().await;
        let site = HostSite::open(&server, Policy::Open).await;
        let template = fetch(&server, "shop/gtm.tpl").await.into();
        let visitor = Browser::open("visitor").await;
        visitor.goto(&site.page(page)).await;
        Self { server, site, visitor, template }
    }

    /// Fires a tag with these fields and returns how it ended.
    async fn fire(&self, fields: Value) -> Value {
        let fired =
            self.visitor.run("return tagManager.fire(...arguments)", vec![self.template.clone(), fields]);
        fired.await.expect("the code runs")
    }

    /// What a consent manager tells Tag Manager.
    async fn consent(&self, update: Value) {
        self.visitor.run("tagManager.consent(arguments[0])", vec![update]).await.expect("it is told");
    }

    async fn wait_until_seen(&self, cookie: &str, told: Value) {
        let wanted = json!([cookie, told]).to_string();
        let what = format!("cookie and consent to be {wanted}");
        wait_until(&what, async || Ok(self.visitor.run(SEEN, vec![]).await? == wanted)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_templates_own_tests_pass() {
    let scene = Scene::open("gtm").await;
    let run = |template: Value| scene.visitor.run("return tagManager.test(arguments[0])", vec![template]);
    let told = run(scene.template.clone()).await.expect("they run");
    let told = told.as_array().expect("a line for each");
    assert!(told.len() >= 14, "{told:?}");
    for line in told {
        assert!(line.as_str().is_some_and(|line| line.ends_with(": passed")), "{line}");
    }
    // They would notice.
    let broken = scene.template.as_str().expect("it is text").replace("managed.length > 0 && ", "");
    let told = run(broken.into()).await.expect("they run");
    assert!(told.to_string().contains("is not 0"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_brings_the_chat_and_follows_what_the_visitor_agrees_to() {
    let scene = Scene::open("gtm").await;
    let types = |granted: bool| json!({ "functionality_storage": granted, "personalization_storage": granted, "analytics_storage": granted });
    scene.consent(types(false)).await;
    let fields =
        json!({ "site": "shop", "consentFrom": "google", "greeting": "From the tag", "closeDelay": "0" });
    assert_eq!(scene.fire(fields).await, "success");
    let shop = Shop::shown(&scene.visitor);
    shop.launcher.wait_for_text("From the tag").await;
    scene.wait_until_seen("", json!([])).await;

    // Each type is told by itself, analytics first. Bit 1 is given when both of its types are.
    scene.consent(types(true)).await;
    scene.wait_until_seen("causette_shop=1", json!([2, 3])).await;
    scene.consent(json!({ "functionality_storage": false })).await;
    scene.wait_until_seen("", json!([2, 3, 2])).await;
    scene.consent(types(false)).await;
    scene.wait_until_seen("", json!([2, 3, 2, 0])).await;

    let panel = shop.open_chat().await;
    panel.say("By way of a tag").await;
    panel.wait_for_message("Automatic reply").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_consent_manager_nothing_is_allowed_though_everything_is_granted() {
    let scene = Scene::open("gtm").await;
    assert_eq!(scene.fire(json!({ "site": "shop", "consentFrom": "google" })).await, "success");
    let shop = Shop::shown(&scene.visitor);
    shop.open_chat().await.view.wait_for_text("How can we help?").await;
    shop.close_chat().await;
    scene.wait_until_seen("", json!([])).await;

    // The same page where the owner says that the types are managed.
    scene.visitor.goto(&scene.site.page("gtm")).await;
    let fields = json!({ "site": "shop", "consentFrom": "google", "managesFunctionality": true });
    assert_eq!(scene.fire(fields).await, "success");
    scene.wait_until_seen("causette_shop=1", json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_ends_well_where_the_chat_is_there_and_badly_where_it_does_not_come() {
    let scene = Scene::open("gtm").await;
    assert_eq!(scene.fire(json!({ "site": "nobody", "consentFrom": "google" })).await, "failure");
    assert_eq!(scene.fire(json!({ "site": "../demo/shop", "consentFrom": "google" })).await, "failure");
    let fields = json!({ "site": "shop", "consentFrom": "fixed", "consent": "1" });
    assert_eq!(scene.fire(fields).await, "success");
    scene.wait_until_seen("causette_shop=1", json!([])).await;
    let fields = json!({ "site": "shop", "consentFrom": "fixed", "consent": "0", "state": "chat" });
    assert_eq!(scene.fire(fields).await, "success");
    let shop = Shop::shown(&scene.visitor);
    shop.wait_until_open().await;
    scene.wait_until_seen("", json!([0])).await;
    let count = "return document.querySelectorAll('script[src$=\"/embed/shop.js\"]').length";
    assert_eq!(scene.visitor.run(count, vec![]).await.expect("the page counts"), 1);
    let failures = scene.visitor.run("return window.failures", vec![]).await;
    assert_eq!(failures.expect("the page notes failures"), json!([]));
}

/// Tag Manager puts expressions in the place of variables, and makes the scripts of a tag anew so that they run.
#[tokio::test(flavor = "multi_thread")]
async fn the_custom_html_tag_does_the_same_by_what_it_is_told() {
    let scene = Scene::open("gtm").await;
    let html = fetch(&scene.server, "shop/gtm.html").await;
    let fire = async |consent: &str| {
        let mut tag = html.replace("{{Causette consent}}", consent);
        for variable in ["{{Causette client id}}", "{{Causette identity}}"] {
            tag = tag.replace(variable, "undefined");
        }
        assert!(!tag.contains("{{"), "a variable that nobody would know: {tag}");
        let put = "const holder = document.createElement('div');
            holder.innerHTML = arguments[0];
            holder.querySelectorAll('script').forEach((old) => {
              const script = document.createElement('script');
              script.textContent = old.textContent;
              document.body.appendChild(script);
            });";
        scene.visitor.run(put, vec![tag.into()]).await.expect("it is put into the page");
    };
    fire("1").await;
    let shop = Shop::shown(&scene.visitor);
    shop.launcher.wait_for(Role::Button, "Open chat").await;
    scene.wait_until_seen("causette_shop=1", json!([])).await;
    fire("0").await;
    scene.wait_until_seen("", json!([0])).await;
    shop.open_chat().await.view.wait_for_text("How can we help?").await;
    let failures = shop.page.evaluate("return JSON.stringify(window.failures)").await;
    assert_eq!(failures.expect("the page notes failures"), "[]");
}
