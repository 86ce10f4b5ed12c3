//! The native bridge (DESIGN 5): a site's chat in an app's webview, as far as a browser can play it. The window has one of
//! the four objects by which webviews reach their apps, put there before the document's own scripts.

use causette_e2e::harness::{AgentSocket, Browser, Server, wait_until, wait_until_at_most};
use causette_e2e::pages::{Panel, Place, Role, View};
use serde_json::{Value, json};
use std::time::Duration;

/// A window's object, and how the app says something there.
pub(crate) const ENDS: [(&str, &str); 4] = [
    ("window.webkit = { messageHandlers: { causette: END } }", "causetteApp(text)"),
    ("window.causetteNative = END", "causetteNative.onmessage({ data: text })"),
    (
        "window.ReactNativeWebView = END",
        "document.dispatchEvent(new MessageEvent('message', { data: text }))",
    ),
    ("window.ipc = END", "causetteApp(JSON.parse(text))"),
];
/// Keeps what the page says, in `said`.
const END: &str = "{ postMessage: (text) => said.push(JSON.parse(text)) }";

/// A browser that plays an app.
pub(crate) struct App<'a> {
    browser: &'a Browser,
    speak: &'static str,
}

impl<'a> App<'a> {
    /// Puts an end into every document from now on, and opens the chat of the site "shop".
    async fn open(browser: &'a Browser, server: &Server, end: (&str, &'static str)) -> Self {
        Self::open_at(browser, &format!("{}/chat/shop?locale=en", server.origin), end).await
    }

    /// The same, at an address.
    pub(crate) async fn open_at(
        browser: &'a Browser,
        address: &str,
        (end, speak): (&str, &'static str),
    ) -> Self {
        let source = format!("window.said = []; {}", end.replace("END", END));
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
        browser.goto(address).await;
        Self { browser, speak }
    }

    pub(crate) fn panel(&self) -> Panel<'a> {
        Panel { view: View::new(self.browser, Place::Page) }
    }

    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.browser.run(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Says a text to the page, whatever it is.
    pub(crate) async fn say_text(&self, text: &str) {
        let script = format!("const text = arguments[0]; {}", self.speak);
        let said = self.browser.run(&script, vec![json!(text)]).await;
        said.unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// Says something to the page and returns what it answers.
    pub(crate) async fn say(&self, kind: &str, data: Value) -> Value {
        let id = format!("{kind} {data}").chars().take(64).collect::<String>();
        self.say_text(&json!({ "v": 1, "id": id, "type": kind, "data": data }).to_string()).await;
        let answer = self.hear(|message| message["id"] == id.as_str()).await;
        self.forget(&id).await;
        assert_eq!(answer["v"], 1);
        json!([answer["type"], answer["data"]])
    }

    /// So that a second message of the same kind waits for an answer of its own.
    async fn forget(&self, id: &str) {
        let script = "said = said.filter((message) => message.id !== arguments[0])";
        self.browser.run(script, vec![json!(id)]).await.expect("the page is there");
    }

    /// The first message of the page that is right.
    async fn hear(&self, is_right: impl Fn(&Value) -> bool) -> Value {
        let mut heard = Value::Null;
        wait_until("the page to say something to the app", async || {
            let said = self.browser.run("return window.said", vec![]).await?;
            heard = said
                .as_array()
                .into_iter()
                .flatten()
                .find(|said| is_right(said))
                .cloned()
                .unwrap_or_default();
            Ok(!heard.is_null())
        })
        .await;
        heard
    }

    pub(crate) async fn hear_of(&self, kind: &str) -> Value {
        self.hear(|message| message["type"] == kind).await["data"].clone()
    }

    /// Waits for the page to ask, gives it the session, and waits until it can be used.
    pub(crate) async fn begin(&self, secret: Option<&str>) {
        assert_eq!(self.hear_of("needSession").await, json!({}));
        assert_eq!(self.say("session", json!({ "secret": secret })).await, json!(["ok", {}]));
        assert_eq!(self.hear_of("ready").await, json!({}));
    }
}

async fn shop_for_apps() -> Server {
    let server = Server::start().await;
    server.add_site("shop", &["https://shop.example"]).await;
    server.allow_apps("shop", true).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_the_four_ways_to_an_app_is_taken() {
    if crate::engines::is_left_out("native_bridge::each_of_the_four_ways_to_an_app_is_taken") {
        return;
    }
    let server = shop_for_apps().await;
    for end in ENDS {
        let browser = Browser::open("app").await;
        let app = App::open(&browser, &server, end).await;
        app.begin(None).await;
        assert_eq!(app.say("setTheme", json!({ "theme": "dark" })).await, json!(["ok", {}]));
        let theme = "return document.documentElement.dataset.theme";
        wait_until("the theme to be dark", async || Ok(browser.run(theme, vec![]).await? == "dark")).await;
        assert_eq!(browser.console_errors().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_keeps_the_session_opens_the_links_and_goes_back() {
    if crate::engines::is_left_out("native_bridge::an_app_keeps_the_session_opens_the_links_and_goes_back") {
        return;
    }
    let server = shop_for_apps().await;
    let browser = Browser::open("app").await;
    let app = App::open(&browser, &server, ENDS[3]).await;
    app.begin(None).await;
    let panel = app.panel();
    panel.say("Is my parcel on its way?").await;
    let session = app.hear_of("session").await;
    let secret = session["secret"].as_str().expect("it is a text").to_owned();
    assert_eq!(secret.len(), 43);
    let number = panel.number().await;
    let stored =
        app.ask("return [JSON.stringify(localStorage), location.href, document.cookie].join()").await;
    assert!(!stored.to_string().contains(&secret), "the app alone keeps it: {stored}");

    // A link is the app's to open. What is no link for an app opens nothing.
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with("my parcel").await;
    agent.reply(row.id, "Follow it at https://post.example/track?id=7").await;
    panel.wait_for_message("Follow it at").await;
    let windows = browser.client.windows().await.expect("there are windows").len();
    panel
        .view
        .wait_for(Role::Link, "https://post.example/track?id=7")
        .await
        .click()
        .await
        .expect("it is a link");
    assert_eq!(app.hear_of("openUrl").await, json!({ "url": "https://post.example/track?id=7" }));
    app.ask(
        "said.length = 0;
         const link = document.querySelector('a[href]');
         ['javascript:said.push(1)', 'file:///etc/hosts', 'intent://x', location.origin + '/desk/'].forEach((href) => {
           link.href = href;
           link.click();
         })",
    )
    .await;
    let desk = json!({ "url": format!("{}/desk/", server.origin) });
    assert_eq!(app.hear_of("openUrl").await, desk, "only what an app can open is told");
    let address = app.ask("return location.pathname").await;
    assert_eq!(address, "/chat/shop");
    assert_eq!(browser.client.windows().await.expect("there are windows").len(), windows);

    // Back closes what is open, and then the chat.
    panel.view.press("Copy of the conversation").await;
    panel.view.wait_for(Role::Form, "Copy of the conversation").await;
    assert_eq!(app.say("back", json!({})).await, json!(["ok", { "handled": true }]));
    panel.view.wait_until_gone(Role::Form, "Copy of the conversation").await;
    assert_eq!(app.ask("return said.some((message) => message.type == 'closed')").await, false);
    assert_eq!(app.say("back", json!({})).await, json!(["ok", { "handled": false }]));
    app.hear_of("closed").await;

    // The same chat in another language, which the server's document brings.
    app.say_text(r#"{"v":1,"type":"setLocale","data":{"locale":"fr-CA"}}"#).await;
    wait_until("the document to be French", async || {
        Ok(browser.run("return document.documentElement.lang", vec![]).await? == "fr")
    })
    .await;
    assert_eq!(app.say("session", json!({ "secret": secret })).await, json!(["ok", {}]));
    panel.view.wait_for_text(&format!("n°\u{a0}{number}")).await;
    // It is asked for once, whatever comes of it.
    for locale in ["fr", "fr-CA", "FR"] {
        assert_eq!(app.say("setLocale", json!({ "locale": locale })).await, json!(["ok", {}]));
    }
    assert_eq!(app.say("session", json!({ "secret": secret })).await, json!(["ok", {}]));
    let other = "A".repeat(43);
    assert_eq!(app.say("session", json!({ "secret": other })).await, json!(["error", { "kind": "started" }]));

    // Signed out of the app: nothing of them stays, and whoever comes next begins anew.
    app.say_text(r#"{"v":1,"type":"session","data":{"secret":null}}"#).await;
    app.begin(None).await;
    let text = panel.view.text().await.expect("the page is there");
    assert!(!text.contains(&number.to_string()) && !text.contains("my parcel"), "{text}");
}

/// Stands in for the panel, which hears nothing any more: says something into its port, and notes what the bridge says there,
/// in `carried`.
const PANEL: &str = "window.carried = [];
  window.panel = (message) => causettePanel.then(({ port }) => port.postMessage(message));
  return causettePanel.then(({ port, config }) => {
    port.onmessage = ({ data }) => carried.push(data);
    return config.identity;
  });";

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_asked_for_and_carried_once() {
    if crate::engines::is_left_out("native_bridge::an_identity_is_asked_for_and_carried_once") {
        return;
    }
    let server = shop_for_apps().await;
    let browser = Browser::open("app").await;
    let app = App::open(&browser, &server, ENDS[3]).await;
    app.begin(None).await;
    assert_eq!(app.ask(PANEL).await, false, "the app has named nobody");
    let carried = async |wanted: Value| {
        let said = "return carried.filter(({ type }) => /^identi/.test(type))";
        wait_until(&format!("the panel to be told {wanted}"), async || {
            Ok(browser.run(said, vec![]).await? == wanted)
        })
        .await;
        app.ask("said.length = carried.length = 0").await;
    };
    // The panel asks, and so the app is asked.
    app.ask("panel({ type: 'needIdentity' })").await;
    assert_eq!(app.hear_of("needIdentity").await, json!({}));
    assert_eq!(app.say("identify", json!({ "token": "e30.e30.one" })).await, json!(["ok", {}]));
    carried(json!([{ "type": "identity", "token": "e30.e30.one" }])).await;
    // Somebody else signs in: the panel hears of it, asks, and gets what the app has given.
    assert_eq!(app.say("identify", json!({ "token": "e30.e30.two" })).await, json!(["ok", {}]));
    carried(json!([{ "type": "identify" }])).await;
    app.ask("panel({ type: 'needIdentity' })").await;
    carried(json!([{ "type": "identity", "token": "e30.e30.two" }])).await;
    // It has grown old: a token is not handed over twice. And nobody is an answer too.
    app.ask("panel({ type: 'needIdentity' })").await;
    app.hear_of("needIdentity").await;
    assert_eq!(app.say("identify", json!({ "token": null })).await, json!(["ok", {}]));
    carried(json!([{ "type": "identity", "token": null }])).await;

    // What the panel says beside that.
    app.ask("panel({ type: 'event', name: 'error', data: { kind: 'rate_limited' } })").await;
    assert_eq!(app.hear_of("error").await, json!({ "kind": "rate_limited" }));
    app.ask("said.length = 0; panel({ type: 'minimise' })").await;
    app.hear_of("closed").await;

    // One that is named before the start is told of at once; the app hears of a chat that cannot be loaded.
    browser.devtools("Network.enable", json!({})).await;
    browser.devtools("Network.setBlockedURLs", json!({ "urls": ["*.wasm"] })).await;
    browser.goto(&format!("{}/chat/shop?locale=fr", server.origin)).await;
    app.hear_of("needSession").await;
    assert_eq!(app.say("identify", json!({ "token": "e30.e30.three" })).await, json!(["ok", {}]));
    assert_eq!(app.say("session", json!({ "secret": null })).await, json!(["ok", {}]));
    assert_eq!(app.ask(PANEL).await, true);
    assert_eq!(app.hear_of("error").await, json!({ "kind": "failed" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_composer_stays_above_a_keyboard_and_inside_what_is_safe() {
    if crate::engines::is_left_out(
        "native_bridge::the_composer_stays_above_a_keyboard_and_inside_what_is_safe",
    ) {
        return;
    }
    let server = shop_for_apps().await;
    let browser = Browser::open("app").await;
    let app = App::open(&browser, &server, ENDS[0]).await;
    app.begin(None).await;
    let edges = async || {
        let script = "const box = (selector) => document.querySelector(selector).getBoundingClientRect();
             const composer = box('textarea'), head = box('header');
             return [head.top, composer.left, innerWidth - composer.right, innerHeight - composer.bottom]";
        let edges = app.ask(script).await;
        edges.as_array().into_iter().flatten().filter_map(Value::as_f64).collect::<Vec<_>>()
    };
    let free = edges().await;
    let insets = json!({ "top": 47, "right": 20, "bottom": 34, "left": 10 });
    assert_eq!(app.say("safeArea", insets).await, json!(["ok", {}]));
    // Without motion a change still takes a millisecond, and the frame after it.
    let top_and_bottom = async |top: f64, bottom: f64| {
        wait_until(&format!("the edges {top} and {bottom} further in than {free:?}"), async || {
            let now = edges().await;
            Ok(now[0] - free[0] == top && now[3] - free[3] == bottom)
        })
        .await;
    };
    top_and_bottom(47.0, 34.0).await;
    assert_eq!(app.say("keyboard", json!({ "height": 260 })).await, json!(["ok", {}]));
    // Below the keyboard nothing has to be kept clear.
    top_and_bottom(47.0, 260.0).await;
    assert_eq!(app.say("keyboard", json!({ "height": 0 })).await, json!(["ok", {}]));
    top_and_bottom(47.0, 34.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_answered_and_changes_nothing() {
    if crate::engines::is_left_out("native_bridge::what_is_not_understood_is_answered_and_changes_nothing") {
        return;
    }
    let server = shop_for_apps().await;
    let browser = Browser::open("app").await;
    let app = App::open(&browser, &server, ENDS[2]).await;
    app.begin(None).await;
    let looks = "const root = document.documentElement;
         const set = ['--height', '--safe-top', '--safe-bottom'].map((name) => root.style.getPropertyValue(name));
         return [root.dataset.theme, ...set, location.search, document.querySelectorAll('#app *').length]";
    let before = app.ask(looks).await;
    for (message, kind) in [
        (json!({ "v": 2, "id": 1, "type": "setTheme", "data": { "theme": "dark" } }), "version"),
        (json!({ "id": 1, "type": "setTheme", "data": { "theme": "dark" } }), "version"),
        (json!({ "v": "1", "id": 1, "type": "setTheme", "data": { "theme": "dark" } }), "version"),
        (json!({ "v": 1, "id": 1, "type": "launch" }), "type"),
        (json!({ "v": 1, "id": 1, "type": "constructor" }), "type"),
        (json!({ "v": 1, "id": 1, "type": "__proto__" }), "type"),
        (json!({ "v": 1, "id": 1, "type": ["setTheme"], "data": { "theme": "dark" } }), "type"),
        (json!({ "v": 1, "id": 1, "type": "setTheme", "data": "dark" }), "shape"),
        (json!({ "v": 1, "id": 1, "type": "setTheme", "data": null }), "shape"),
        (json!({ "v": 1, "id": 1, "type": "setTheme", "data": { "theme": ["dark"] } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "setTheme", "data": { "theme": "blue" } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "setLocale", "data": { "locale": "../fr" } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "identify", "data": { "token": 7 } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "identify" }), "data"),
        (json!({ "v": 1, "id": 1, "type": "keyboard", "data": { "height": -1 } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "keyboard", "data": { "height": "9px;color:red" } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "safeArea", "data": { "top": 1, "left": 1, "right": 1 } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "session", "data": { "secret": "short" } }), "data"),
        (json!({ "v": 1, "id": 1, "type": "session" }), "data"),
    ] {
        app.say_text(&message.to_string()).await;
        let answer = app.hear(|said| said["id"] == 1).await;
        assert_eq!(
            answer,
            json!({ "v": 1, "id": 1, "type": "error", "data": { "kind": kind } }),
            "{message}"
        );
        app.ask("said.length = 0").await;
    }
    // Without a name that can be repeated, the answer has none.
    for id in [json!({}), json!(1.5), json!("i".repeat(65)), json!(null)] {
        app.say_text(
            &json!({ "v": 1, "id": id, "type": "setTheme", "data": { "theme": "dark" } }).to_string(),
        )
        .await;
        assert_eq!(app.hear_of("error").await, json!({ "kind": "shape" }), "{id}");
        app.ask("said.length = 0").await;
    }
    // An app that calls the function with what is no message is told; an event that is none was for somebody else.
    for call in
        ["causetteApp('{')", "causetteApp()", "causetteApp([])", "causetteApp(' '.repeat(65537) + '{}')"]
    {
        app.ask(call).await;
        assert_eq!(app.hear_of("error").await, json!({ "kind": "shape" }), "{call}");
        app.ask("said.length = 0").await;
    }
    // What comes from another document is marked by the browser: here from the page to itself, and from a frame in it.
    app.ask(
        "const text = JSON.stringify({ v: 1, id: 'forged', type: 'setTheme', data: { theme: 'dark' } });
         window.postMessage(text, '*');
         const fake = (more) => new MessageEvent('message', { data: text, ...more });
         const frame = document.body.appendChild(document.createElement('iframe'));
         window.dispatchEvent(fake({ source: frame.contentWindow }));
         frame.remove();
         window.dispatchEvent(new MessageEvent('message', { data: 'not for us' }));
         window.dispatchEvent(new MessageEvent('message', { data: '[1]' }));",
    )
    .await;
    // Behind them in the queue, through the same door.
    assert_eq!(app.say("identify", json!({ "token": null })).await, json!(["ok", {}]));
    assert_eq!(app.ask("return said").await, json!([]));
    assert_eq!(app.ask(looks).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_app_or_where_apps_are_not_allowed_the_page_keeps_its_session_itself() {
    if crate::engines::is_left_out(
        "native_bridge::without_an_app_or_where_apps_are_not_allowed_the_page_keeps_its_session_itself",
    ) {
        return;
    }
    let server = shop_for_apps().await;
    let address = format!("{}/chat/shop?locale=en", server.origin);
    let kept = "return localStorage.getItem('causette.shop.session')";
    {
        let browser = Browser::open("anybody").await;
        browser.goto(&address).await;
        let panel = Panel { view: View::new(&browser, Place::Page) };
        panel.say("Written in a plain browser").await;
        panel.wait_until_sent().await;
        let here = browser.run(kept, vec![]).await.expect("the page is there");
        assert_eq!(here.as_str().map(str::len), Some(43));
        assert_eq!(browser.run("return typeof causetteApp", vec![]).await.expect("it runs"), "undefined");
    }
    // Another's app, which shows the address and knows nothing of us: it does not answer.
    let browser = Browser::open("app").await;
    let app = App::open(&browser, &server, ENDS[2]).await;
    app.hear_of("needSession").await;
    let panel = app.panel();
    panel.say("Written in a foreign app").await;
    panel.wait_until_sent().await;
    assert_eq!(app.ask(kept).await.as_str().map(str::len), Some(43));
    assert_eq!(app.say("setTheme", json!({ "theme": "dark" })).await, json!(["error", { "kind": "late" }]));
    assert_eq!(app.say("back", json!({})).await, json!(["ok", { "handled": false }]));
    app.hear_of("closed").await;
    // Ours, but late: the document begins anew, and waits for what the app has kept.
    let secret = "B".repeat(43);
    app.ask("window.old = true").await;
    app.say_text(&json!({ "v": 1, "type": "session", "data": { "secret": secret } }).to_string()).await;
    let fresh = "return !window.old && said.some((message) => message.type == 'needSession')";
    wait_until("a new document", async || Ok(browser.run(fresh, vec![]).await? == true)).await;
    assert_eq!(app.ask("return sessionStorage.getItem('causette.shop.app')").await, "1", "it waits longer");
    app.begin(Some(&secret)).await;
    assert!(!panel.view.text().await.expect("the page is there").contains("foreign app"));

    server.allow_apps("shop", false).await;
    // That document may be kept for a minute; this is another.
    browser.goto(&format!("{}/chat/shop", server.origin)).await;
    panel.view.wait_for(Role::Field, "Message").await;
    assert_eq!(app.ask("return [said, typeof causetteApp]").await, json!([[], "undefined"]));
    wait_until_at_most(Duration::from_secs(20), "the old session", async || {
        Ok(panel.view.text().await?.contains("foreign app"))
    })
    .await;
}
