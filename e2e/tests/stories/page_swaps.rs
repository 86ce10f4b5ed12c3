//! Pages that become others without being loaded: the chat goes along, with the conversation.

use causette_e2e::harness::{Browser, HostSite, Policy, Server};
use causette_e2e::pages::HostPage;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_stays_when_the_body_does_not() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "strict-csp").await;
    let shop = page.shop();
    let panel = shop.open_chat().await;
    panel.say("I am going around").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;
    let body = "const body = document.createElement('body'); \
                body.innerHTML = '<main><h1>Another view</h1></main>'";
    let swaps = [
        "document.body.innerHTML = '<main><h1>Another view</h1></main>'".to_owned(),
        format!("{body}; document.body.replaceWith(body)"),
        format!("{body}; document.body = body"),
        "document.body.replaceChildren()".to_owned(),
        // Two at once, of which the first was never seen.
        format!("{body}; document.body.replaceWith(body); document.body.outerHTML = '<body><p>x</p></body>'"),
    ];
    for swap in swaps {
        page.act(&format!("chat.id = 'seen'; {swap}; history.pushState(null, '', '/view')")).await;
        page.wait_for("document.querySelectorAll('causette-chat').length", 1).await;
        shop.wait_until_open().await;
        panel.wait_for_message("I am going around").await;
        assert_eq!(panel.number().await, number, "{swap}");
        assert_eq!(page.ask("chat.id").await, "seen", "it is the same chat");
    }
    panel.say("And I am still here").await;
    panel.wait_until_sent().await;
    shop.close_chat().await;
    page.act(
        "history.replaceState(null, '', '/strict-csp.html#top'); location.hash = 'more'; history.back()",
    )
    .await;
    shop.wait_until_closed().await;
    page.assert_unharmed().await;
    assert_eq!(visitor.console().await, Vec::<String>::new());
}

/// What `document.open` takes away are not only the nodes, but every listener, of the window too. The chat stays away
/// until the next page.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_written_anew_is_left_alone() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "strict-csp").await;
    let panel = page.shop().open_chat().await;
    panel.say("Before").await;
    panel.wait_until_sent().await;
    let text =
        "<!doctype html><title>Written</title><script src=page.js></script><main><h1>Written</h1></main>";
    let snippet = format!("<script async src='{}/embed/shop.js'></script>", server.origin);
    for text in [text.to_owned(), format!("{text}{snippet}")] {
        page.act(&format!("document.open(); document.write({}); document.close()", json!(text))).await;
        page.wait_for("!!document.querySelector('h1') && document.readyState", "complete").await;
        page.act("causette('open'); causette('update', { color: 'red' }); document.body.append('more')")
            .await;
        page.act("causette('destroy'); causette('on', 'opened', () => {}); location.hash = 'x'").await;
        assert_eq!(page.ask("document.querySelector('h1').innerText").await, "Written");
        page.assert_unharmed().await;
    }
    assert_eq!(visitor.console_errors().await, Vec::<String>::new());
    visitor.reload().await;
    panel.wait_for_message("Before").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_will_not_have_it_is_not_fought() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let page = HostPage::visit(&visitor, &site, "bare").await;
    // Cleaning up after strangers, whatever they add to the page, counting.
    page.act(
        "window.removed = 0;
         new MutationObserver(() => {
           const stranger = document.querySelector('body > :not(main)');
           if (stranger) { window.removed++; stranger.remove() }
         }).observe(document.body, { childList: true });",
    )
    .await;
    assert!(page.add_snippet(&format!("{}/embed/shop.js", server.origin), json!({})).await);
    page.wait_for("window.removed > 0", true).await;
    let before = page.ask("[window.removed, window.removed = 0][0]").await;
    assert!(before.is_number());
    // It gives up, and nothing goes around in circles.
    let quiet = "new Promise((resolve) => {
       const look = (last) => setTimeout(() => window.removed == last ? resolve(last) : look(window.removed), 500);
       look(window.removed);
     })";
    let count = page.ask(quiet).await;
    assert!(count.as_u64().is_some_and(|count| count < 200), "{count}");
    assert_eq!(page.ask("chat").await, Value::Null);
    page.assert_unharmed().await;
}
