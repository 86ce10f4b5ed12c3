//! A customer's page under the strictest policy that we promise to work with (DESIGN 6).

use causette_e2e::harness::{AgentSocket, Browser, HostSite, Looks, Policy, Server, wait_until};
use causette_e2e::pages::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_policy_is_never_broken() {
    let server = Server::start().await;
    // Somebody is there from the start: else it is contacts that are asked for.
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let site = HostSite::open(&server, Policy::Strict).await;
    let visitor = Browser::open_with("visitor", Looks { is_observed: true, ..Looks::default() }).await;
    let shop = Shop::visit(&visitor, &site.page("strict-csp")).await;
    let panel = shop.open_chat().await;
    panel.say("Does this work here?").await;
    panel.wait_for_message("Automatic reply").await;
    let row = agent.follow_conversation_with("Does this work here?").await;
    agent.reply(row.id, "It does.").await;
    panel.wait_for_message("It does.").await;
    panel.wait_for_form().await;
    shop.close_chat().await;

    let broken = shop.page.evaluate("return JSON.stringify([window.violations, window.failures])").await;
    assert_eq!(broken.expect("the page notes what is refused"), "[[],[]]");
    assert_eq!(visitor.console_errors().await, Vec::<String>::new());
}

/// Silence means something only where an error would have been heard.
#[tokio::test(flavor = "multi_thread")]
async fn the_console_of_the_panel_is_heard() {
    if crate::engines::is_left_out("strict_policy::the_console_of_the_panel_is_heard") {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Strict).await;
    let visitor = Browser::open_with("visitor", Looks { is_observed: true, ..Looks::default() }).await;
    let panel = Shop::visit(&visitor, &site.page("strict-csp")).await.open_chat().await;
    panel.view.wait_for_text("How can we help?").await;
    panel.view.evaluate("console.error('heard')").await.expect("the panel is there");
    wait_until("what the panel says to be heard", async || {
        Ok(visitor.console_errors().await.iter().any(|error| error.contains("heard")))
    })
    .await;
}
