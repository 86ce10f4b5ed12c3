//! The countdown to the mail of unseen replies: it runs, it can be hastened and stopped, and reading in time ends it.

use causette_e2e::harness::{ALICE, Browser, Server, wait_until};
use causette_e2e::pages::{Desk, Role, Shop};

const EMAIL: &str = "ada@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sends_the_mail_now_or_not_at_all() {
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    // Somebody is there, so that the form is that of an introduction.
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.introduce("Ada", EMAIL).await;
    let number = panel.number().await;
    desk.open(number).await;
    drop(visitor);
    desk.view.wait_for_text("Ada has left and can be reached by e-mail.").await;

    desk.reply("We do: bring it to the workshop.").await;
    let first = desk.countdown().await;
    assert!(first.starts_with("0:"), "twenty seconds after they left: {first}");
    desk.view.wait_for_text("Will be e-mailed in 0:").await;
    wait_until("the countdown to run", async || Ok(desk.countdown().await != first)).await;
    desk.wait_for_row(number, "that a mail waits", |row| row.contains("An e-mail waits")).await;
    desk.view.press("Do not send").await;
    desk.view.wait_for_text("It will not be e-mailed.").await;
    desk.wait_until_no_countdown().await;
    desk.view.wait_for_text("Ada has left and can be reached by e-mail.").await;
    desk.wait_for_row(number, "that none waits", |row| !row.contains("An e-mail waits")).await;

    // The next reply schedules another, which carries both.
    desk.reply("On weekdays until six, best-before-seven.").await;
    desk.countdown().await;
    desk.view.press("Send now").await;
    let mails = server.wait_for_mails(1).await;
    assert_eq!(mails.len(), 1, "the one that was stopped did not go out");
    assert_eq!(mails[0].to, EMAIL);
    assert!(mails[0].carries("best-before-seven") && mails[0].carries("workshop"));
    desk.wait_for_message(&format!("Unseen replies e-mailed to {EMAIL}")).await;
    desk.wait_until_no_countdown().await;
    // The buttons that had the focus are gone: the agent goes on writing.
    desk.view.wait_for(Role::Field, "Reply").await;
    let focused = desk.view.evaluate("return document.activeElement.getAttribute('aria-label')").await;
    assert_eq!(focused.ok(), Some("Reply".into()));
    assert_eq!(agent.console_errors().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_in_time_is_not_mailed() {
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    // Somebody is there, so that the form is that of an introduction.
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.introduce("Ada", EMAIL).await;
    let number = panel.number().await;
    // She stays on the page, and does not look.
    shop.close_chat().await;
    desk.open(number).await;
    desk.reply("We do: bring it to the workshop.").await;
    desk.countdown().await;

    shop.open_chat().await;
    panel.wait_for_message("We do: bring it to the workshop.").await;
    desk.wait_until_no_countdown().await;
    desk.view.wait_for_log("that she has seen it", |log| log.contains("Seen")).await;
    desk.wait_for_row(number, "that no mail waits", |row| !row.contains("An e-mail waits")).await;
    assert!(server.mails().await.is_empty());
}
