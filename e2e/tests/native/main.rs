//! A site's chat in a real app (DESIGN 5, "Native bridge"): the real binary, a real webview (WebKitGTK), and what the app
//! and the page say to each other. The app is built by `cargo xtask test --only native`.

use causette_e2e::harness::{AgentSocket, NativeApp, Screen, Server};
use causette_shared::entry::{Body, Event};
use causette_shared::protocol::agent::ServerFrame;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A server whose site "shop" allows apps, and a phone.
struct Stage {
    server: Server,
    screen: Screen,
    phone: TempDir,
}

impl Stage {
    async fn set() -> Self {
        let server = Server::start().await;
        server.add_site("shop", &["https://shop.example"]).await;
        server.allow_apps("shop", true).await;
        let phone = tempfile::tempdir().expect("a temporary directory can be made");
        Self { server, screen: Screen::open().await, phone }
    }

    /// Starts the app and waits until the chat can be used.
    async fn launch(&self) -> NativeApp {
        let mut app = self.start().await;
        assert_eq!(app.hear("needSession").await, json!({}));
        assert_eq!(app.hear("ready").await, json!({}));
        app
    }

    async fn start(&self) -> NativeApp {
        let address = format!("{}/chat/shop?locale=en", self.server.origin);
        NativeApp::start(&self.screen, &address, self.phone.path()).await
    }
}

/// Types a message and presses *Send*, through the events that fingers make.
async fn write(app: &mut NativeApp, text: &str) {
    let field = "document.querySelector('textarea')";
    app.wait_for(&format!("!!{field}"), true).await;
    let typed = format!("({field}.focus(), document.execCommand('insertText', false, {}))", json!(text));
    assert_eq!(app.ask(&typed).await, true, "it was typed");
    let button = "[...document.querySelectorAll('button')].find((button) => button.ariaLabel == 'Send')";
    app.ask(&format!("void {button}.click()")).await;
    app.wait_for(&format!("{field}.value"), "").await;
}

async fn wait_for_text(app: &mut NativeApp, text: &str) {
    app.wait_for(&format!("document.body.innerText.includes({})", json!(text)), true).await;
}

/// The distances of the composer's text box from the upper and the lower edge of the webview.
async fn composer(app: &mut NativeApp) -> [f64; 2] {
    let script = "(() => { const box = document.querySelector('textarea').getBoundingClientRect();
         return [box.top, innerHeight - box.bottom] })()";
    let found = app.ask(script).await;
    [0, 1].map(|at| found[at].as_f64().unwrap_or(f64::NAN))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_talks_is_told_opens_links_and_comes_back_after_a_relaunch() {
    let stage = Stage::set().await;
    let mut agent = AgentSocket::sign_in(&stage.server.origin).await;
    let mut app = stage.launch().await;
    assert!(!app.has_said("session"), "nothing begins before the first message");
    write(&mut app, "Is my parcel on its way?").await;
    let session = app.hear("session").await;
    assert_eq!(session["secret"].as_str().map(str::len), Some(43));
    wait_for_text(&mut app, "Conversation #").await;
    let number = app.ask("document.body.innerText.match(/Conversation #(\\d+)/)[1]").await;

    let row = agent.follow_conversation_with("my parcel").await;
    agent.reply(row.id, "Follow it at https://post.example/track").await;
    wait_for_text(&mut app, "Follow it at").await;
    let link = "document.querySelector('a[href=\"https://post.example/track\"]')";
    app.ask(&format!("{link}.click()")).await;
    assert_eq!(app.hear("openUrl").await, json!({ "url": "https://post.example/track" }));
    assert_eq!(app.ask("location.pathname").await, "/chat/shop", "the webview stays with the chat");
    assert!(app.said().iter().all(|told| told["kept"].is_null()), "the page did not even try to leave");
    // And if it had, the app would have kept it.
    app.ask("void (location.href = 'https://elsewhere.example/')").await;
    assert_eq!(app.keep_from().await, "https://elsewhere.example/");

    app.show(false).await;
    app.wait_for("document.visibilityState", "hidden").await;
    assert!(!app.has_said("unread"), "all was read");
    agent.reply(row.id, "It has just left our shop.").await;
    assert_eq!(app.hear("unread").await, json!({ "count": 1 }));
    app.show(true).await;
    assert_eq!(app.hear("unread").await, json!({ "count": 0 }));

    app.quit().await;
    let mut app = stage.launch().await;
    wait_for_text(&mut app, "It has just left our shop.").await;
    let again = app.ask("document.body.innerText.match(/Conversation #(\\d+)/)[1]").await;
    assert_eq!(again, number, "it is the same conversation");
    assert!(!app.has_said("session"), "it is the same session");

    // Signed out: the app is told to forget, and nothing of the person is left.
    assert_eq!(app.say("session", json!({ "secret": null })).await, ("ok".to_owned(), json!({})));
    assert_eq!(app.hear("session").await, json!({ "secret": null }));
    app.hear("needSession").await;
    app.hear("ready").await;
    let text = app.ask("document.body.innerText").await;
    assert!(!text.to_string().contains("parcel"), "{text}");
    app.quit().await;
    let mut app = stage.launch().await;
    assert_eq!(app.ask("document.body.innerText.includes('Conversation #')").await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_composer_stays_above_the_keyboard_and_back_leads_out() {
    let stage = Stage::set().await;
    let mut app = stage.launch().await;
    write(&mut app, "One thing to copy").await;
    wait_for_text(&mut app, "Conversation #").await;
    let [_, below] = composer(&mut app).await;
    // An app that makes room for the keyboard makes its webview smaller.
    app.resize(390, 480).await;
    app.wait_for("innerHeight", 480).await;
    app.wait_for("document.body.getBoundingClientRect().height", 480).await;
    let [top, bottom] = composer(&mut app).await;
    assert!(top > 0.0 && (bottom - below).abs() <= 1.0, "{top} {bottom} {below}");
    app.resize(390, 844).await;
    app.wait_for("innerHeight", 844).await;
    // One that does not says how much is covered.
    assert_eq!(app.say("keyboard", json!({ "height": 320 })).await.0, "ok");
    app.wait_for("document.body.getBoundingClientRect().height", 844 - 320).await;
    let [top, bottom] = composer(&mut app).await;
    assert!(top > 0.0 && (bottom - below - 320.0).abs() <= 1.0, "{top} {bottom} {below}");
    assert_eq!(app.say("keyboard", json!({ "height": 0 })).await.0, "ok");

    let form = "!!document.querySelector('form[aria-label=\"Copy of the conversation\"]')";
    app.ask("document.querySelector('#header-copy').click()").await;
    app.wait_for(form, true).await;
    assert_eq!(app.say("back", json!({})).await, ("ok".to_owned(), json!({ "handled": true })));
    app.wait_for(form, false).await;
    assert!(!app.has_said("closed"));
    assert_eq!(app.say("back", json!({})).await, ("ok".to_owned(), json!({ "handled": false })));
    assert_eq!(app.hear("closed").await, json!({}));

    for (kind, data, answer) in [
        ("identify", json!({ "token": "e30.e30.c2ln" }), json!(["ok", {}])),
        ("setTheme", json!({ "theme": "dark" }), json!(["ok", {}])),
        ("safeArea", json!({ "top": 40, "right": 0, "bottom": 30, "left": 0 }), json!(["ok", {}])),
        ("launch", json!({}), json!(["error", { "kind": "type" }])),
    ] {
        let (told, data) = app.say(kind, data).await;
        assert_eq!(json!([told, data]), answer, "{kind}");
    }
    app.wait_for("document.documentElement.dataset.theme", "dark").await;
    app.wait_for("document.querySelector('header').getBoundingClientRect().top", 40).await;
}

/// What the app's own server does, in the page for want of one: makes a token with the site's secret, in `signed`.
const SIGN: &str = "void (async () => {
    const part = (bytes) =>
      btoa(String.fromCharCode(...bytes)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
    const bytes = (text) => new TextEncoder().encode(text);
    const claims = { sub: 'ada-42', name: 'Ada', aud: 'shop', exp: Math.floor(Date.now() / 1000) + 300 };
    const signed = [{ alg: 'HS256' }, claims].map((value) => part(bytes(JSON.stringify(value)))).join('.');
    const kind = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', bytes('SECRET'), kind, false, ['sign']);
    const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes(signed)));
    window.signed = signed + '.' + part(signature);
  })()";

#[tokio::test(flavor = "multi_thread")]
async fn an_app_proves_who_its_person_is() {
    let stage = Stage::set().await;
    let secret = stage.server.identity_secret("shop").await;
    let mut agent = AgentSocket::sign_in(&stage.server.origin).await;
    let mut app = stage.launch().await;
    // One that is not to be believed: the app is asked once more, and told; the chat goes on.
    assert_eq!(app.say("identify", json!({ "token": "e30.e30.c2ln" })).await.0, "ok");
    assert_eq!(app.hear("needIdentity").await, json!({}));
    assert_eq!(app.say("identify", json!({ "token": "e30.e30.c2ln" })).await.0, "ok");
    assert_eq!(app.hear("error").await, json!({ "kind": "identity" }));

    app.ask(&SIGN.replace("SECRET", &secret)).await;
    app.wait_for("typeof window.signed", "string").await;
    let token = app.ask("window.signed").await;
    assert_eq!(app.say("identify", json!({ "token": token })).await.0, "ok");
    write(&mut app, "Where is my order?").await;
    wait_for_text(&mut app, "Conversation #").await;
    let row = agent.follow_conversation_with("my order").await;
    agent
        .wait_for("that it is proven who wrote", |frame| match frame {
            ServerFrame::Entries { conversation, entries } if conversation == row.id => {
                entries.iter().any(|entry| entry.body == Body::Event(Event::Identified)).then_some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_permission_the_page_does_not_know_of_the_app() {
    let stage = Stage::set().await;
    stage.server.allow_apps("shop", false).await;
    let mut app = stage.start().await;
    app.wait_for("!!document.querySelector('textarea')", true).await;
    assert_eq!(app.ask("typeof causetteApp").await, "undefined");
    write(&mut app, "Just a page").await;
    wait_for_text(&mut app, "Conversation #").await;
    let heard: Vec<Value> = app.said().into_iter().filter(|told| !told["heard"].is_null()).collect();
    assert_eq!(heard, Vec::<Value>::new());
    let kept = app.ask("(localStorage.getItem('causette.shop.session') || '').length").await;
    assert_eq!(kept, 43, "the page keeps its session itself");
}
