//! A conversation outlives the page: reload, another page, another tab.

use causette_e2e::harness::{AgentSocket, Browser, Server};
use causette_e2e::pages::{Role, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn reload_another_page_and_another_tab_keep_the_conversation() {
    let server = Server::start().await;
    let browser = Browser::open("visitor").await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Which bulb fits the Galet?").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;
    panel.view.type_into("Message", "And is it warm").await;

    browser.reload().await;
    shop.wait_until_open().await;
    panel.wait_for_message("Which bulb fits the Galet?").await;
    assert_eq!(panel.number().await, number);
    assert_eq!(panel.view.value_of("Message").await, "And is it warm", "what was being written is kept");
    panel.view.type_into("Message", "?\u{e007}").await;
    panel.wait_for_message("And is it warm?").await;
    panel.wait_until_sent().await;

    let lamps = shop.page.wait_for(Role::Link, "Lamps").await;
    lamps.click().await.unwrap_or_else(|error| panic!("the link cannot be followed: {error}"));
    browser.wait_for_title("that this is the other page", |title| title.contains("Lamps")).await;
    shop.wait_until_open().await;
    panel.wait_for_message("And is it warm?").await;
    assert_eq!(panel.number().await, number);

    let first = browser.window().await;
    let second = browser.open_tab().await;
    browser.goto(&server.shop("about.html")).await;
    shop.wait_until_open().await;
    panel.wait_for_message("Which bulb fits the Galet?").await;
    panel.say("I am in two places now").await;
    panel.wait_until_sent().await;
    browser.look_at(&first).await;
    panel.wait_for_message("I am in two places now").await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with("I am in two places now").await;
    agent.reply(row.id, "You are quick").await;
    panel.wait_for_message("You are quick").await;

    // The first tab goes: where tabs are windows side by side, what comes would be seen in it.
    browser.client.close_window().await.expect("a tab can be closed");
    browser.look_at(&second).await;
    panel.wait_for_message("You are quick").await;
    assert_eq!(panel.number().await, number);
    shop.close_chat().await;
    browser.reload().await;
    shop.wait_until_closed().await;
    agent.reply(row.id, "Closed, and still there").await;
    browser.wait_for_title("that one is unread", |title| title.starts_with("(1) ")).await;
    shop.open_chat().await;
    panel.wait_for_message("Closed, and still there").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_were_open_before_the_first_message_are_one_visitor() {
    let server = Server::start().await;
    let browser = Browser::open("visitor").await;
    let shop = Shop::visit(&browser, &server.shop("")).await;
    let panel = shop.open_chat().await;
    let first = browser.window().await;
    let second = browser.open_tab().await;
    browser.goto(&server.shop("about.html")).await;
    let other = shop.open_chat().await;

    browser.look_at(&first).await;
    panel.say("Written in the first tab").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;

    browser.look_at(&second).await;
    other.wait_for_message("Written in the first tab").await;
    assert_eq!(other.number().await, number);
    other.say("And answered in the second").await;
    other.wait_until_sent().await;
    assert_eq!(other.number().await, number, "the second tab began a conversation of its own");

    // Minimised and opened again, a page that never had the session itself does not lose it for all.
    shop.close_chat().await;
    browser.look_at(&first).await;
    panel.wait_for_message("And answered in the second").await;
    browser.reload().await;
    shop.open_chat().await;
    panel.wait_for_message("And answered in the second").await;
    assert_eq!(panel.number().await, number);
}
