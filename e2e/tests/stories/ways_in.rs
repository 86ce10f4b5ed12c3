//! How the snippet comes into a page: by the book, or as it happens.

use causette_e2e::harness::{Browser, Gate, HostSite, Policy, Server, Sockets};
use causette_e2e::pages::HostPage;
use serde_json::{Value, json};

/// Asserts that there is one chat, that it opens, and that the page has not noticed it.
async fn assert_works(page: HostPage<'_>) {
    page.wait_for("shown(launcher)", true).await;
    assert_eq!(page.ask("document.querySelectorAll('causette-chat').length").await, 1);
    page.shop().open_chat().await.view.wait_for_text("How can we help?").await;
    page.shop().close_chat().await;
    page.assert_unharmed().await;
    assert_eq!(page.browser.console().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_async_as_a_module_twice_and_written() {
    let server = Server::start().await;
    server.add_site("other", &["https://other.example"]).await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "head-sync").await;
    assert_eq!(page.ask("window.before").await, Value::Null);
    assert_works(page).await;

    let page = HostPage::visit(&visitor, &site, "module").await;
    page.wait_for("!!launcher && box(launcher).left", 20).await;
    assert_works(page).await;

    // The first snippet of a page is the one that counts, also where a later one is another site's.
    let page = HostPage::visit(&visitor, &site, "twice").await;
    page.wait_for("document.readyState", "complete").await;
    assert_eq!(page.ask("causette('get', 'state')").await, "welcome");
    assert_works(page).await;
    assert_eq!(page.ask("new URL(frame.src).pathname").await, "/widget/shop");

    let page = HostPage::visit(&visitor, &site, "written").await;
    assert_works(page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_is_not_found_leaves_the_page_alone() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    // Imported, as a bundler does: no element tells whose server it came from.
    let page = HostPage::visit(&visitor, &site, "bare").await;
    page.act(&format!("return import('{}/embed/shop.js').catch(() => 0)", server.origin)).await;
    assert_eq!(page.ask("chat").await, Value::Null);
    page.assert_unharmed().await;
    // What the page has taken for our script is none, whatever its name.
    let page = HostPage::visit(&visitor, &site, "bare").await;
    page.act("document.body.innerHTML = '<img name=currentScript src=/favicon.ico>'").await;
    assert!(page.add_snippet(&format!("{}/embed/shop.js", server.origin), json!({})).await);
    assert_works(page).await;
    assert_eq!(page.ask("new URL(frame.src).origin").await, server.origin);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_does_not_come_leaves_the_page_alone() {
    let address = Server::free_address();
    let gate = Gate::start(address, Sockets::Pass).await;
    let server = Server::start_behind(address, &format!("http://{}", gate.address)).await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let failing = [
        format!("{}/embed/nobody.js", server.origin),
        format!("{}/answer/503/loader.js", site.origin),
        format!("{}/answer/html/loader.js", site.origin),
        format!("http://{}/embed/shop.js", Server::free_address()),
    ];
    for address in failing {
        let page = HostPage::visit(&visitor, &site, "bare").await;
        assert!(!page.add_snippet(&address, json!({ "boot": {} })).await, "{address}");
        page.act("causette('open'); causette('on', 'ready', () => {})").await;
        assert_eq!(page.ask("chat").await, Value::Null);
        assert_eq!(page.ask("document.querySelector('h1').innerText").await, "Page without the chat");
        page.assert_unharmed().await;
        // The browser may note what it could not load; we say nothing.
        let said = visitor.console().await;
        assert!(said.iter().all(|line| !line.contains("Causette")), "{said:#?}");
    }
    // As behind a list of trackers.
    gate.refuse(Some("/shop.js"));
    let page = HostPage::visit(&visitor, &site, "plain").await;
    assert_eq!(page.ask("chat").await, Value::Null);
}
