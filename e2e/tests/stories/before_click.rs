//! Before the visitor's first act: nothing stored, nothing requested but the loader (DESIGN 5, "Storage").

use causette_e2e::harness::{Browser, Gate, HostSite, Policy, Server, Sockets};
use causette_e2e::pages::Shop;
use serde_json::json;

/// Everything in which a page can store something, as one text.
const STORED: &str = "return (async () => {
  const databases = indexedDB.databases ? await indexedDB.databases() : [];
  const stores = await caches.keys().catch(() => []);
  return [document.cookie, localStorage.length, sessionStorage.length, databases.length, stores.length];
  })()";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stored_and_only_the_loader_is_requested_before_the_first_click() {
    let address = Server::free_address();
    let gate = Gate::start(address, Sockets::Pass).await;
    let server = Server::start_behind(address, &format!("http://{}", gate.address)).await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &site.page("plain")).await;
    // The bubble comes a while after the page has loaded: by then everything that comes by itself has come.
    shop.launcher.wait_for_text("Hello! Any questions?").await;

    let loader = format!("{}/embed/shop.js", server.origin);
    assert_eq!(gate.take_asked(), ["/embed/shop.js"], "all that is asked of us");
    let entries = "return JSON.stringify(performance.getEntriesByType('resource').map((entry) => entry.name)\
                   .filter((name) => !name.endsWith('/favicon.ico')))";
    assert_eq!(shop.page.evaluate(entries).await.expect("the page counts"), json!([loader]).to_string());
    let pages: Vec<String> = site.asked().into_iter().filter(|path| path != "/favicon.ico").collect();
    assert_eq!(pages, ["/plain.html"], "the page itself is asked for nothing more");
    let frames =
        "return String(document.querySelector('causette-chat').shadowRoot.querySelectorAll('iframe').length)";
    assert_eq!(shop.page.evaluate(frames).await.expect("there is a chat"), "0");

    assert_eq!(shop.page.evaluate(STORED).await.expect("the page looks"), json!(["", 0, 0, 0, 0]));
    assert_eq!(cookies(&visitor).await, Vec::<String>::new());

    // Looking around is not yet a conversation.
    let panel = shop.open_chat().await;
    panel.view.wait_for_text("How can we help?").await;
    shop.close_chat().await;
    assert_eq!(cookies(&visitor).await, Vec::<String>::new());

    let panel = shop.open_chat().await;
    panel.say("Now it begins").await;
    panel.wait_for_message("Automatic reply").await;
    assert_eq!(cookies(&visitor).await, ["causette_shop"]);
}

/// The names of all cookies of all sites.
async fn cookies(browser: &Browser) -> Vec<String> {
    browser.cookies().await.into_iter().map(|cookie| cookie.name).collect()
}
