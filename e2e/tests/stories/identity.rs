//! A page says who its person is (DESIGN 5, "identity", "setAttributes", "page"): proven by its own server it opens their
//! conversation wherever they sign in, and agents see it; merely said it is shown for what it is, and opens nothing.

use causette_e2e::harness::{ALICE, AgentSocket, Browser, HostSite, Policy, Server, wait_until};
use causette_e2e::pages::{Desk, HostPage};
use serde_json::json;

/// What the server of the site does, in the page for want of one: `sign` makes a token with its secret.
const SIGN: &str = "
  const part = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
  const written = (value) => part(new TextEncoder().encode(JSON.stringify(value)));
  window.sign = async (claims, from) => {
    const now = Math.floor(Date.now() / 1000);
    const all = { aud: 'shop', exp: now + 300, ...claims };
    const signed = written({ alg: 'HS256', typ: 'JWT' }) + '.' + written(all);
    const bytes = (text) => new TextEncoder().encode(text);
    const key = await crypto.subtle.importKey('raw', bytes(from || SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return signed + '.' + part(new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes(signed))));
  };
  window.asked = 0;
  window.heard = [];
";

/// Listens before anything can happen, and gives the identity that an expression makes.
async fn visit<'a>(
    browser: &'a Browser,
    site: &HostSite,
    server: &Server,
    secret: &str,
    identity: &str,
) -> HostPage<'a> {
    let page = HostPage::visit(browser, site, "bare").await;
    page.act(&format!(
        "const SECRET = '{secret}'; {SIGN}
         window.causette = function () {{ (causette.q = causette.q || []).push(arguments); }};
         ['identity:changed', 'error', 'conversation:started', 'conversation:resumed'].forEach((name) =>
           causette('on', name, (detail) => heard.push([name, detail])));
         causette('boot', {{ identity: () => (window.asked++, {identity}) }});"
    ))
    .await;
    assert!(
        page.add_snippet(&format!("{}/embed/shop.js", server.origin), json!({})).await,
        "the loader comes"
    );
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_known_to_agents_and_finds_their_conversation_on_another_device() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let secret = server.identity_secret("shop").await;
    let ada = "sign({ sub: 'ada-42', name: 'Ada', email: 'ada@mail.example', email_verified: true })";
    let (first, second) = (Browser::open("visitor").await, Browser::open("other device").await);
    let page = visit(&first, &site, &server, &secret, ada).await;
    assert_eq!(page.ask("asked").await, 0, "nothing is asked for before the chat is opened");
    let panel = page.shop().open_chat().await;
    page.wait_for(
        "heard.filter((one) => one[0] == 'identity:changed')",
        json!([["identity:changed", { "verified": true }]]),
    )
    .await;
    // Known, and still nothing is kept: the visitor has not written.
    assert_eq!(page.ask("[causette('get', 'session'), document.cookie, asked]").await, json!([false, "", 1]));
    panel.say("From my laptop").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;

    let desk_browser = Browser::open("desk").await;
    let desk = Desk::sign_in(&desk_browser, &server, ALICE).await;
    desk.open(number).await;
    desk.wait_for_details("ada-42").await;
    desk.wait_for_details("Verified").await;
    desk.wait_for_details("ada@mail.example").await;
    desk.wait_for_message("The site has confirmed who the visitor is").await;

    // The next page: the same conversation, the token asked for once.
    let page = visit(&first, &site, &server, &secret, ada).await;
    page.shop().panel().wait_for_message("From my laptop").await;
    page.wait_for("heard", json!([["identity:changed", { "verified": true }]])).await;
    assert_eq!(page.ask("asked").await, 1);

    // Another device, which has never been here.
    let other = visit(&second, &site, &server, &secret, ada).await;
    let panel = other.shop().open_chat().await;
    panel.wait_for_message("From my laptop").await;
    assert_eq!(panel.number().await, number);
    other.wait_for(
        "heard",
        json!([["identity:changed", { "verified": true }], ["conversation:resumed", { "number": number }]]),
    )
    .await;
    panel.say("From my phone").await;
    panel.wait_until_sent().await;
    desk.wait_for_message("From my phone").await;
    page.shop().panel().wait_for_message("From my phone").await;

    // Signed out, the device is anybody's: the conversation is gone from it, and stays on the other.
    other.act("window.heard.length = 0; causette('logout')").await;
    other.wait_for("heard", json!([["identity:changed", { "verified": false }]])).await;
    other.wait_for("causette('get', 'session')", false).await;
    let panel = other.shop().panel();
    panel.say("I am somebody else").await;
    panel.wait_until_sent().await;
    assert_ne!(panel.number().await, number);
    // Whoever signs in next in a browser that is somebody's is told to sign out first.
    let eve = visit(&first, &site, &server, &secret, "sign({ sub: 'eve' })").await;
    eve.wait_for("heard", json!([["error", { "kind": "another_person" }]])).await;
    for page in [other, eve] {
        page.assert_unharmed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_renewed_once_and_without_a_good_one_the_chat_goes_on() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let secret = server.identity_secret("shop").await;
    let visitor = Browser::open("visitor").await;
    let renewed = "asked > 1 ? sign({ sub: '42' }) : sign({ sub: '42', exp: 1000 })";
    let page = visit(&visitor, &site, &server, &secret, renewed).await;
    let panel = page.shop().open_chat().await;
    page.wait_for("heard", json!([["identity:changed", { "verified": true }]])).await;
    assert_eq!(page.ask("asked").await, 2, "asked for a fresh one, once");
    panel.say("I am known").await;
    panel.wait_until_sent().await;

    // One that is never good: refused twice, told once, and the visitor is anybody.
    let nobody = Browser::open("nobody").await;
    let page = visit(&nobody, &site, &server, &secret, "sign({ sub: '42' }, 'not the secret')").await;
    let panel = page.shop().open_chat().await;
    page.wait_for("heard", json!([["error", { "kind": "identity" }]])).await;
    panel.say("I am nobody").await;
    panel.wait_until_sent().await;
    page.wait_for("heard.length", 2).await;
    assert_eq!(page.ask("[heard[1][0], asked]").await, json!(["conversation:started", 2]));
    // The page finds its mistake: what it gives then is taken.
    page.act("causette('identify', () => (window.asked++, sign({ sub: '43' })))").await;
    page.wait_for("heard.length", 3).await;
    assert_eq!(page.ask("[heard[2], asked]").await, json!([["identity:changed", { "verified": true }], 3]));
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_see_what_the_page_says_and_the_pages_that_the_visitor_agreed_to_show() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    page.act(
        "window.causette = function () { (causette.q = causette.q || []).push(arguments); };
         window.heard = [];
         causette('on', 'error', ({ kind }) => heard.push(kind));
         causette('boot', { clientId: 'said-7', country: 'FR', flow: 'sales' });
         causette('setAttributes', { plan: 'trial', seats: 3, wrong: { a: 1 }, [Array(50).join('n')]: 'x' });
         causette('setAttributes', { plan: 'pro', beta: true });",
    )
    .await;
    assert!(page.add_snippet(&format!("{}/embed/shop.js", server.origin), json!({})).await);
    let panel = page.shop().open_chat().await;
    page.wait_for("heard", json!(["attributes"])).await;
    panel.say("What do you know of me?").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;
    let desk_browser = Browser::open("desk").await;
    let desk = Desk::sign_in(&desk_browser, &server, ALICE).await;
    desk.open(number).await;
    for text in ["said-7", "Not verified", "FR", "sales", "pro", "seats", "true"] {
        desk.wait_for_details(text).await;
    }
    let details = desk.view.text().await.unwrap_or_default();
    assert!(!details.contains("trial") && !details.contains("wrong"), "{details}");
    assert!(!details.contains("Pages visited"), "without consent no page is told: {details}");
    // An attribute that changes is seen at once, and so are pages from the consent on.
    page.act("causette('setAttributes', { plan: 'team', seats: null })").await;
    desk.wait_for_details("team").await;
    // So is who they are, where the page learns it later than the chat has begun.
    page.act("causette('update', { clientId: 8, flow: 'support' })").await;
    desk.wait_for_details("support").await;
    desk.view.wait_until_text_gone("said-7").await;
    page.act(
        "causette('setConsent', 2);
         document.title = 'Desk lamps';
         causette('page', { url: '/lamps?basket=secret#top', title: 'Desk lamps' })",
    )
    .await;
    desk.wait_for_details("Pages visited").await;
    desk.wait_for_details("Desk lamps").await;
    let details = desk.view.text().await.unwrap_or_default();
    assert!(details.contains("/lamps") && !details.contains("basket"), "{details}");
    assert!(!details.contains("seats"), "what was taken back is gone: {details}");
    page.act("causette('setConsent', 0)").await;
    desk.view.wait_until_text_gone("Pages visited").await;
    // It was taken back elsewhere: a page that is not told of any consent has them deleted, a while after it came.
    page.act("causette('setConsent', 2)").await;
    desk.wait_for_details("Pages visited").await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    assert!(page.add_snippet(&format!("{}/embed/shop.js", server.origin), json!({})).await);
    page.wait_for("causette('get', 'session')", true).await;
    desk.view.wait_until_text_gone("Pages visited").await;
    // Nobody was made a contact by what is merely said.
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with("What do you know of me?").await;
    assert_eq!(row.contact_id, None);
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_is_not_named_again_by_what_stands_in_the_page() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    // A flow that is too long is left out, and takes nothing else with it.
    let data = json!({ "data": { "client-id": "said-9", "flow": "x".repeat(60) } });
    assert!(page.add_snippet(&format!("{}/embed/shop.js", server.origin), data).await);
    let panel = page.shop().open_chat().await;
    let desk_browser = Browser::open("desk").await;
    let desk = Desk::sign_in(&desk_browser, &server, ALICE).await;
    panel.say("I am nine").await;
    panel.wait_until_sent().await;
    let first = panel.number().await;
    desk.open(first).await;
    desk.wait_for_details("said-9").await;
    page.act("causette('logout')").await;
    page.wait_for("causette('get', 'session')", false).await;
    let panel = page.shop().panel();
    wait_until("the chat as for somebody new", async || Ok(!panel.view.text().await?.contains("I am nine")))
        .await;
    panel.say("I am somebody else").await;
    panel.wait_until_sent().await;
    let second = panel.number().await;
    assert_ne!(first, second);
    // What the page says next comes behind all that it said before.
    page.act("causette('setAttributes', { plan: 'none' })").await;
    desk.open(second).await;
    desk.wait_for_details("plan").await;
    let details = desk.view.text().await.unwrap_or_default();
    assert!(!details.contains("said-9"), "{details}");
}
