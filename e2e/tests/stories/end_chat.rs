//! An agent ends the chat and chooses what is left; sends a copy; takes links back.

use causette_e2e::harness::{ALICE, Browser, Server};
use causette_e2e::pages::{Desk, Role, Shop};

const EMAIL: &str = "ada@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_ended_in_the_status_that_is_chosen() {
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    let number = panel.number().await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.open(number).await;
    desk.reply("We do.").await;
    panel.wait_for_message("We do.").await;

    // Looked at and left: nothing has happened.
    desk.view.press("End chat").await;
    desk.press_in_dialog("Cancel").await;
    desk.wait_until_no_dialog().await;
    assert!(!desk.view.log().await.is_ok_and(|log| log.contains("ended the chat")));

    desk.view.press("End chat").await;
    desk.pick_in_dialog("Waiting").await;
    desk.press_in_dialog("End chat").await;
    desk.wait_until_no_dialog().await;
    desk.wait_for_message("You ended the chat").await;
    desk.wait_for_message("Status changed to Pending").await;
    desk.view.wait_for_text("What you write goes on in the same conversation.").await;
    // Ended, it can still be left otherwise, and not ended again.
    desk.view.press("End chat").await;
    desk.wait_for_dialog("The chat has ended.").await;
    desk.pick_in_dialog("Waiting").await;
    desk.press_in_dialog("Change").await;
    desk.wait_for_dialog("The chat has ended already.").await;
    desk.press_in_dialog("Cancel").await;
    desk.wait_until_no_dialog().await;

    panel.say("And clocks?").await;
    desk.wait_for_message("And clocks?").await;
    assert_eq!(panel.number().await, number, "it goes on");
    desk.view.wait_until_text_gone("What you write goes on in the same conversation.").await;

    // Closed is what is chosen already.
    desk.view.press("End chat").await;
    desk.press_in_dialog("End chat").await;
    desk.wait_until_no_dialog().await;
    desk.wait_for_message("Status changed to Closed").await;
    desk.view.wait_for_text("This conversation is closed and takes no more answers.").await;
    desk.view.wait_until_gone(Role::Button, "End chat").await;
    panel.say("One more thing").await;
    desk.wait_for_row(number + 1, "a new conversation", |row| row.contains("One more thing")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_asked_for_and_links_are_taken_back() {
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    // Somebody is there, so that the form is that of an introduction.
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.introduce("Ada", EMAIL).await;
    let number = panel.number().await;
    desk.open(number).await;

    desk.choose("Take links back…").await;
    desk.press_in_dialog("Take back").await;
    desk.wait_for_dialog("No mail with a link was sent").await;
    desk.press_in_dialog("Cancel").await;
    desk.wait_until_no_dialog().await;

    desk.choose("Send a copy…").await;
    desk.wait_for_dialog(&format!("Nobody has shown yet that {EMAIL} is theirs.")).await;
    desk.press_in_dialog("Send").await;
    desk.wait_until_no_dialog().await;
    desk.wait_for_message(&format!("You asked for a copy to {EMAIL}")).await;
    let mails = server.wait_for_mails(1).await;
    assert_eq!(mails[0].to, EMAIL);
    assert!(!mails[0].carries("lamps"), "a question, without a word of the conversation");
    desk.wait_for_message("Question whether to send a copy e-mailed to").await;
    desk.choose("Send a copy…").await;
    desk.press_in_dialog("Send").await;
    desk.wait_for_dialog("asked today already").await;
    desk.press_in_dialog("Cancel").await;
    desk.wait_until_no_dialog().await;

    desk.choose("Take links back…").await;
    desk.press_in_dialog("Take back").await;
    desk.wait_until_no_dialog().await;
    desk.wait_for_message("You took back the links in earlier e-mails").await;
    // Everybody was let go of, and is back.
    panel.say("Still here").await;
    desk.wait_for_message("Still here").await;
}
