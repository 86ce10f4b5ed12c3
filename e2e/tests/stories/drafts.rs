//! A draft is not lost, and lasts no longer than a session or the visitor's consent allows (DESIGN 5, "Storage").

use causette_e2e::harness::{Browser, HostSite, Policy, Server, wait_until};
use causette_e2e::pages::{Panel, Role, Shop};

use crate::survival::{open, profile};

/// Everything that page and panel keep beyond the tab.
async fn lasting(panel: Panel<'_>, page: Shop<'_>) -> String {
    let local = panel.view.evaluate("return Object.keys(localStorage).join(' ')").await;
    let page = page.page.evaluate("return document.cookie + Object.keys(localStorage).join(' ')").await;
    let text = |kept: Result<serde_json::Value, _>| match kept {
        Ok(serde_json::Value::String(kept)) => kept,
        other => panic!("it cannot be looked at: {other:?}"),
    };
    [text(local), text(page)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_and_session_a_draft_lasts_as_long_as_the_tab() {
    if crate::engines::is_left_out("drafts::without_consent_and_session_a_draft_lasts_as_long_as_the_tab") {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let profile = profile();
    let browser = open(profile.path()).await;
    let shop = Shop::visit(&browser, &site.page("plain")).await;
    let panel = shop.open_chat().await;
    panel.view.type_into("Message", "I only wonder").await;
    assert_eq!(lasting(panel, shop).await, "", "nothing is kept beyond the tab");
    browser.reload().await;
    shop.open_chat().await;
    assert_eq!(panel.view.value_of("Message").await, "I only wonder", "within it the draft is");
    drop(browser);

    let browser = open(profile.path()).await;
    let shop = Shop::visit(&browser, &site.page("plain")).await;
    let panel = shop.open_chat().await;
    assert_eq!(panel.view.value_of("Message").await, "");
    assert_eq!(lasting(panel, shop).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_consent_a_draft_is_there_when_the_browser_is_opened_again() {
    if crate::engines::is_left_out("drafts::with_consent_a_draft_is_there_when_the_browser_is_opened_again") {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let profile = profile();
    let browser = open(profile.path()).await;
    let panel = Shop::visit(&browser, &site.page("consent")).await.open_chat().await;
    panel.view.type_into("Message", "I only wonder").await;
    drop(browser);

    let browser = open(profile.path()).await;
    let shop = Shop::visit(&browser, &site.page("consent")).await;
    shop.wait_until_open().await;
    let panel = shop.panel();
    assert_eq!(panel.view.value_of("Message").await, "I only wonder");
    // Consent taken back takes with it what it allowed.
    shop.page.evaluate("causette('setConsent', 0)").await.expect("the page is there");
    wait_until("nothing to be kept beyond the tab", async || Ok(lasting(panel, shop).await.is_empty())).await;
    assert_eq!(panel.view.value_of("Message").await, "I only wonder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_outlives_minimising_reloading_and_another_language() {
    let server = Server::start().await;
    let browser = Browser::open("visitor").await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    let panel = shop.open_chat().await;
    let draft = "Half of a thought";
    panel.view.type_into("Message", draft).await;
    shop.close_chat().await;
    shop.open_chat().await;
    assert_eq!(panel.view.value_of("Message").await, draft, "minimised");
    browser.reload().await;
    shop.open_chat().await;
    assert_eq!(panel.view.value_of("Message").await, draft, "loaded again");
    shop.page.evaluate("causette('setLocale', 'fr')").await.expect("the page is there");
    panel.view.wait_for(Role::Button, "Envoyer").await;
    assert_eq!(panel.view.value_of("Message").await, draft, "in French");
}
