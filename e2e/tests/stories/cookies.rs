//! The one cookie: what it holds, for how long, for whom, and what remains where cookies are refused (DESIGN 5,
//! "Storage").

use causette_e2e::harness::{
    AgentSocket, Browser, Cookie, HostSite, Looks, Policy, Server, Storage, wait_until,
};
use causette_e2e::pages::{HostPage, Panel, Shop};
use serde_json::{Value, json};

/// The chat's cookies as the browser keeps them: domain, value, and days until it goes, -1 for the browser's session.
async fn cookies(browser: &Browser) -> Vec<(String, String, i64)> {
    browser.top().await.expect("the window is there");
    let now = browser.run("return Date.now() / 1000", vec![]).await.ok().and_then(|now| now.as_f64());
    let cookies = browser.cookies().await.into_iter();
    let ours = cookies.filter(|cookie| cookie.name == "causette_shop");
    ours.map(|Cookie { domain, value, expires, same_site, .. }| {
        let until = |expires: f64| ((expires - now.unwrap_or_default()) / 86400.0).round() as i64;
        assert_eq!(same_site, "Lax");
        (domain, value, expires.map_or(-1, until))
    })
    .collect()
}

async fn begin(panel: Panel<'_>, text: &str) -> u32 {
    panel.say(text).await;
    panel.wait_until_sent().await;
    panel.number().await
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_raised_and_lowered_and_the_cookie_lives_as_long_as_it_may() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    let address = format!("{}/embed/shop.js", server.origin);
    assert!(page.add_snippet(&address, json!({ "data": { "cookie-ttl": "9999" } })).await);
    page.act(
        "window.heard = [];
         causette('on', 'consent:changed', ({ consent }) => heard.push([consent, document.cookie != '']))",
    )
    .await;
    assert_eq!(cookies(&visitor).await, []);
    page.act("causette('setConsent', 2)").await;
    assert_eq!(cookies(&visitor).await, [], "analytics alone remembers nothing");
    page.act("causette('setConsent', 3)").await;
    let kept = |state: &str, days: i64| vec![("localhost".to_owned(), format!("1..{state}"), days)];
    assert_eq!(cookies(&visitor).await, kept("welcome", 395), "13 months at most");
    page.act("causette('close')").await;
    assert_eq!(cookies(&visitor).await, kept("close", 395));
    page.act("causette('update', { cookieTtl: 7 }); causette('setConsent', '1')").await;
    assert_eq!(cookies(&visitor).await, kept("close", 7));
    page.act("causette('update', { cookieTtl: 0 })").await;
    assert_eq!(cookies(&visitor).await, kept("close", -1), "as long as the browser is open");
    page.act("causette('setConsent', 0)").await;
    assert_eq!(cookies(&visitor).await, [], "what it allowed is deleted");
    assert_eq!(page.ask("window.heard").await, json!([[2, false], [3, true], [1, true], [0, false]]));

    // A conversation that the visitor began needs no consent, and is not lost with it.
    page.act("causette('update', { cookieTtl: 30, consent: 3 }); causette('boot', { consent: 0 })").await;
    assert_eq!(cookies(&visitor).await, [], "given with other options it holds as well");
    assert_eq!(page.ask("window.heard.splice(4)").await, json!([[3, true], [0, false]]));
    let panel = page.shop().open_chat().await;
    begin(panel, "Without consent").await;
    let all = cookies(&visitor).await;
    assert!(all.len() == 1 && all[0].2 == 30 && all[0].1.len() == "1..chat".len() + 43, "{all:?}");
    page.act("causette('setConsent', 3); causette('setConsent', 0)").await;
    assert_eq!(cookies(&visitor).await, all);

    // Signed out: neither the page's cookie nor anything of the panel's own origin stays, and the panel knows nobody.
    panel.view.type_into("Message", "half a sentence").await;
    const KEPT: &str = "return localStorage.length + sessionStorage.length";
    assert!(panel.view.evaluate(KEPT).await.expect("the panel looks").as_u64().is_some_and(|kept| kept > 0));
    // Without that session, as after a sign-out that the panel did not live to hear of, nothing of it is to be seen.
    let kept = page.ask("document.cookie").await;
    page.act("document.cookie = 'causette_shop=;path=/;max-age=0'").await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    assert!(page.add_snippet(&address, json!({})).await);
    let panel = page.shop().open_chat().await;
    panel.view.wait_for_text("How can we help?").await;
    assert_eq!(panel.view.value_of("Message").await, "");
    // With it everything is there again.
    page.act(&format!("document.cookie = {kept} + ';path=/'")).await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    assert!(page.add_snippet(&address, json!({})).await);
    page.shop().wait_until_open().await;
    panel.wait_for_message("Without consent").await;
    assert_eq!(panel.view.value_of("Message").await, "half a sentence");

    page.act("causette('logout')").await;
    wait_until("the panel to begin anew", async || {
        Ok(!panel.view.text().await?.contains("Without consent")
            && panel.view.value_of("Message").await.is_empty())
    })
    .await;
    assert_eq!(panel.view.evaluate(KEPT).await.expect("the panel looks"), json!(0));
    assert_eq!(cookies(&visitor).await, []);
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_goes_on_where_third_party_cookies_are_blocked() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor =
        Browser::open_with("visitor", Looks { storage: Storage::OfThePage, ..Looks::default() }).await;
    let shop = Shop::visit(&visitor, &site.page("strict-csp")).await;
    let panel = shop.open_chat().await;
    let number = begin(panel, "Nobody follows me").await;
    // The panel's frame is refused cookies, or this would show nothing.
    let refused = "document.cookie = 'probe=1; samesite=none; secure'; return document.cookie";
    assert_eq!(panel.view.evaluate(refused).await.expect("the panel answers"), "");
    visitor.reload().await;
    shop.wait_until_open().await;
    panel.wait_for_message("Nobody follows me").await;
    assert_eq!(panel.number().await, number);
    let page = HostPage { browser: &visitor };
    page.assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_keeps_nothing_talks_as_long_as_the_page_is_there() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor =
        Browser::open_with("visitor", Looks { storage: Storage::Nothing, ..Looks::default() }).await;
    let mut numbers = Vec::new();
    // Whoever comes again begins anew, for nothing has stayed.
    for text in ["I forget everything", "I have forgotten"] {
        let shop = Shop::visit(&visitor, &site.page("strict-csp")).await;
        let panel = shop.open_chat().await;
        numbers.push(begin(panel, text).await);
        let mut agent = AgentSocket::sign_in(&server.origin).await;
        let conversation = agent.follow_conversation_with(text).await;
        agent.reply(conversation.id, "It is here all the same").await;
        panel.wait_for_message("It is here all the same").await;
        assert_eq!(cookies(&visitor).await, []);
        HostPage { browser: &visitor }.assert_unharmed().await;
    }
    assert_ne!(numbers[0], numbers[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_the_whole_domain_continues_on_another_subdomain() {
    let server = Server::start().await;
    let names = ["www.papeterie.example", "help.papeterie.example"];
    let site = HostSite::open_under(&server, &names).await;
    let looks = Looks { domain: Some("papeterie.example"), ..Looks::default() };
    let visitor = Browser::open_with("visitor", looks).await;
    let address = format!("{}/embed/shop.js", server.origin);
    let open = async |name: &str, data: Value| {
        visitor.goto(&format!("{}/bare.html", site.origin_under(name))).await;
        let page = HostPage { browser: &visitor };
        assert!(page.add_snippet(&address, json!({ "data": data })).await);
        page
    };
    // Of one host first: the other knows nothing.
    let page = open(names[0], json!({ "consent": "1" })).await;
    page.act("causette('close')").await;
    assert_eq!(open(names[1], json!({})).await.ask("causette('get', 'state')").await, "welcome");
    let page = open(names[0], json!({ "consent": "1" })).await;
    page.act("causette('setConsent', 0)").await;
    assert_eq!(cookies(&visitor).await, []);

    let whole = json!({ "cookie-domain": ".papeterie.example" });
    let page = open(names[0], whole.clone()).await;
    let panel = page.shop().open_chat().await;
    let number = begin(panel, "From one page to the other").await;
    let page = open(names[1], whole).await;
    page.shop().wait_until_open().await;
    panel.wait_for_message("From one page to the other").await;
    assert_eq!(panel.number().await, number);
    let all = cookies(&visitor).await;
    assert!(all.len() == 1 && all[0].0 == ".papeterie.example", "{all:?}");
    page.act("causette('shutdown')").await;
    assert_eq!(cookies(&visitor).await, []);
    page.assert_unharmed().await;
}
