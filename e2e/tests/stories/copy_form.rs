//! "Copy of the conversation": from its icon at any time, and by itself when the chat has ended.

use causette_e2e::harness::{AgentSocket, Browser, Server, wait_until};
use causette_e2e::pages::{Role, Shop};
use causette_shared::conversation::Status;

const COPY: &str = "Copy of the conversation";
const EMAIL: &str = "ada@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_offered_when_the_chat_has_ended_and_asks_an_unknown_address_to_confirm() {
    let server = Server::start().await;
    let visitor = Browser::open("visitor").await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    let row = agent.follow_conversation_with("old lamps").await;
    agent.reply(row.id, "We do: bring it to the workshop.").await;
    panel.wait_for_message("bring it to the workshop").await;
    assert!(!panel.view.has(Role::Form, COPY).await);
    agent.end_chat(row.id, Status::Open).await;
    panel.wait_for_message("Alice Martin ended the chat. You can still write to us here.").await;
    panel.view.wait_for(Role::Form, COPY).await;

    // A slip is offered, and the text stays what it is until the offer is taken.
    panel.view.type_into("Email", "ada@gmial.com").await;
    panel.view.press("Did you mean ada@gmail.com?").await;
    assert_eq!(panel.view.value_of("Email").await, "ada@gmail.com");
    panel.view.empty("Email").await;
    panel.view.type_into("Email", EMAIL).await;
    panel.send_form_named(COPY).await;
    panel.view.wait_until_gone(Role::Form, COPY).await;
    panel.wait_for_message(&format!("Look in the inbox of {EMAIL}")).await;
    let mails = server.wait_for_mails(1).await;
    assert_eq!(mails[0].to, EMAIL);
    for said in ["old lamps", "workshop"] {
        assert!(!mails[0].carries(said), "nobody has shown that the address is theirs: {}", mails[0].raw);
    }

    // It was used after this end: it does not come again by itself, also not on another page.
    visitor.reload().await;
    let shop = Shop::shown(&visitor);
    shop.wait_until_open().await;
    panel.wait_for_message("Look in the inbox of").await;
    panel.view.press(COPY).await;
    panel.view.wait_for(Role::Form, COPY).await;
    assert_eq!(panel.view.value_of("Email").await, EMAIL, "what was typed before is filled in");
    wait_until("the focus to be in the form", async || {
        Ok(panel.view.evaluate("return document.activeElement.id").await? == "field-email")
    })
    .await;
    panel.view.press("Later").await;
    panel.view.wait_until_gone(Role::Form, COPY).await;
    wait_until("the focus to be back at the icon", async || {
        Ok(panel.view.evaluate("return document.activeElement.ariaLabel").await? == COPY)
    })
    .await;
}
