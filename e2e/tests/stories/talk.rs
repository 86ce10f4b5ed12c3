//! A visitor and an agent talk.

use causette_e2e::harness::{ALICE, Browser, Server};
use causette_e2e::pages::{Desk, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn visitor_and_agent_talk_both_ways() {
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;

    panel.say("Does the Aube lamp come in blue?").await;
    panel.wait_for_message("Does the Aube lamp come in blue?").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;
    desk.wait_for_row(number, "the question, unread", |row| row.contains("unread")).await;
    assert_eq!(desk.numbers().await.first(), Some(&number), "the newest conversation stands first");

    desk.open(number).await;
    desk.wait_for_message("Does the Aube lamp come in blue?").await;
    desk.wait_for_message("Automatic answer").await;
    panel.wait_until_seen_after("Does the Aube lamp come in blue?").await;
    desk.wait_for_row(number, "that nothing is unread", |row| !row.contains("unread")).await;

    desk.view.type_into("Reply", "It does").await;
    panel.view.wait_for_text("Alice Martin is typing…").await;
    desk.view.type_into("Reply", ", since spring: https://lumen.example/aube\u{e007}").await;
    panel.wait_for_message("It does, since spring: https://lumen.example/aube").await;
    panel.view.wait_until_text_gone("is typing…").await;
    assert!(panel.view.has(causette_e2e::pages::Role::Link, "https://lumen.example/aube").await);
    desk.view.wait_for_log("that the visitor has seen it", |log| log.contains("Seen")).await;

    panel.view.type_into("Message", "Then").await;
    desk.view.wait_for_log("that the visitor types", |log| log.contains("is typing…")).await;
    panel.view.type_into("Message", " I take two\u{e007}").await;
    desk.wait_for_message("Then I take two").await;
    desk.view.wait_for_log("that nobody types", |log| !log.contains("is typing…")).await;
    panel.wait_until_seen().await;

    shop.close_chat().await;
    desk.reply("They are on their way.").await;
    desk.reply("Anything else?").await;
    visitor.wait_for_title("that two are unread", |title| title.starts_with("(2) ")).await;
    shop.launcher.wait_for_text("Unread messages: 2").await;
    shop.launcher.wait_for_text("Anything else?").await;
    shop.open_chat().await;
    visitor.wait_for_title("that nothing is unread", |title| !title.starts_with('(')).await;
    panel.wait_for_message("Anything else?").await;
    assert_eq!(panel.number().await, number, "it is still the same conversation");
}
