//! The address of a resume link, `…#causette=<token>`: the loader takes the token out of it and hands it to the panel.

use causette_e2e::harness::{Browser, HostSite, Policy, Server, wait_until};
use causette_e2e::pages::{Panel, Role, Shop};

const TOKEN: &str = "mYq3-Zk_0Wc8Jr5TtV1xUa";
const OTHER: &str = "pL7_dE2-hN9sKb4GgF6yQz";

/// What the panel was handed at its start; empty until then.
async fn wait_for_resume(panel: Panel<'_>, token: &str) {
    let script = "return window.causettePanel.then((init) => String(init.config.resume))";
    wait_until("the panel to have the token", async || Ok(panel.view.evaluate(script).await? == token)).await;
}

async fn text(shop: Shop<'_>, script: &str) -> String {
    let answer = shop.page.evaluate(script).await.expect("the page answers");
    answer.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_leaves_the_address_at_once_and_opens_the_panel() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Strict).await;
    let visitor = Browser::open("visitor").await;
    let page = format!("{}?from=mail", site.page("strict-csp"));
    let shop = Shop::visit(&visitor, &format!("{page}#causette={TOKEN}")).await;
    shop.wait_until_open().await;
    assert_eq!(text(shop, "return location.href").await, page);
    wait_for_resume(shop.panel(), TOKEN).await;
    shop.close_chat().await;

    // Nothing of it is kept: neither by going on and back, nor by loading the page again.
    assert!(
        !text(shop, "return document.cookie + JSON.stringify([localStorage, sessionStorage])")
            .await
            .contains(TOKEN)
    );
    visitor.goto(&site.page("plain")).await;
    shop.wait_until_closed().await;
    visitor.client.back().await.expect("there is a page to go back to");
    shop.wait_until_closed().await;
    assert_eq!(text(shop, "return location.href").await, page);
    assert_eq!(text(shop, "return JSON.stringify(window.failures)").await, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opened_in_a_page_that_is_already_there_is_taken_too() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = site.page("plain");
    let shop = Shop::visit(&visitor, &page).await;
    shop.wait_until_closed().await;
    let open = |token: &str| format!("location.hash = 'causette={token}'; return ''");

    text(shop, &open(TOKEN)).await;
    shop.wait_until_open().await;
    wait_for_resume(shop.panel(), TOKEN).await;
    assert_eq!(text(shop, "return location.href").await, page);

    // A second one while the panel is open.
    text(shop, &open(OTHER)).await;
    wait_for_resume(shop.panel(), OTHER).await;
    assert_eq!(text(shop, "return location.href").await, page);

    // A page that moves the chat makes the panel load again, which is not handed a token that it has had.
    shop.panel().view.wait_for(Role::Field, "Message").await;
    text(shop, "document.body.append(document.querySelector('causette-chat')); return ''").await;
    wait_for_resume(shop.panel(), "null").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fragment_that_is_none_of_ours_stays() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    for fragment in ["#causette=too-short", "#reviews", "#/causette=0123456789012345678901"] {
        let page = format!("{}{fragment}", site.page("plain"));
        let shop = Shop::visit(&visitor, &page).await;
        shop.wait_until_closed().await;
        assert_eq!(text(shop, "return location.href").await, page);
        visitor.goto("about:blank").await;
    }
}
