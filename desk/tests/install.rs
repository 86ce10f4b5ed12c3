//! The page "Install" in a real browser. Requests are answered by a stand-in for `fetch`, which notes what was asked.
#![cfg(target_arch = "wasm32")]

use std::time::Duration;

use causette_client::timer::Timer;
use causette_desk::pages::InstallPage;
use causette_desk::router::{Route, Router};
use causette_desk::state::desk::{Desk, Line, Phase};
use causette_shared::id::AgentId;
use causette_shared::protocol::agent::{Agent, ClientFrame, Role};
use leptos::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlElement;

wasm_bindgen_test_configure!(run_in_browser);

/// Markup that would run if anything parsed it.
const MARKUP: &str = "<img src=x onerror=\"window.hit=1\"><b>bold</b>";

/// Takes what the desk says, and says nothing.
struct Mute;

impl Line for Mute {
    fn send(&self, _: &ClientFrame) -> bool {
        true
    }
    fn postpone(&self, _: Duration) {}
    fn start(&self) {}
    fn stop(&self) {}
}

fn looks() -> Value {
    json!({
        "color": "#4338ca", "theme": "auto", "position": "bottom-right", "offset_x": 20, "offset_y": 20,
        "state": "welcome", "minimizable": true, "consent": 0, "greeting": { "en": "Hello" }, "flows": {},
        "greeting_delay_s": 1, "close_delay_s": 15,
    })
}

fn snippet() -> Value {
    let chat = "https://chat.example";
    json!({
        "html": "<script async src=\"https://chat.example/embed/shop.js\"></script>",
        "csp": { "script_src": chat, "frame_src": chat }, "gtm_url": "https://chat.example/embed/shop/gtm.tpl",
    })
}

fn blocked() -> Value {
    json!({ "origins": [{
        "origin": "https://www.shop.example", "is_listed": false, "state": "blocked", "page": MARKUP,
        "first_at": 1, "last_at": 1, "last": "loader",
        "advice": { "kind": "not_listed", "sentence": MARKUP, "cure": "Allow it.", "line": null },
    }] })
}

/// The page as somebody of a role sees it. What they ask beyond it is answered by `more`. Dropping it unmounts it.
struct Stage {
    root: HtmlElement,
    mounted: Option<Box<dyn std::any::Any>>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.mounted.take());
        self.root.remove();
    }
}

impl Stage {
    async fn open(role: Role, more: &[(&str, u16, Value)]) -> Self {
        let sites = json!({ "sites": [{ "key": "shop", "name": MARKUP, "origins": ["https://shop.example"], "allow_apps": false }] });
        let row = |verb: &str, status: u16, body: &Value| {
            let (method, path) = verb.split_once(' ').expect("a method and a path");
            let of = [method, " /api/v1/desk/sites", path].concat();
            json!([of, status, body])
        };
        let mut rows: Vec<_> = more.iter().map(|(verb, status, body)| row(verb, *status, body)).collect();
        rows.extend([
            row("GET ", 200, &sites),
            row("GET /shop/looks", 200, &looks()),
            row("GET /shop/snippet", 200, &snippet()),
            row("GET /shop/seen", 200, &blocked()),
        ]);
        let script = format!(
            "window.asked = []; window.answers = {}; window.fetch = async (path, init) => {{ \
             const of = `${{init.method}} ${{path}}`; window.asked.push(of + ' ' + (init.body ?? '')); \
             const found = window.answers.find((row) => row[0] === of) ?? [of, 404, {{ kind: 'not_found', detail: '-' }}]; \
             return new Response(JSON.stringify(found[2]), {{ status: found[1] }}); }};",
            Value::from(rows)
        );
        js_sys::eval(&script).expect("it is JavaScript");
        let root: HtmlElement = document().create_element("div").expect("a div can be made").unchecked_into();
        document().body().expect("the page has a body").append_child(&root).expect("a div can be added");
        let mounted = mount_to(root.clone(), move || {
            let desk = Desk::new();
            desk.set_line(std::rc::Rc::new(Mute));
            let (name, email) = ("Alice".to_owned(), "alice@demo.example".to_owned());
            desk.me.set(Some(Agent { id: AgentId(Uuid::from_u128(1)), name, email, role }));
            desk.phase.set(Phase::SignedIn);
            let router = Router::install();
            router.go(Route::Install);
            view! { <InstallPage desk router/> }
        });
        settle().await;
        settle().await;
        Self { root, mounted: Some(Box::new(mounted)) }
    }

    fn find<T: JsCast>(&self, css: &str) -> Option<T> {
        self.root.query_selector(css).expect("a good selector").map(JsCast::unchecked_into)
    }

    fn snippet(&self) -> String {
        let field: web_sys::HtmlTextAreaElement =
            self.find("[aria-label=Snippet]").expect("there is a snippet");
        field.value()
    }

    async fn press(&self, css: &str) {
        self.find::<HtmlElement>(css).unwrap_or_else(|| panic!("no {css}")).click();
        settle().await;
    }

    /// The value of a field that is an `input` or a `textarea`.
    fn value(&self, css: &str) -> String {
        let field: HtmlElement = self.find(css).unwrap_or_else(|| panic!("no {css}"));
        let value = js_sys::Reflect::get(&field, &"value".into()).expect("it reads");
        value.as_string().expect("it is a text")
    }

    async fn write(&self, css: &str, text: &str) {
        let field: HtmlElement = self.find(css).unwrap_or_else(|| panic!("no {css}"));
        js_sys::Reflect::set(&field, &"value".into(), &text.into()).expect("it is a field");
        field
            .dispatch_event(&web_sys::Event::new("input").expect("it can be made"))
            .expect("it is dispatched");
        settle().await;
    }

    async fn choose_way(&self, name: &str) {
        let ways = self.root.query_selector_all(".snippet .segments__option").expect("a good selector");
        let mut ways = (0..ways.length()).filter_map(|place| ways.item(place));
        let way = ways.find(|way| way.text_content().as_deref() == Some(name)).expect("there is such a way");
        way.unchecked_into::<HtmlElement>().click();
        settle().await;
    }

    fn says(&self, text: &str) -> bool {
        self.root.text_content().is_some_and(|said| said.contains(text))
    }
}

/// From now on this is answered otherwise.
fn answer(verb: &str, status: u16, body: &Value) {
    let script = format!("window.answers.unshift({})", json!([verb, status, body]));
    js_sys::eval(&script).expect("it is JavaScript");
}

/// What was asked with a body.
fn asked(verb: &str) -> Vec<String> {
    let asked = js_sys::Reflect::get(&window(), &"asked".into()).expect("it was set");
    let all = js_sys::Array::from(&asked);
    all.iter().filter_map(|one| one.as_string()).filter(|one| one.starts_with(verb)).collect()
}

/// Lets effects and answers come, and the browser draw.
async fn settle() {
    let wait = js_sys::Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || resolve.call0(&wasm_bindgen::JsValue::NULL));
        let timer = Timer::after(Duration::from_millis(60), move || {
            let _ = done.unchecked_ref::<js_sys::Function>().call0(&wasm_bindgen::JsValue::NULL);
        });
        std::mem::forget(timer);
    });
    JsFuture::from(wait).await.expect("the wait is never refused");
}

#[wasm_bindgen_test]
async fn looks_that_are_saved_leave_the_snippet() {
    let mut saved = looks();
    saved["color"] = json!("#b4232c");
    let stage = Stage::open(Role::Admin, &[("PUT /shop/looks", 200, saved)]).await;
    let plain = "<script async src=\"https://chat.example/embed/shop.js\"></script>";
    assert_eq!(stage.snippet(), plain);
    stage.press("[aria-label=Red]").await;
    assert_eq!(stage.snippet(), plain.replacen("></", " data-color=\"#b4232c\"></", 1));
    assert!(stage.says("It carries the looks that are not saved"));
    stage.press("form[aria-label=Looks] button[type=submit]").await;
    assert_eq!(stage.snippet(), plain);
    let put = asked("PUT /api/v1/desk/sites/shop/looks");
    assert!(put.len() == 1 && put[0].contains("\"color\":\"#b4232c\""), "{put:?}");
    assert!(stage.says("Saved."));
}

#[wasm_bindgen_test]
async fn a_refusal_stands_at_its_field() {
    let refused = json!({ "kind": "invalid", "detail": "the colour must be one", "field": "color" });
    let stage = Stage::open(Role::Admin, &[("PUT /shop/looks", 422, refused)]).await;
    stage.press("[aria-label=Red]").await;
    stage.press("form[aria-label=Looks] button[type=submit]").await;
    let field: HtmlElement = stage.find("input[type=text][aria-label=Colour]").expect("there is a field");
    assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("true"));
    let told = field.get_attribute("aria-describedby").expect("it is described");
    let told: HtmlElement = stage.find(&["#", &told].concat()).expect("its error is there");
    assert_eq!(told.text_content().as_deref(), Some("The colour must be one."));
    assert!(stage.snippet().contains("#b4232c"), "what was chosen stays");
}

#[wasm_bindgen_test]
async fn an_origin_that_is_blocked_is_allowed_beside_the_others() {
    let site = json!({ "key": "shop", "name": "Shop", "origins": [], "allow_apps": false });
    let stage = Stage::open(Role::Admin, &[("PUT /shop/origins", 200, site)]).await;
    assert!(stage.says(MARKUP), "what others wrote is text");
    stage.press(".seen__advice button").await;
    let put = asked("PUT /api/v1/desk/sites/shop/origins");
    assert!(
        put.len() == 1 && put[0].ends_with("[\"https://shop.example\",\"https://www.shop.example\"]}"),
        "{put:?}"
    );
    assert!(stage.says("Allowed."));
    assert!(stage.find::<HtmlElement>("img").is_none());
    assert!(js_sys::Reflect::get(&window(), &"hit".into()).expect("it reads").is_undefined());
}

#[wasm_bindgen_test]
async fn who_is_no_admin_changes_nothing_for_others() {
    let stage = Stage::open(Role::Agent, &[]).await;
    assert!(stage.says("An admin can save these."));
    for css in ["form[aria-label=Looks] button[type=submit]", ".seen__advice button", ".seen__add"] {
        assert!(stage.find::<HtmlElement>(css).is_none(), "{css}");
    }
    stage.press("[aria-label=Red]").await;
    assert!(stage.snippet().contains("data-color"), "the snippet is theirs to paste");
}

#[wasm_bindgen_test]
async fn apps_are_allowed_at_once_and_a_refusal_turns_the_switch_back() {
    let site = |allow_apps| json!({ "key": "shop", "name": "Shop", "origins": [], "allow_apps": allow_apps });
    let stage = Stage::open(Role::Admin, &[("PATCH /shop", 200, site(true))]).await;
    stage.choose_way("App").await;
    let address: web_sys::HtmlTextAreaElement =
        stage.find("[aria-label='Address for apps']").expect("a field");
    assert_eq!(address.value(), "https://chat.example/chat/shop");
    let is_on = || stage.find::<web_sys::HtmlInputElement>("[role=switch]").expect("a switch").checked();
    assert!(!is_on());
    stage.press("[role=switch]").await;
    assert!(is_on());
    assert_eq!(asked("PATCH"), ["PATCH /api/v1/desk/sites/shop {\"allow_apps\":true}"]);
    // What is told of a site stays when the way is left.
    stage.choose_way("HTML").await;
    stage.choose_way("App").await;
    assert!(is_on());

    let refused = json!({ "kind": "unavailable", "detail": "the disk is full" });
    answer("PATCH /api/v1/desk/sites/shop", 503, &refused);
    stage.press("[role=switch]").await;
    assert!(is_on(), "it is as it was");
    assert_eq!(asked("PATCH").len(), 2);
    assert!(stage.says("The disk is full."));
    answer("PATCH /api/v1/desk/sites/shop", 200, &site(false));
    stage.press("[role=switch]").await;
    assert!(!is_on() && !stage.says("The disk is full."));
}

#[wasm_bindgen_test]
async fn whether_apps_are_allowed_is_shown_to_everybody_and_changed_by_admins() {
    let stage = Stage::open(Role::Agent, &[]).await;
    stage.choose_way("App").await;
    stage.press("[role=switch]").await;
    assert!(asked("PATCH").is_empty());
    assert!(stage.says("An admin can change this."));
}

#[wasm_bindgen_test]
async fn flows_are_told_what_they_lack_and_nothing_that_was_typed_is_lost() {
    let mut saved = looks();
    saved["flows"] = json!({ "sales": { "en": "May I help?" } });
    let stage = Stage::open(Role::Admin, &[("PUT /shop/looks", 200, saved)]).await;
    let lacks = async |css: &str, text: &str| {
        stage.press("form[aria-label=Looks] button[type=submit]").await;
        let field: HtmlElement = stage.find(css).unwrap_or_else(|| panic!("no {css}"));
        assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("true"), "{css}");
        let told = field.get_attribute("aria-describedby").expect("it is described");
        let told: HtmlElement = stage.find(&["#", &told].concat()).expect("its error is there");
        assert_eq!(told.text_content().as_deref(), Some(text));
        let focused = document().active_element().map(|element| element.id());
        assert_eq!(focused.map(|id| ["#", &id].concat()).as_deref(), Some(css), "it is gone to");
        assert!(asked("PUT").is_empty());
    };
    stage.press(".flows > summary").await;
    stage.press(".flows__add").await;
    lacks("#flow-0-name", "Please name this flow.").await;
    stage.write("#flow-0-name", " sales ").await;
    lacks("#flow-0-en", "Please write its greeting in English.").await;
    stage.write("#flow-0-en", "May I\nhelp?").await;
    stage.press(".flows__add").await;
    stage.write("#flow-1-name", "sales").await;
    stage.write("#flow-1-en", "Or not?").await;
    // Put away, and found again.
    stage.press("#flow-1- > summary").await;
    stage.press(".flows > summary").await;
    lacks("#flow-1-name", "Another flow has this name.").await;
    assert!(stage.value("#flow-0-name") == " sales " && stage.value("#flow-1-en") == "Or not?");
    stage.press("#flow-1- .flow__remove").await;
    assert_eq!(
        document().active_element().and_then(|element| element.text_content()).as_deref(),
        Some("Flows1")
    );
    assert!(stage.says("Greetings that are not saved are not in it."));
    assert!(!stage.says("It carries the looks"), "the snippet is the site's own");

    stage.press("form[aria-label=Looks] button[type=submit]").await;
    let put = asked("PUT");
    assert!(put.len() == 1 && put[0].contains("\"flows\":{\"sales\":{\"en\":\"May I help?\"}}"), "{put:?}");
    assert_eq!(stage.value("#flow-0-name"), "sales", "as it is stored");
    assert!(!stage.says("not in it"));
    // Now that pages may choose it, there is a line for those that do.
    let flow: web_sys::HtmlSelectElement = stage.find("#snippet-flow").expect("there is a choice");
    flow.set_value("sales");
    flow.dispatch_event(&web_sys::Event::new("change").expect("it can be made")).expect("it is dispatched");
    settle().await;
    let wanted = "<script async src=\"https://chat.example/embed/shop.js\" data-flow=\"sales\"></script>";
    assert_eq!(stage.snippet(), wanted);
}

#[wasm_bindgen_test]
async fn a_refusal_of_the_flows_opens_them_and_a_thirteenth_is_not_offered() {
    let refused = json!({ "kind": "invalid", "detail": "a greeting is one line of text", "field": "flows" });
    let mut full = looks();
    full["flows"] = (0..12).map(|n| (format!("flow {n}"), json!({ "en": MARKUP, "fr": "Oui" }))).collect();
    let stage =
        Stage::open(Role::Admin, &[("GET /shop/looks", 200, full), ("PUT /shop/looks", 422, refused)]).await;
    assert!(stage.find::<HtmlElement>(".flows__add").is_none() && stage.says("A site has at most 12 flows."));
    let is_open = || stage.find::<HtmlElement>(".flows[open]").is_some();
    assert!(!is_open());
    stage.press("[aria-label=Red]").await;
    stage.press("form[aria-label=Looks] button[type=submit]").await;
    assert!(is_open() && stage.says("A greeting is one line of text."));
    stage.press("#flow-11- > summary").await;
    stage.press("#flow-11- .flow__remove").await;
    assert!(stage.find::<HtmlElement>(".flows__add").is_some());
    assert!(!stage.says("A greeting is one line of text."), "it is about what was");
    stage.press("form[aria-label=Looks] .looks__acts button[type=button]").await;
    assert_eq!(stage.value("#flow-11-en"), MARKUP, "discarding brings it back");
    assert!(stage.find::<HtmlElement>("img").is_none());
}
