//! The names that others rely on (DESIGN 5) are the names that the browser tells to screen readers.

use causette_e2e::harness::{ALICE, AgentSocket, Browser, Server};
use causette_e2e::pages::{Desk, Role, Shop, View};

/// Asserts what the browser's accessibility tree says of the one thing that is found under this name.
async fn assert_told(view: View<'_>, role: Role, name: &str, told: &str) {
    let element = view.wait_for(role, name).await;
    let (told_role, told_name) = view.browser.role_and_name(&element).await.expect("the element is there");
    assert_eq!((told_role.as_str(), told_name.as_str()), (told, name));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_names_are_those_of_the_accessibility_tree() {
    let server = Server::start().await;
    // Somebody is there: else it is contacts that are asked for.
    let _there = AgentSocket::sign_in(&server.origin).await;
    let browser = Browser::open("anybody").await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    assert_told(shop.launcher, Role::Button, "Open chat", "button").await;
    let panel = shop.open_chat().await;
    assert_told(shop.launcher, Role::Button, "Close chat", "button").await;
    assert_told(panel.view, Role::Log, "Conversation", "log").await;
    assert_told(panel.view, Role::Field, "Message", "textbox").await;
    assert_told(panel.view, Role::Button, "Send", "button").await;
    panel.say("Who reads this?").await;
    panel.wait_for_form().await;
    assert_told(panel.view, Role::Form, "Introduce yourself", "form").await;
    assert_told(panel.view, Role::Field, "Name", "textbox").await;
    assert_told(panel.view, Role::Button, "Later", "button").await;
    panel.view.type_into("Name", "Ada").await;
    panel.view.press("Continue").await;
    assert_told(panel.view, Role::Field, "Email", "textbox").await;
    assert_told(panel.view, Role::Field, "Phone", "textbox").await;
    let number = panel.number().await;

    let desk = Desk::visit(&browser, &server).await;
    assert_told(desk.view, Role::Form, "Sign in", "form").await;
    assert_told(desk.view, Role::Field, "Email", "textbox").await;
    assert_told(desk.view, Role::Button, "Sign in", "button").await;
    let desk = Desk::sign_in(&browser, &server, ALICE).await;
    assert_told(desk.view, Role::List, "Conversations", "list").await;
    desk.open(number).await;
    assert_told(desk.view, Role::Log, "Conversation", "log").await;
    assert_told(desk.view, Role::Field, "Reply", "textbox").await;
    assert_told(desk.view, Role::Button, "Send", "button").await;
}
