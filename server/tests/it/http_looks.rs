//! How a chat looks, set at the desk; and the page that shows it there.

use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::Looks;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::builders::site;
use crate::harness::database::on_both_databases;
use crate::harness::{Database, TestServer};
use crate::http_install::{Desk, get, problem};

on_both_databases!(looks_are_set_and_every_page_gets_them, only_an_admin_sets_looks);

fn looks() -> Value {
    json!({
        "color": "rgb(1 2 3)", "theme": "dark", "position": "bottom-left", "offset_x": 8, "offset_y": 0,
        "state": "close", "minimizable": false, "consent": 1,
        "greeting": { "en": " Hi! ", "fr": "" },
        "flows": { " sales ": { "en": "Buying? ", "fr": "" } }, "greeting_delay_s": 3, "close_delay_s": 0,
    })
}

async fn looks_are_set_and_every_page_gets_them(database: Database) {
    let server = TestServer::on(database).await;
    let mut shop = site("shop");
    shop.settings.mail_locale = "fr".to_owned();
    server.add_site(shop).await;
    let desk = Desk::open(&server, Role::Admin).await;
    let held: Value = desk.ask(Method::GET, "sites/shop/looks").await.json().await.expect("it is an answer");
    assert_eq!(
        (&held["color"], &held["greeting"]["en"]),
        (&json!("#4338ca"), &json!("Hello! Any questions?"))
    );

    let mut wanted = looks();
    let set: Value = desk.put("sites/shop/looks", &wanted).await.json().await.expect("it is an answer");
    wanted["color"] = json!("#010203");
    wanted["greeting"] = json!({ "en": "Hi!" });
    wanted["flows"] = json!({ "sales": { "en": "Buying?" } });
    assert_eq!(set, wanted);
    let loader = get(&server.url("/embed/shop.js"), &[]).await.text().await.expect("it is text");
    for part in [
        "\"color\":\"#010203\"",
        "\"theme\":\"dark\"",
        "\"position\":\"bottom-left\"",
        "\"offsetX\":8",
        "\"state\":\"close\"",
        "\"minimizable\":false",
        "\"consent\":1",
        "\"greeting\":{\"#sales\":{\"en\":\"Buying?\"},\"en\":\"Hi!\"}",
        "\"greetingDelay\":3",
        "\"closeDelay\":0",
    ] {
        assert!(loader.contains(part), "{part} is missing");
    }
    let key = "shop".parse().expect("a key");
    let mut tx = server.app.store.begin_read().await.expect("it reads");
    let stored = causette_server::store::site::find_site(&mut tx, &key).await.expect("it reads");
    assert_eq!(stored.expect("it is there").settings.mail_locale, "fr", "nothing else was touched");
    drop(tx);

    for (field, value) in [
        ("color", json!("red;position:static")),
        ("theme", json!("blue")),
        ("position", json!("inline")),
        ("state", json!("")),
        ("offset_y", json!(5000)),
        ("consent", json!(9)),
        ("greeting", json!({ "fr": "Bonjour" })),
        ("flows", json!({ "sales": { "fr": "Bonjour" } })),
        ("flows", json!({ " ": { "en": "Hi" } })),
        ("flows", json!({ "null": { "en": "Hi" } })),
        ("flows", json!({ "sales": { "en": "Hi" }, "sales ": { "en": "Hello" } })),
        ("flows", json!({ "f".repeat(41): { "en": "Hi" } })),
        ("flows", (0..13).map(|n| (n.to_string(), json!({ "en": "Hi" }))).collect()),
    ] {
        let mut bad = looks();
        bad[field] = value;
        let refused = desk.put("sites/shop/looks", &bad).await;
        let status = refused.status().as_u16();
        let told: Value = refused.json().await.expect("a problem is JSON");
        assert_eq!((status, &told["kind"], &told["field"]), (422, &json!("invalid"), &json!(field)));
        assert!(told["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{told}");
    }
    let mut bad = looks();
    bad["mail_locale"] = json!("en");
    assert_eq!(problem(desk.put("sites/shop/looks", &bad).await).await, (400, "malformed".to_owned()));
    let refused = desk.put("sites/nobody/looks", &looks()).await;
    assert_eq!(problem(refused).await, (404, "unknown_site".to_owned()));
    let now: Looks = desk.ask(Method::GET, "sites/shop/looks").await.json().await.expect("it is an answer");
    assert_eq!(now.color, "#010203", "what was refused has changed nothing");
}

async fn only_an_admin_sets_looks(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let desk = Desk::open(&server, Role::Agent).await;
    let refused = desk.put("sites/shop/looks", &looks()).await;
    assert_eq!(problem(refused).await, (403, "forbidden".to_owned()));
    let now: Looks = desk.ask(Method::GET, "sites/shop/looks").await.json().await.expect("it is an answer");
    assert_eq!(now.color, "#4338ca");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_preview_is_for_agents_and_frames_a_site_that_lists_nobody() {
    let server = TestServer::start().await;
    let mut closed = site("closed");
    closed.origins.clear();
    server.add_site(closed).await;
    let desk = Desk::open(&server, Role::Agent).await;
    let path = server.url("/desk/preview/closed");
    let page = get(&path, &[("cookie", &desk.cookie)]).await;
    assert_eq!(page.status(), 200);
    let header = |name: &str| page.headers()[name].to_str().expect("it is ASCII").to_owned();
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer", "a look at the preview is no sighting");
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; frame-src 'self'; style-src 'sha256-")
    );
    assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
    let text = page.text().await.expect("it is text");
    let snippet = "<script async src=\"/embed/closed.js\" data-consent=\"0\"";
    assert!(text.contains(snippet) && !text.contains("style="), "{text}");
    assert_eq!(problem(get(&path, &[]).await).await, (401, "not_signed_in".to_owned()));
    let unknown = get(&server.url("/desk/preview/nobody"), &[("cookie", &desk.cookie)]).await;
    assert_eq!(problem(unknown).await, (404, "unknown_site".to_owned()));

    // The browser says who frames; a page of another site cannot.
    let ancestors = async |headers: &[(&str, &str)]| {
        let frame = get(&server.url("/widget/closed"), headers).await;
        let header = |name: &str| frame.headers()[name].to_str().expect("it is ASCII").to_owned();
        let policy = header("content-security-policy");
        let ancestors = policy.rsplit_once("frame-ancestors ").expect("it is said").1;
        (ancestors.to_owned(), header("cache-control"))
    };
    let closed = ("'none'".to_owned(), "public, max-age=60".to_owned());
    assert_eq!(ancestors(&[]).await, closed);
    assert_eq!(ancestors(&[("sec-fetch-site", "cross-site")]).await, closed);
    assert_eq!(ancestors(&[("sec-fetch-site", "same-site")]).await, closed);
    let ours = ("'self'".to_owned(), "no-store".to_owned());
    assert_eq!(ancestors(&[("sec-fetch-site", "same-origin")]).await, ours);
}
