//! Pages of customers that are peculiar in one way each.

use std::time::Duration;

use causette_e2e::harness::{AgentSocket, Browser, HostSite, Policy, Server, wait_until};
use causette_e2e::pages::{Role, Shop};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_may_not_be_minimised_stays() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &site.page("no-minimise")).await;
    let panel = shop.open_chat().await;
    panel.view.wait_for(Role::Field, "Message").await;
    assert!(!panel.view.has(Role::Button, "Minimise").await);
    assert!(!shop.launcher.has(Role::Button, "Close chat").await);
    panel.view.type_into("Message", "\u{e00c}").await;
    panel.say("I am still here").await;
    panel.wait_for_message("Automatic reply").await;
    assert!(!shop.launcher.has(Role::Button, "Open chat").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_is_minimised_by_its_button_and_by_escape() {
    let server = Server::start().await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.view.press("Minimise").await;
    shop.wait_until_closed().await;
    let panel = shop.open_chat().await;
    panel.view.type_into("Message", "kept\u{e00c}").await;
    shop.wait_until_closed().await;
    shop.open_chat().await;
    assert_eq!(panel.view.value_of("Message").await, "kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_given_before_the_loader_has_come_are_kept() {
    let server = Server::start().await;
    // Somebody is there: else it is contacts that are asked for.
    let _there = AgentSocket::sign_in(&server.origin).await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &site.page("queue")).await;
    shop.wait_until_open().await;
    let panel = shop.panel();
    panel.view.wait_for_text("Asked for by the page").await;
    let events =
        shop.page.evaluate("return JSON.stringify(window.events)").await.expect("the page notes events");
    let events = events.as_str().unwrap_or_default().to_owned();
    for event in [r#"["state:changed",{"state":"chat"}]"#, r#"["opened",null]"#, r#"["ready",null]"#] {
        assert!(events.contains(event), "{event} is missing in {events}");
    }
    panel.say("Hello").await;
    panel.wait_for_form().await;
    assert_eq!(panel.view.value_of("Name").await, "Ada Lovelace");
    panel.view.press("Continue").await;
    panel.view.wait_for(Role::Field, "Email").await;
    assert_eq!(panel.view.value_of("Email").await, "ada@example.com");
}

/// WebDriver looks things up with scripts of its own, which this page leads astray. So nothing is looked for here: the
/// launcher is clicked by script, what is typed goes where the loader has put the focus, and the agent tells the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_a_hostile_prototype_cannot_speak_through_the_loader() {
    if crate::engines::is_left_out(
        "host_pages::a_page_with_a_hostile_prototype_cannot_speak_through_the_loader",
    ) {
        return;
    }
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let visitor = Browser::open("visitor").await;
    visitor.goto(&site.page("hostile-prototype")).await;
    let run = async |script: &str| visitor.run(script, vec![]).await;
    let inside = "document.querySelector('causette-chat').shadowRoot";
    let open = format!("{inside}.querySelector('button.fab').click(); return 'clicked'");
    wait_until("the launcher to be clicked", async || Ok(run(&open).await? == "clicked")).await;
    let focused = format!("return {inside}.activeElement ? {inside}.activeElement.tagName : ''");
    wait_until("the panel to take the focus", async || Ok(run(&focused).await? == "IFRAME")).await;

    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let keys = "Unharmed"
        .chars()
        .chain([char::from(Key::Enter)])
        .fold(KeyActions::new("keys".to_owned()), |keys, key| {
            keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key })
        });
    let pause = KeyAction::Pause { duration: Duration::ZERO };
    visitor.client.perform_actions(keys.then(pause)).await.expect("keys can be pressed");
    let row = agent.follow_conversation_with("Unharmed").await;
    agent.wait_for_message("Unharmed").await;
    assert_eq!(row.locale, "en");
    let failures = run("return JSON.stringify(window.failures)").await.expect("the page notes failures");
    assert_eq!(failures, "[]");
}
