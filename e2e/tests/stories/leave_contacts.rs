//! Nobody is at the desk: the visitor leaves their contacts, and is told by mail when somebody has answered.

use std::time::Duration;

use causette_e2e::harness::{AgentSocket, Browser, Server, wait_for_at_most};
use causette_e2e::pages::{Role, Shop};

const FORM: &str = "Leave your contacts";
const EMAIL: &str = "ada@mail.example";
/// How long a follow-up may take.
const MAIL: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_their_contacts_is_told_when_somebody_has_answered() {
    let server = Server::start().await;
    let visitor = Browser::open("visitor").await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.wait_for_message("We are away at the moment").await;
    panel.view.wait_for(Role::Form, FORM).await;
    for field in ["Name", "Email", "Phone"] {
        assert!(panel.view.has(Role::Field, field).await, "the form asks for “{field}”");
    }
    assert!(!panel.view.has(Role::Form, "Introduce yourself").await);
    panel.send_form_named(FORM).await;
    panel.view.wait_for_text("Please enter your email address or a phone number.").await;
    panel.view.type_into("Name", "Ada").await;
    panel.view.type_into("Email", EMAIL).await;
    panel.send_form_named(FORM).await;
    panel.view.wait_until_gone(Role::Form, FORM).await;
    panel.wait_for_message("We will email you as soon as somebody answers.").await;
    // Closed, not only left: a page that a browser keeps for going back stays connected for a while.
    drop(visitor);

    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with("old lamps").await;
    assert_eq!(row.contact.email.as_deref(), Some(EMAIL));
    agent.reply(row.id, "We do: bring it to the workshop.").await;
    // Twenty seconds after the last answer.
    let mails = wait_for_at_most(MAIL, "the mail", async || {
        let mails = server.mails().await;
        Ok((!mails.is_empty()).then_some(mails))
    })
    .await;
    assert_eq!(mails[0].to, EMAIL);
    assert!(mails[0].carries("We do: bring it to the workshop."), "{}", mails[0].raw);
    assert!(mails[0].carries("#causette="), "it leads back into the conversation");
}
