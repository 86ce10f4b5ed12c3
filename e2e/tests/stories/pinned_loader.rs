//! A page that pins what it runs by its hash (Subresource Integrity).

use causette_e2e::harness::{Browser, Gate, HostSite, Looks, Policy, Server, Sockets, wait_until};
use causette_e2e::pages::Shop;

/// The tag's part that holds the hash.
fn integrity(snippet: &str) -> &str {
    let (_, rest) = snippet.split_once("integrity=\"").expect("it is pinned");
    rest.split_once('"').expect("it ends").0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_loader_opens_the_panel_under_a_strict_policy() {
    let address = Server::free_address();
    let gate = Gate::start(address, Sockets::Pass).await;
    let server = Server::start_behind(address, &format!("http://{}", gate.address)).await;
    let site = HostSite::open(&server, Policy::Strict).await;
    let snippet = server.pinned_snippet("shop").await;
    site.pin(&snippet);
    let looks = Looks { is_observed: true, ..Looks::default() };
    let visitor = Browser::open_with("visitor", looks).await;
    let shop = Shop::visit(&visitor, &site.page("pinned")).await;
    let panel = shop.open_chat().await;
    panel.say("Is this what you meant to run?").await;
    panel.wait_for_message("Automatic reply").await;
    // Nothing else that runs in the page was fetched, then or before.
    let scripts: Vec<String> =
        gate.take_asked().into_iter().filter(|path| path.starts_with("/embed/")).collect();
    assert_eq!(scripts.len(), 1, "{scripts:?}");
    assert!(snippet.contains(&scripts[0]), "{scripts:?}");
    let broken = shop.page.evaluate("return JSON.stringify([window.violations, window.failures])").await;
    assert_eq!(broken.expect("the page notes what is refused"), "[[],[]]");
    assert_eq!(visitor.console_errors().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_is_not_the_pinned_one_does_not_run_and_the_page_does() {
    if crate::engines::is_left_out(
        "pinned_loader::a_loader_that_is_not_the_pinned_one_does_not_run_and_the_page_does",
    ) {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let snippet = server.pinned_snippet("shop").await;
    let hash = integrity(&snippet).to_owned();
    let other = format!("sha384-{}", if hash.ends_with('A') { "B" } else { "A" }.repeat(64));
    site.pin(&snippet.replace(&hash, &other));
    let visitor = Browser::open("visitor").await;
    visitor.goto(&site.page("pinned")).await;
    wait_until("the console to tell of the hash", async || {
        Ok(visitor.console_errors().await.iter().any(|line| line.contains("integrity")))
    })
    .await;
    let state = "return JSON.stringify([typeof window.causette.version, document.querySelectorAll('causette-chat').length, \
                 window.failures, document.querySelector('h1').textContent, window.causette.q.length])";
    assert_eq!(
        visitor.run(state, vec![]).await.expect("the page works"),
        "[\"undefined\",0,[],\"Pinned loader\",1]"
    );
}
