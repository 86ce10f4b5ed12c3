//! The conversation goes on by mail: the visitor leaves, the agent answers, and the link in the captured mail continues
//! the same conversation in a browser that has never been there.

use std::time::Duration;

use causette_e2e::harness::{ALICE, AgentSocket, Browser, Server, wait_until_at_most};
use causette_e2e::pages::{Desk, Shop};

const EMAIL: &str = "ada@mail.example";
/// Twenty seconds by the site's setting, and as long again for a machine that is busy.
const MAILED_WITHIN: Duration = Duration::from_secs(40);

/// The link of the newest captured mail, read from the demo's mailbox as a person would.
async fn newest_link(reader: &Browser, server: &Server) -> String {
    let mut link = String::new();
    wait_until_at_most(MAILED_WITHIN, "the mail", async || {
        reader.goto(&server.shop("mailbox")).await;
        let found = reader
            .run(
                "const first = document.querySelector('.mailbox__list a'); return first ? first.href : ''",
                vec![],
            )
            .await?;
        let Some(address) = found.as_str().filter(|address| !address.is_empty()) else {
            return Ok(false);
        };
        reader.goto(address).await;
        let text = reader.run("return document.querySelector('.mailbox__text').textContent", vec![]).await?;
        let text = text.as_str().unwrap_or_default();
        link =
            text.split_whitespace().find(|word| word.contains("#causette=")).unwrap_or_default().to_owned();
        Ok(!link.is_empty())
    })
    .await;
    link
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_in_a_mail_continues_the_conversation_in_another_browser() {
    let server = Server::start().await;
    // Somebody is there: else it is contacts that are asked for.
    let _there = AgentSocket::sign_in(&server.origin).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.introduce("Ada", EMAIL).await;
    let number = panel.number().await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.open(number).await;
    desk.wait_for_message("Do you repair old lamps?").await;
    // Closed, not only left: a page that a browser keeps for going back stays connected for a while.
    drop(visitor);
    desk.wait_for_details("reachable by e-mail").await;
    desk.reply("We do: bring it to the workshop.").await;

    // Nobody sees it: twenty seconds after it was written it goes out.
    let reader = Browser::open("reader").await;
    let link = newest_link(&reader, &server).await;
    desk.wait_for_message(&format!("Unseen replies e-mailed to {EMAIL}")).await;
    let shop = Shop::visit(&reader, &link).await;
    shop.wait_until_open().await;
    let elsewhere = shop.panel();
    elsewhere.wait_for_message("Do you repair old lamps?").await;
    elsewhere.wait_for_message("We do: bring it to the workshop.").await;
    assert_eq!(elsewhere.number().await, number);
    assert!(
        !shop
            .page
            .evaluate("return location.href")
            .await
            .is_ok_and(|href| href.to_string().contains("causette="))
    );
    elsewhere.say("Tomorrow at ten?").await;
    desk.wait_for_message("Tomorrow at ten?").await;
    desk.wait_for_message("came back through the link").await;

    // The session stays: the page loaded again, and without the link, is the same conversation.
    reader.goto("about:blank").await;
    let again = Shop::visit(&reader, &server.shop("")).await;
    again.wait_until_open().await;
    again.panel().wait_for_message("Tomorrow at ten?").await;

    // A link that is none any more says so, and the chat can be used all the same.
    let stranger = Browser::open("stranger").await;
    let old = format!("{}#causette={}", server.shop(""), "A".repeat(43));
    let shop = Shop::visit(&stranger, &old).await;
    shop.wait_until_open().await;
    shop.panel().view.wait_for_text("has been used already or has expired").await;
    shop.panel().say("Hello?").await;
    shop.panel().wait_until_sent().await;
}
