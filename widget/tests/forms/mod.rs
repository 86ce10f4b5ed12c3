//! "Leave your contacts", "Copy of the conversation" and what is suggested under an address, mounted in a real browser.

use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Content, Entry, Event, MailKind};
use causette_shared::form::Introduction;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::ServerFrame;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{self, Stage};

const COPY: &str = "Copy of the conversation";
const EMAIL: &str = "ada@shop.example";

fn known() -> Contact {
    Contact { name: Some("Ada".to_owned()), email: Some("…".to_owned()), ..Contact::default() }
}

fn contacts(email: Option<&str>, phone: Option<&str>) -> Introduction {
    Introduction { name: None, email: email.map(str::to_owned), phone: phone.map(str::to_owned) }
}

/// An entry that the visitor caused.
fn by_visitor(seq: u32, event: Event) -> Entry {
    Entry { author: Author::Visitor, ..stage::event(seq, event) }
}

fn ended(seq: u32) -> Entry {
    Entry { author: stage::alice(), ..stage::event(seq, Event::ChatEnded) }
}

/// A talk that Alice has ended.
fn ended_talk() -> Vec<Entry> {
    let mut log = stage::opening();
    log.push(stage::message(3, stage::alice(), "It is in stock."));
    log.push(ended(4));
    log.push(stage::event(5, Event::StatusChanged { status: Status::Closed }));
    log
}

fn form_name(stage: &Stage) -> Option<String> {
    stage.all("form").pop().and_then(|form| form.get_attribute("aria-label"))
}

#[wasm_bindgen_test]
async fn contacts_are_asked_for_when_nobody_can_answer() {
    let stage = Stage::with_nobody_there(stage::opening()).await;
    assert_eq!(form_name(&stage).as_deref(), Some("Leave your contacts"));
    assert_eq!(stage.labels(), ["Name", "Email", "Phone"]);
    let form = stage.form();
    stage.click_in(&form, "Send").await;
    assert!(stage.text().contains("Please enter your email address or a phone number."));
    assert!(stage.has_focus(&stage.field("Email")), "the first wrong field has the focus");
    stage.fill("Email", "ada@shop").await;
    stage.click_in(&form, "Send").await;
    assert!(stage.text().contains("doesn’t look like an email address"));
    assert_eq!(stage.sent(), []);
    stage.receive(ServerFrame::Availability { available: true }).await;
    assert_eq!(stage.field("Email").value(), "ada@shop", "the form stays with whoever is in it");
    stage.fill("Email", EMAIL).await;
    stage.click_in(&form, "Send").await;
    let (id, content) = stage.sent_form();
    assert_eq!(content, Content::Contacts(contacts(Some(EMAIL), None)));
    stage.acknowledge(id, 3).await;
    assert_eq!(stage.labels(), [""; 0], "who has left an address is asked nothing more, not even a name");
    let left = by_visitor(3, Event::ContactsLeft { answers: contacts(Some(EMAIL), None) });
    stage.receive(stage::entries(vec![Entry { id, ..left }])).await;
    assert!(stage.text().contains("We will email you as soon as somebody answers."));
    assert_eq!(form_name(&stage), None);
}

#[wasm_bindgen_test]
async fn a_number_alone_is_enough_and_no_mail_is_promised() {
    let stage = Stage::with_nobody_there(stage::opening()).await;
    stage.fill("Phone", "+33 1 23 45 67 89").await;
    stage.click_in(&stage.form(), "Send").await;
    let (id, content) = stage.sent_form();
    let given = contacts(None, Some("+33 1 23 45 67 89"));
    assert_eq!(content, Content::Contacts(given.clone()));
    let left = by_visitor(3, Event::ContactsLeft { answers: given });
    stage.receive(stage::entries(vec![Entry { id, ..left }])).await;
    assert!(stage.text().contains("You left your phone number."));
    assert!(!stage.text().contains("We will email you"));
    assert_eq!(form_name(&stage), None);
}

#[wasm_bindgen_test]
async fn contacts_can_be_put_off_and_found_again() {
    let stage = Stage::with_nobody_there(stage::opening()).await;
    stage.click("Later").await;
    assert_eq!(form_name(&stage), None);
    assert!(stage.button("Leave your contacts").is_some());
    stage.receive(ServerFrame::Availability { available: true }).await;
    assert!(stage.button("Leave your contacts").is_none(), "somebody is there now");
    stage.click("Introduce yourself").await;
    assert_eq!(stage.labels(), ["Name"]);
    stage.receive(ServerFrame::Availability { available: false }).await;
    assert_eq!(stage.labels(), ["Name"], "what stands before the visitor stays");
}

#[wasm_bindgen_test]
async fn that_nobody_can_answer_is_said_no_longer_than_it_is_true() {
    let stage = Stage::with_nobody_there(stage::opening()).await;
    assert_eq!(form_name(&stage).as_deref(), Some("Leave your contacts"));
    stage.receive(ServerFrame::Availability { available: true }).await;
    assert_eq!(form_name(&stage).as_deref(), Some("Introduce yourself"));
    assert_eq!(stage.labels(), ["Name"]);
}

#[wasm_bindgen_test]
async fn who_types_their_address_is_not_interrupted_by_somebody_who_comes() {
    let stage = Stage::with_nobody_there(stage::opening()).await;
    stage.fill("Email", "ada@mail").await;
    stage.receive(ServerFrame::Availability { available: true }).await;
    assert_eq!(form_name(&stage).as_deref(), Some("Leave your contacts"));
    assert_eq!(stage.field("Email").value(), "ada@mail");
}

#[wasm_bindgen_test]
async fn the_icon_opens_the_form_for_a_copy_and_takes_the_focus_back() {
    let stage = Stage::new("en").await;
    stage.receive(stage::no_conversation()).await;
    assert!(stage.button(COPY).is_none(), "there is nothing to copy");
    let stage = Stage::with_conversation("en", known(), stage::opening()).await;
    let icon = stage.button(COPY).expect("the icon is there");
    assert_eq!(icon.get_attribute("aria-expanded").as_deref(), Some("false"));
    stage.click(COPY).await;
    assert_eq!(form_name(&stage).as_deref(), Some(COPY));
    assert_eq!(stage.labels(), ["Email"]);
    assert_eq!(icon.get_attribute("aria-expanded").as_deref(), Some("true"));
    let email = || stage.field("Email");
    stage.wait_until("the field has the focus", || stage.has_focus(&email())).await;
    stage.click("Later").await;
    assert_eq!(form_name(&stage), None);
    assert!(stage.has_focus(&icon));
    stage.click(COPY).await;
    assert!(stage.widget().dismiss_copy(), "Escape closes the form before it minimises the panel");
    stage.settle().await;
    assert!(stage.has_focus(&icon) && !stage.widget().dismiss_copy());
    stage.click(COPY).await;
    stage.click_in(&stage.form(), "Send").await;
    assert!(stage.text().contains("Please enter your email address."));
    stage.fill("Email", EMAIL).await;
    stage.click_in(&stage.form(), "Send").await;
    let (id, content) = stage.sent_form();
    assert_eq!(content, Content::Copy { email: EMAIL.to_owned() });
    assert_eq!(form_name(&stage).as_deref(), Some(COPY), "until it is committed the form stays");
    stage.acknowledge(id, 3).await;
    assert_eq!(form_name(&stage), None);
    assert!(stage.has_focus(&icon));
    let asked = by_visitor(3, Event::CopyRequested { email: EMAIL.to_owned() });
    stage.receive(stage::entries(vec![Entry { id, ..asked }])).await;
    assert!(stage.text().contains("Look in the inbox of ada@shop.example:"), "{}", stage.text());
    assert!(!stage.text().contains("Thank you!"), "we knew how to reach them");
}

#[wasm_bindgen_test]
async fn a_copy_comes_in_place_of_another_question_which_comes_back() {
    let stage = Stage::with_conversation("en", Contact::default(), stage::opening()).await;
    stage.fill("Name", "Ad").await;
    stage.click(COPY).await;
    assert_eq!(stage.labels(), ["Email"]);
    let email = || stage.field("Email");
    stage.wait_until("the field has the focus", || stage.has_focus(&email())).await;
    stage.click("Later").await;
    assert_eq!(stage.labels(), ["Name"]);
    assert_eq!(stage.field("Name").value(), "Ad", "nothing that was typed is lost");
}

#[wasm_bindgen_test]
async fn a_refused_copy_is_shown_at_its_field_and_the_text_stays() {
    let stage = Stage::with_conversation("en", known(), stage::opening()).await;
    let refusals = [
        (Problem::new(ProblemKind::WrongState), "No more copies can be sent today."),
        (Problem::field("email", "does not have the right form"), "doesn’t look like an email address"),
    ];
    stage.click(COPY).await;
    for (problem, said) in refusals {
        stage.fill("Email", EMAIL).await;
        stage.click_in(&stage.form(), "Send").await;
        let (id, _) = stage.sent_form();
        stage.receive(ServerFrame::Refused { id, problem }).await;
        assert!(stage.text().contains(said), "{said}: {}", stage.text());
        assert_eq!(stage.field("Email").get_attribute("aria-invalid").as_deref(), Some("true"));
        assert_eq!(stage.field("Email").value(), EMAIL);
    }
    stage.fill("Email", "grace@shop.example").await;
    assert_eq!(stage.field("Email").get_attribute("aria-invalid").as_deref(), Some("false"));
}

#[wasm_bindgen_test]
async fn the_address_that_was_given_before_is_filled_in() {
    let mut log = stage::opening();
    let answers = Introduction { name: Some("Ada".to_owned()), ..contacts(Some(EMAIL), None) };
    log.push(by_visitor(3, Event::FormSubmitted { answers }));
    let stage = Stage::with_conversation("en", known(), log).await;
    stage.click(COPY).await;
    assert_eq!(stage.field("Email").value(), EMAIL, "and not what the server tells instead of it");
    stage.fill("Email", "").await;
    stage.receive(stage::entries(vec![stage::message(4, stage::alice(), "Hello")])).await;
    assert_eq!(stage.field("Email").value(), "", "what the visitor empties stays empty");
}

#[wasm_bindgen_test]
async fn after_the_end_a_copy_is_offered_once_and_takes_no_focus() {
    let stage = Stage::with_conversation("en", known(), ended_talk()).await;
    assert!(stage.text().contains("Alice ended the chat. You can still write to us here."));
    stage.composer().focus().expect("the composer takes the focus");
    stage.wait_until("the form comes", || form_name(&stage).as_deref() == Some(COPY)).await;
    assert!(stage.has_focus(&stage.composer()), "whoever writes is left alone");
    stage.click("Later").await;
    assert_eq!(form_name(&stage), None);
    let again = stage.reload().await;
    again.receive(stage::welcome(known(), 5)).await;
    again.receive(stage::entries(ended_talk())).await;
    again.wait(100).await;
    assert_eq!(form_name(&again), None, "it was put off after this end");
    again.receive(stage::entries(vec![stage::message(6, Author::Visitor, "One more"), ended(7)])).await;
    again.wait_until("another end is another offer", || form_name(&again).as_deref() == Some(COPY)).await;
    again.receive(stage::entries(vec![stage::message(8, Author::Visitor, "And another")])).await;
    assert_eq!(form_name(&again), None, "the conversation goes on");
}

#[wasm_bindgen_test]
async fn a_copy_that_is_being_asked_for_is_not_taken_away() {
    let stage = Stage::with_conversation("en", known(), ended_talk()).await;
    stage.wait_until("the form comes", || form_name(&stage).as_deref() == Some(COPY)).await;
    stage.fill("Email", "ada@").await;
    stage.receive(stage::entries(vec![stage::message(6, stage::alice(), "One more thing")])).await;
    assert_eq!(stage.field("Email").value(), "ada@");
}

#[wasm_bindgen_test]
async fn a_copy_that_was_asked_for_is_not_offered() {
    let mut log = ended_talk();
    log.push(by_visitor(6, Event::CopyRequested { email: EMAIL.to_owned() }));
    let stage = Stage::with_conversation("en", known(), log).await;
    stage.wait(100).await;
    assert_eq!(form_name(&stage), None);
}

#[wasm_bindgen_test]
async fn a_slip_in_an_address_is_offered_and_never_imposed() {
    let stage = Stage::with_conversation("en", known(), stage::opening()).await;
    stage.click(COPY).await;
    stage.fill("Email", "ada@gmial.com").await;
    stage.click("Did you mean ada@gmail.com?").await;
    assert_eq!(stage.field("Email").value(), "ada@gmail.com");
    assert!(stage.has_focus(&stage.field("Email")));
    assert!(!stage.text().contains("Did you mean"));
    stage.fill("Email", "ada@gmail.co").await;
    assert!(!stage.text().contains("Did you mean"), "they are still typing");
    stage.leave("Email").await;
    assert!(stage.text().contains("Did you mean ada@gmail.com?"));
    stage.click_in(&stage.form(), "Send").await;
    assert_eq!(stage.sent_form().1, Content::Copy { email: "ada@gmail.co".to_owned() });
}

#[wasm_bindgen_test]
async fn a_slip_that_nobody_was_shown_is_shown_before_it_is_sent() {
    let stage = Stage::with_nobody_there(stage::opening()).await;
    stage.fill("Email", "ada@hotmail.f").await;
    stage.fill("Email", "ada@outlook.co").await;
    stage.click_in(&stage.form(), "Send").await;
    assert_eq!(stage.sent(), []);
    assert!(stage.text().contains("Did you mean ada@outlook.com?"));
    stage.click_in(&stage.form(), "Send").await;
    assert_eq!(stage.sent_form().1, Content::Contacts(contacts(Some("ada@outlook.co"), None)));
}

#[wasm_bindgen_test]
async fn what_happened_by_mail_is_said() {
    let mailed = |kind| Event::Mailed { kind, to: EMAIL.to_owned(), upto: 0 };
    let stage = Stage::with_conversation(
        "en",
        known(),
        vec![
            stage::message(1, Author::Visitor, "Hello"),
            stage::event(2, mailed(MailKind::ConfirmCopy)),
            stage::event(3, mailed(MailKind::NewLink)),
            stage::event(4, Event::Resumed { devices: 1 }),
            stage::event(5, Event::LinksRevoked),
        ],
    )
    .await;
    assert_eq!(stage.all(".notice").len(), 0);
    let said = [
        (mailed(MailKind::FollowUp), "Sent to you by email"),
        (Event::MailFailed { to: EMAIL.to_owned(), reason: "550".to_owned() }, "could not be delivered."),
        (Event::MailStopped, "You will get no more emails"),
        (Event::ChatEnded, "The chat has ended. You can still write to us here."),
    ];
    for (seq, (event, text)) in (6..).zip(said) {
        stage.receive(stage::entries(vec![stage::event(seq, event)])).await;
        assert!(
            stage.one(".row:last-child .notice").text_content().unwrap_or_default().contains(text),
            "{text}"
        );
    }
    assert!(!stage.text().contains(EMAIL), "an agent may have attached somebody else's address");
}

#[wasm_bindgen_test]
async fn the_forms_speak_french() {
    let stage = Stage::with_conversation("fr", known(), ended_talk()).await;
    assert!(stage.text().contains("Alice a mis fin à la discussion."));
    stage.wait_until("the form comes", || form_name(&stage).is_some()).await;
    assert_eq!(form_name(&stage).as_deref(), Some("Copie de la conversation"));
    stage.fill("E-mail", "ada@gmial.com").await;
    assert!(stage.text().contains("Vouliez-vous dire ada@gmail.com\u{202f}?"));
}
