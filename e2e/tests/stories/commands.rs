//! The loader's commands and events (DESIGN 5, "Commands").

use causette_e2e::harness::{AgentSocket, Browser, HostSite, Policy, Server};
use causette_e2e::pages::HostPage;
use serde_json::{Value, json};

async fn visit<'a>(browser: &'a Browser, site: &HostSite, server: &Server, sources: Value) -> HostPage<'a> {
    let page = HostPage::visit(browser, site, "bare").await;
    assert!(page.add_snippet(&format!("{}/embed/shop.js", server.origin), sources).await, "the loader comes");
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_handlers_the_document_and_the_data_layer() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    // Before the loader has come; the stub answers nothing.
    page.act(
        "window.causette = function () { (causette.q = causette.q || []).push(arguments); };
         window.heard = [];
         window.hdOnWidgetStateChange = (state) => heard.push('hd ' + state);
         window.early = causette('on', 'ready', () => heard.push('ready'));
         causette('on', 'opened', () => { throw new Error('the page has a fault of its own') });
         causette('once', 'opened', () => heard.push('once'));
         causette('on', 'opened', function twice() { heard.push('off'); causette('off', 'opened', twice) });
         document.addEventListener('causette:opened', (event) => heard.push('dom ' + event.detail));
         document.addEventListener('causette:unread:changed', (event) => heard.push('unread ' + event.detail.count));",
    )
    .await;
    assert!(
        page.add_snippet(
            &format!("{}/embed/shop.js", server.origin),
            json!({ "boot": { "dataLayer": true } })
        )
        .await
    );
    assert_eq!(
        page.ask("[window.heard, window.early || null]").await,
        json!([["hd welcome", "ready"], null])
    );
    page.act(
        "window.heard = [];
         window.stop = causette('on', 'closed', () => heard.push('closed'));
         causette('open'); causette('open'); causette('close'); stop(); stop();
         causette('toggle'); causette('toggle');
         causette('off', 'closed', () => {}); causette('off', 'nothing');",
    )
    .await;
    assert_eq!(
        page.ask("window.heard").await,
        json!([
            "once",
            "off",
            "dom null",
            "hd opened",
            "closed",
            "hd closed",
            "dom null",
            "hd opened",
            "hd closed"
        ])
    );
    assert_eq!(
        page.ask("['state', 'unread', 'session', 'nothing'].map((key) => causette('get', key))").await,
        json!(["close", 0, false, null])
    );

    let panel = page.shop().open_chat().await;
    panel.say("My card is 1234").await;
    panel.wait_until_sent().await;
    page.wait_for("causette('get', 'session')", true).await;
    page.shop().close_chat().await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with("My card is 1234").await;
    agent.reply(row.id, "Keep it to yourself").await;
    page.wait_for("causette('get', 'unread')", 1).await;
    assert_eq!(page.ask("heard.filter((one) => one.startsWith('unread'))").await, json!(["unread 1"]));
    // The names of events, and nothing of what was said.
    let layer = page.ask("JSON.stringify(window.dataLayer)").await;
    let layer = layer.as_str().unwrap_or_default();
    for name in
        ["ready", "opened", "message:sent", "conversation:started", "message:received", "unread:changed"]
    {
        assert!(layer.contains(&format!("\"event\":\"causette:{name}\"")), "{name}: {layer}");
    }
    assert!(!layer.contains("1234") && !layer.contains("yourself"), "{layer}");
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_was_taken_away_leaves_nothing_until_it_is_booted_again() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = visit(&visitor, &site, &server, json!({ "boot": { "launcher": ".help" } })).await;
    page.act(
        "document.querySelector('main').innerHTML = '<button class=help>Help</button>'; causette('open')",
    )
    .await;
    let panel = page.shop().panel();
    panel.say("Remember me").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;
    page.act("causette('close')").await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with("Remember me").await;
    agent.reply(row.id, "I do").await;
    visitor.wait_for_title("that one is unread", |title| title.starts_with("(1) ")).await;

    // Whatever is asked of it now, nothing happens: no node, no mark, no event, no cookie touched.
    page.act(
        "window.told = 0; causette('on', 'state:changed', () => { window.told++ }); causette('destroy')",
    )
    .await;
    assert_eq!(page.ask("[chat, document.title]").await, json!([null, "Page without the chat"]));
    let cookie = page.ask("document.cookie").await;
    page.act(
        "document.querySelector('.help').click();
         ['open', 'toggle', 'close', 'show', 'hide', 'newConversation', 'destroy'].forEach((name) => causette(name));
         causette('update', { state: 'chat', color: 'red' }); causette('setConsent', 0); causette('setLocale', 'fr');
         causette('identify', 'x'); causette('prefill', { name: 'x' }); causette('setLocale', 'en');
         dispatchEvent(new Event('resize')); visualViewport.dispatchEvent(new Event('resize'));
         document.body.append(document.createElement('p'));",
    )
    .await;
    assert_eq!(page.ask("new Promise((resolve) => setTimeout(resolve)).then(() => [document.querySelectorAll('causette-chat').length, window.told])").await, json!([0, 0]));
    assert_eq!(page.ask("document.cookie").await, cookie);
    page.assert_unharmed().await;

    // It comes back where it was, and works as before.
    page.act("causette('update', { color: 'rebeccapurple', state: '' }); causette('boot', { launcher: 'default' })").await;
    page.shop().open_chat().await.wait_for_message("I do").await;
    assert_eq!(panel.number().await, number);
    assert_eq!(page.ask("drawn(looks(launcher).backgroundColor)").await, "rgb(102, 51, 153)");
    panel.say("Once more").await;
    panel.wait_until_sent().await;
    page.shop().close_chat().await;
    agent.reply(row.id, "And again").await;
    visitor.wait_for_title("that one is unread", |title| title.starts_with("(1) ")).await;
    // In the middle of opening, too.
    page.act("causette('destroy'); causette('boot'); launcher").await;
    page.act("causette('open'); causette('destroy'); causette('boot', { state: 'chat' })").await;
    panel.wait_for_message("And again").await;

    // The session goes with `shutdown`, and the next person begins anew.
    page.act("causette('shutdown')").await;
    assert_eq!(
        page.ask("[chat, document.cookie, causette('get', 'session')]").await,
        json!([null, "", false])
    );
    page.act("causette('boot', { state: 'chat' })").await;
    panel.view.wait_for_text("How can we help?").await;
    assert!(!panel.view.text().await.unwrap_or_default().contains("Remember me"));
    page.assert_unharmed().await;
    assert_eq!(visitor.console().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_gives_reaches_the_panel_or_nobody() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    // Nothing of what a page may give by mistake keeps the chat from working.
    let page = visit(&visitor, &site, &server, json!({})).await;
    page.act(
        "causette('boot', { identity: () => 'token', flow: () => 1, clientId: Symbol.iterator, country: null });
         causette('boot', null); causette('boot', 'x'); causette('update'); causette('on'); causette('on', 'opened', 7);
         causette('once', 'opened'); causette(); causette(null); causette({}); causette('__proto__');
         causette('prefill', new Proxy({ name: 'Ada', email: 'ada@example.com', nested: new Proxy({}, {}) }, {}));
         causette('setAttributes', { element: document.body, self: window, work: () => 1 });
         const round = {}; round.round = round; causette('setAttributes', round);
         causette('setConsent', 'all'); causette('setLocale', {}); causette('page', document); causette('off');
         Object.defineProperty(window, 'broken', { get() { throw new Error('no') } });
         causette('prefill', { get name() { throw new Error('no') } });",
    )
    .await;
    // With somebody there the panel asks for an introduction, and not for contacts.
    let _agent = AgentSocket::sign_in(&server.origin).await;
    let panel = page.shop().open_chat().await;
    panel.say("Hello").await;
    panel.wait_for_form().await;
    assert_eq!(panel.view.value_of("Name").await, "Ada");
    // Out of sight and back, without being closed.
    page.act("causette('hide')").await;
    page.wait_for("[shown(launcher), shown(frame), causette('get', 'state')]", json!([false, false, "chat"]))
        .await;
    page.act("causette('show')").await;
    page.wait_for("[shown(launcher), shown(frame)]", json!([true, true])).await;
    page.assert_unharmed().await;
    assert_eq!(visitor.console_errors().await, Vec::<String>::new());
}
