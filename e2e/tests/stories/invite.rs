//! An agent invites a visitor who has left: writes, looks at the real mail, sends. Who cannot be reached is not invited,
//! and the desk says why.

use causette_e2e::harness::{ALICE, Browser, Server, wait_until};
use causette_e2e::pages::{Desk, Role, Shop};

const EMAIL: &str = "ada@mail.example";
const ESCAPE: &str = "\u{e00c}";
/// What a page that a mail program would show says and looks like.
const MAIL: &str = "const link = document.querySelector('a[href*=\"#causette=\"]'); \
     return [document.body.innerText, getComputedStyle(link).backgroundColor, document.scripts.length]";

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_left_is_invited_with_the_mail_that_the_agent_has_seen() {
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
    desk.view.press("Invite by e-mail…").await;
    desk.view.type_into("Your message", "Your lamp-is-ready & waits for <you>.").await;

    // Closed by mistake: the conversation stays open, and nothing is lost.
    desk.view.wait_for(Role::Field, "Your message").await.send_keys(ESCAPE).await.expect("it takes keys");
    desk.wait_until_no_dialog().await;
    assert!(desk.view.has(Role::Field, "Reply").await, "Escape has left the conversation");
    desk.choose("Invite by e-mail…").await;
    assert_eq!(desk.view.value_of("Your message").await, "Your lamp-is-ready & waits for <you>.");
    desk.press_in_dialog("Preview").await;
    desk.wait_for_dialog(EMAIL).await;
    desk.wait_for_dialog("wrote to you").await;
    assert!(server.mails().await.is_empty(), "a look sends nothing");

    // The mail itself, with its own styles and without a script.
    wait_until("the mail's page", async || {
        let frame = desk.view.find_all(Role::Frame, Some("The e-mail as it will be")).await?;
        frame.into_iter().next().ok_or("there is no frame")?.enter_frame().await?;
        let shown = agent.run(MAIL, vec![]).await?;
        let text = shown[0].as_str().unwrap_or_default();
        assert_eq!(shown[2], 0, "a mail has no script");
        Ok(text.contains("Your lamp-is-ready & waits for <you>.")
            && text.contains("Do you repair old lamps?")
            && shown[1] != "rgba(0, 0, 0, 0)")
    })
    .await;
    desk.view.press("Plain text").await;
    desk.wait_for_dialog("Your lamp-is-ready & waits for <you>.").await;

    desk.press_in_dialog("Send invitation").await;
    desk.wait_until_no_dialog().await;
    let mails = server.wait_for_mails(1).await;
    assert_eq!(mails[0].to, EMAIL);
    assert!(mails[0].subject.contains("wrote to you"), "{}", mails[0].subject);
    assert!(mails[0].carries("lamp-is-ready"));
    desk.wait_for_message("Your lamp-is-ready & waits for <you>.").await;
    desk.wait_for_message(&format!("Invitation e-mailed to {EMAIL}")).await;
    // It carried what a follow-up would have.
    desk.wait_until_no_countdown().await;
    desk.wait_for_row(number, "that no other mail waits", |row| !row.contains("An e-mail waits")).await;
    // What was sent is kept no longer.
    desk.choose("Invite by e-mail…").await;
    assert_eq!(desk.view.value_of("Your message").await, "");
    assert_eq!(server.mails().await.len(), 1);
    assert_eq!(agent.console_errors().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_says_why_somebody_cannot_be_invited_and_is_worked_with_keys() {
    const DOWN: &str = "\u{e015}";
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    let number = panel.number().await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.open(number).await;
    let focused = async || {
        let focused =
            desk.view.evaluate("return document.activeElement.innerText || document.activeElement.title");
        focused.await.ok().and_then(|focused| focused.as_str().map(str::to_owned)).unwrap_or_default()
    };
    desk.view.press("More").await;
    desk.view.wait_for(Role::Menu, "More").await;
    desk.view.wait_for_text("They are on the page: just write.").await;
    drop(visitor);
    desk.view.wait_for_text("The visitor gave no address.").await;
    assert!(!desk.view.has(Role::Button, "Invite by e-mail…").await, "nothing else offers it");
    wait_until("the focus on the first choice", async || Ok(focused().await.contains("Invite by e-mail…")))
        .await;
    let press = async |key: &str| {
        let element = agent.client.active_element().await.expect("something has the focus");
        element.send_keys(key).await.expect("it takes keys");
    };
    press("\u{e007}").await;
    assert!(desk.view.has(Role::Menu, "More").await, "what cannot be done does nothing");
    press(DOWN).await;
    assert!(focused().await.contains("Send a copy…"));
    press(DOWN).await;
    assert!(focused().await.contains("Take links back…"));
    press(DOWN).await;
    assert!(focused().await.contains("Invite by e-mail…"), "it goes round");
    press(ESCAPE).await;
    desk.view.wait_until_gone(Role::Menu, "More").await;
    assert_eq!(focused().await, "More");
    assert!(desk.view.has(Role::Field, "Reply").await, "Escape has left the conversation");
}
