//! The visitor answers by mail, the agent reads it; back on the page through the link, the end of the chat brings a copy of
//! everything that was said.

use causette_e2e::harness::{ALICE, Browser, Server, wait_until};
use causette_e2e::pages::{Desk, Place, Role, Shop, View};

const EMAIL: &str = "ada@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_by_mail_is_a_message_and_the_end_brings_a_copy() {
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.introduce("Ada", EMAIL).await;
    let number = panel.number().await;
    desk.open(number).await;
    drop(visitor);
    desk.view.wait_for_text("Ada has left and can be reached by e-mail.").await;
    desk.view.wait_for_text("Not verified").await;
    desk.reply("We do: bring it to the workshop.").await;
    desk.view.press("Send now").await;
    server.wait_for_mails(1).await;

    // The reader answers in their mail program, below which stands what it quotes.
    let reader = Browser::open("reader").await;
    reader.goto(&server.shop("mailbox")).await;
    let first = "document.querySelector('.mailbox__list a').click(); return 'clicked'";
    reader.run(first, vec![]).await.expect("there is a mail");
    let mail = View::new(&reader, Place::Page);
    mail.wait_for(Role::Field, "Answer this e-mail").await;
    let link = "return document.querySelector('.mailbox__text').textContent.match(/\\S+#causette=\\S+/)[0]";
    let link =
        mail.evaluate(link).await.expect("the mail has a link").as_str().unwrap_or_default().to_owned();
    mail.type_into("Answer this e-mail", "Tomorrow at ten, with both shades.").await;
    mail.press("Send the answer").await;
    mail.wait_for_text("Your answer has arrived").await;

    desk.wait_for_message("Tomorrow at ten, with both shades.").await;
    desk.view.wait_for_log("what came by mail", |log| log.contains("by e-mail") && log.contains(EMAIL)).await;
    let log = desk.view.log().await.expect("there is a log");
    assert_eq!(
        log.matches("We do: bring it to the workshop.").count(),
        1,
        "the quotation is folded away: {log}"
    );
    // Answering has shown that the address is theirs, and that they have read what they answer.
    desk.wait_for_details("Verified").await;
    desk.view.wait_for_log("that it was seen", |log| log.contains("Seen")).await;
    desk.view.press("Show original").await;
    desk.wait_for_dialog("> We do: bring it to the workshop.").await;
    desk.view.press("Close").await;
    desk.wait_until_no_dialog().await;

    // In the chat it stands as their own message.
    let shop = Shop::visit(&reader, &link).await;
    shop.wait_until_open().await;
    let again = shop.panel();
    again.wait_for_message("Tomorrow at ten, with both shades.").await;
    assert!(!again.view.log().await.expect("there is a log").contains(EMAIL));

    desk.view.press("End chat").await;
    desk.press_in_dialog("End chat").await;
    again.view.wait_for(Role::Form, "Copy of the conversation").await;
    assert_eq!(again.view.value_of("Email").await, EMAIL, "it was given before");
    again.send_form_named("Copy of the conversation").await;
    wait_until("the copy", async || {
        let mails = server.mails().await;
        let texts = ["Do you repair old lamps?", "bring it to the workshop", "Tomorrow at ten"];
        Ok(mails.iter().any(|mail| texts.iter().all(|text| mail.carries(text))))
    })
    .await;
    assert_eq!(agent.console_errors().await, Vec::<String>::new());
}
