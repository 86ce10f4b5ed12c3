//! Contacts at the desk: from a conversation to the person, and two records made one.

use causette_e2e::harness::{ALICE, Browser, Server};
use causette_e2e::pages::{Contacts, Desk, Role, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_adds_corrects_merges_and_takes_it_back() {
    let server = Server::start().await;
    let browser = Browser::open("agent").await;
    let contacts = Contacts::sign_in(&browser, &server, ALICE).await;
    contacts.wait_for_list("who wrote to the demo", |list| list.contains("Claire Fontaine")).await;

    // A form that is wrong says so at the field, and a slip is offered, not imposed.
    contacts.view.press("New contact").await;
    contacts.view.press("Save").await;
    contacts.view.wait_for_text("Please enter a name or another way to know this contact.").await;
    contacts.view.type_into("Name", "Ada Lovelace").await;
    contacts.view.type_into("Email", "ada@gmial.com").await;
    contacts.view.wait_for(Role::Button, "Did you mean ada@gmail.com?").await;
    contacts.view.type_into("Phone", "call me").await;
    contacts.view.press("Save").await;
    contacts.view.wait_for_text("Please enter a phone number").await;
    assert_eq!(contacts.view.value_of("Email").await, "ada@gmial.com");
    contacts.view.press("Did you mean ada@gmail.com?").await;
    assert_eq!(contacts.view.value_of("Email").await, "ada@gmail.com");
    contacts.view.empty("Phone").await;
    contacts.view.press("Save").await;
    contacts.view.wait_for_text("Not verified").await;
    contacts.add(&[("Name", "A. L."), ("Phone", "+33 1 23 45 67 89"), ("Company", "Engines")]).await;
    contacts.wait_for_list("both", |list| list.contains("Ada Lovelace") && list.contains("A. L.")).await;

    contacts.view.type_into("Search contacts", "GMAIL ada").await;
    contacts.wait_for_list("one", |list| list.contains("Ada") && !list.contains("A. L.")).await;
    contacts.view.empty("Search contacts").await;
    contacts.view.type_into("Search contacts", "zzz").await;
    contacts.view.wait_for_text("Nobody found").await;
    contacts.view.empty("Search contacts").await;

    contacts.open("Ada Lovelace").await;
    contacts.view.press("Merge…").await;
    contacts.pick("A. L.").await;
    contacts.view.wait_for_text("The conversations of A. L. move here.").await;
    contacts.view.press("Merge").await;
    contacts.view.wait_for_text("The contacts are merged.").await;
    contacts.wait_for_list("one alone", |list| list.contains("Ada") && !list.contains("A. L.")).await;
    contacts.view.wait_for_text("+33123456789").await;
    contacts.view.press("Undo").await;
    contacts.view.wait_for_text("The merge is undone.").await;
    contacts.wait_for_list("both again", |list| list.contains("Ada") && list.contains("A. L.")).await;
    contacts.view.wait_until_gone(Role::Link, "+33123456789").await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());

    // An address of its own, also after a reload.
    browser.reload().await;
    contacts.view.wait_for(Role::Heading, "Ada Lovelace").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_leads_to_its_person_and_takes_another() {
    let server = Server::start().await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    let number = panel.number().await;

    let contacts = Contacts::sign_in(&agent, &server, ALICE).await;
    contacts.add(&[("Name", "Ada Lovelace"), ("Email", "ada@engines.example")]).await;
    contacts.follow("Inbox").await;
    let desk = Desk::shown(&agent);
    desk.open(number).await;
    desk.view.press("Attach contact…").await;
    contacts.pick("Ada").await;
    desk.wait_for_details("ada@engines.example").await;
    desk.wait_for_row(number, "the name", |row| row.contains("Ada Lovelace")).await;

    contacts.follow("Ada Lovelace").await;
    contacts.view.wait_for_text("Conversations (1)").await;
    contacts.view.wait_for_text("Do you repair old lamps?").await;
    contacts.view.press("Edit").await;
    contacts.view.empty("Name").await;
    contacts.view.type_into("Name", "<b>Ada</b>").await;
    contacts.view.press("Save").await;
    contacts.view.wait_for(Role::Heading, "<b>Ada</b>").await;
    contacts.follow("Inbox").await;
    desk.wait_for_row(number, "the name as it is written", |row| row.contains("<b>Ada</b>")).await;
    desk.open(number).await;
    desk.view.press("Detach").await;
    desk.wait_for_details("Attach contact…").await;
    desk.wait_for_row(number, "nobody", |row| row.contains("Visitor")).await;
}
