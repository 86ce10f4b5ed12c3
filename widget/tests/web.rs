//! Mounted components in a real browser: what a visitor sees and does, with a server made of frames.

mod forms;
mod opening;
mod person;
mod stage;

use causette_shared::contact::Contact;
use causette_shared::entry::{Author, Content, Event};
use causette_shared::form::Introduction;
use causette_shared::limits;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame};
use stage::Stage;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn known() -> Contact {
    Contact { name: Some("Ada".to_owned()), email: Some("ada@shop.example".to_owned()), ..Contact::default() }
}

#[wasm_bindgen_test]
async fn nothing_is_said_to_the_server_before_the_first_message() {
    let stage = Stage::new("en").await;
    stage.receive(stage::no_conversation()).await;
    assert!(stage.text().contains("How can we help?"));
    assert!(stage.text().contains("Welcome to the shop"), "the greeting stands in the empty log");
    stage.type_message("Hel").await;
    assert_eq!(stage.sent(), [], "typing before there is a conversation is nobody's business");
    stage.press("Enter", false).await;
    let sent = stage.sent();
    assert!(
        matches!(&sent[..], [ClientFrame::Hello(hello)] if hello.session.is_some()),
        "the session is greeted before the message goes out: {sent:?}"
    );
    assert!(stage.text().contains("Sending…"));
    stage.receive(stage::no_conversation()).await;
    assert!(matches!(&stage.sent()[..], [ClientFrame::Send { .. }]));
}

#[wasm_bindgen_test]
async fn a_message_keeps_its_element_from_sending_to_seen() {
    let stage = Stage::with_conversation("en", known(), vec![]).await;
    stage.type_message("Is it in stock?").await;
    stage.press("Enter", false).await;
    assert_eq!(stage.composer().value(), "");
    let bubble = stage.one(".message__bubble");
    assert_eq!(bubble.text_content().as_deref(), Some("Is it in stock?"));
    let id = stage.sent_message();
    stage.acknowledge(id, 1).await;
    assert!(stage.text().contains("Sent"));
    stage.receive(stage::entries(vec![stage::message_with(id, 1, Author::Visitor, "Is it in stock?")])).await;
    stage.seen_by_agent(1).await;
    assert!(stage.text().contains("Seen"));
    assert!(bubble.is_same_node(Some(&stage.one(".message__bubble"))));
    assert_eq!(stage.all(".message").len(), 1);
}

#[wasm_bindgen_test]
async fn a_refused_message_can_be_sent_again_or_edited() {
    let stage = Stage::with_conversation("en", known(), vec![]).await;
    stage.type_message("Refuse me").await;
    stage.press("Enter", false).await;
    let id = stage.sent_message();
    stage.receive(ServerFrame::Refused { id, problem: Problem::new(ProblemKind::IdReused) }).await;
    assert!(stage.text().contains("Not sent"));
    stage.click("Try again").await;
    assert_eq!(stage.sent_message(), id, "a repeat keeps its id");
    stage.receive(ServerFrame::Refused { id, problem: Problem::new(ProblemKind::IdReused) }).await;
    stage.type_message("and this").await;
    stage.click("Edit").await;
    assert_eq!(stage.composer().value(), "Refuse me\nand this", "nothing that was typed is lost");
    assert_eq!(stage.all(".message").len(), 0);
}

#[wasm_bindgen_test]
async fn what_was_not_sent_comes_back_after_a_reload() {
    let stage = Stage::with_conversation("en", known(), vec![]).await;
    stage.type_message("Do not lose me").await;
    stage.press("Enter", false).await;
    let id = stage.sent_message();
    stage.type_message("half a thou").await;
    let again = stage.reload().await;
    assert!(again.text().contains("Do not lose me"));
    assert_eq!(again.composer().value(), "half a thou");
    again.receive(stage::welcome(known(), 0)).await;
    assert_eq!(again.sent_message(), id);
    again.receive(stage::entries(vec![stage::message_with(id, 1, Author::Visitor, "Do not lose me")])).await;
    let last = again.reload().await;
    assert!(!last.text().contains("Do not lose me"), "what has arrived is kept no longer");
}

#[wasm_bindgen_test]
async fn text_is_text_and_links_are_links() {
    let text = "<img src=x onerror=alert(1)> see https://shop.example/a?b=1&c=2.";
    let stage = Stage::with_conversation("en", known(), vec![stage::message(1, stage::alice(), text)]).await;
    assert_eq!(stage.one(".message__bubble").text_content().as_deref(), Some(text));
    assert_eq!(stage.all("img").len(), 0);
    let link = stage.one("a");
    assert_eq!(link.get_attribute("href").as_deref(), Some("https://shop.example/a?b=1&c=2"));
    assert_eq!(link.get_attribute("rel").as_deref(), Some("noopener noreferrer nofollow"));
    assert_eq!(link.get_attribute("target").as_deref(), Some("_blank"));
}

#[wasm_bindgen_test]
async fn shift_enter_and_input_methods_do_not_send() {
    let stage = Stage::with_conversation("en", known(), vec![]).await;
    stage.type_message("line").await;
    stage.press("Enter", true).await;
    stage.press_composing("Enter").await;
    assert_eq!(stage.sent_messages(), 0);
    stage.press("Enter", false).await;
    assert_eq!(stage.sent_messages(), 1);
    stage.type_message("   ").await;
    stage.click("Send").await;
    assert_eq!(stage.sent_messages(), 0, "blank text is not sent");
    assert_eq!(stage.composer().value(), "   ");
}

#[wasm_bindgen_test]
async fn a_text_that_is_too_long_stays_and_is_counted() {
    let stage = Stage::with_conversation("en", known(), vec![]).await;
    let text = "é".repeat(limits::MESSAGE_CHARS + 3);
    stage.type_message(&text).await;
    assert!(stage.text().contains("Characters over the limit: 3"), "{}", stage.text());
    stage.press("Enter", false).await;
    assert_eq!(stage.sent_messages(), 0);
    assert_eq!(stage.composer().value(), text);
    assert_eq!(stage.composer().get_attribute("aria-invalid").as_deref(), Some("true"));
    stage.type_message(&"é".repeat(limits::MESSAGE_CHARS)).await;
    assert!(!stage.text().contains("over the limit"));
}

#[wasm_bindgen_test]
async fn the_form_grows_from_the_name_to_the_rest() {
    let stage = Stage::with_conversation("en", Contact::default(), stage::opening()).await;
    let form = stage.form();
    assert_eq!(stage.labels(), ["Name"]);
    stage.click("Continue").await;
    assert!(stage.text().contains("Please enter your name."));
    stage.fill("Name", "Ada").await;
    assert!(!stage.text().contains("Please enter your name."), "a problem goes as soon as it is solved");
    stage.click("Continue").await;
    let id =
        stage.sent_introduction(&Introduction { name: Some("Ada".to_owned()), ..Introduction::default() });
    assert_eq!(stage.labels(), ["Name"], "it grows when the name is committed");
    stage.acknowledge(id, 3).await;
    assert_eq!(stage.labels(), ["Email", "Phone"]);
    assert!(form.is_same_node(Some(&stage.form())), "it is the same form");
    stage.fill("Email", "ada@shop").await;
    stage.fill("Phone", "12").await;
    stage.click_in(&form, "Send").await;
    assert!(stage.text().contains("doesn’t look like an email address"));
    assert!(stage.text().contains("enter a phone number"));
    assert_eq!(stage.field("Email").value(), "ada@shop", "nothing is cleared");
    assert_eq!(stage.sent(), []);
    stage.fill("Email", "ada@shop.example").await;
    stage.fill("Phone", "").await;
    stage.click_in(&form, "Send").await;
    let id = stage.sent_introduction(&Introduction {
        name: Some("Ada".to_owned()),
        email: Some("ada@shop.example".to_owned()),
        phone: None,
    });
    stage.acknowledge(id, 4).await;
    assert!(stage.text().contains("Thank you!"));
    assert_eq!(stage.labels(), [""; 0]);
}

#[wasm_bindgen_test]
async fn the_form_can_be_put_off_and_found_again() {
    let stage = Stage::with_conversation("en", Contact::default(), stage::opening()).await;
    stage.fill("Name", "Ad").await;
    stage.click("Later").await;
    assert_eq!(stage.labels(), [""; 0]);
    let again = stage.reload().await;
    again.receive(stage::welcome(Contact::default(), 2)).await;
    again.receive(stage::entries(stage::opening())).await;
    assert_eq!(again.labels(), [""; 0], "it stays put off");
    again.click("Introduce yourself").await;
    assert_eq!(again.labels(), ["Name"]);
}

#[wasm_bindgen_test]
async fn an_answer_that_the_server_refuses_is_shown_at_its_field() {
    let stage = Stage::with_conversation("en", Contact::default(), stage::opening()).await;
    stage.fill("Name", "Ada").await;
    stage.click("Continue").await;
    let id =
        stage.sent_introduction(&Introduction { name: Some("Ada".to_owned()), ..Introduction::default() });
    stage.receive(ServerFrame::Refused { id, problem: Problem::field("name", "is not welcome") }).await;
    assert_eq!(stage.field("Name").get_attribute("aria-invalid").as_deref(), Some("true"));
    assert_eq!(stage.field("Name").value(), "Ada");
}

#[wasm_bindgen_test]
async fn events_number_and_agent_are_shown() {
    let joined = Event::Assigned { agent: stage::agent(), name: "Alice".to_owned() };
    let stage = Stage::with_conversation("en", known(), vec![stage::event(1, joined)]).await;
    assert!(stage.text().contains("Alice joined the conversation"));
    assert!(stage.text().contains("Conversation #42"));
    stage.receive(ServerFrame::Typing { name: "Alice".to_owned(), active: true }).await;
    assert!(stage.text().contains("Alice is typing…"));
    stage.receive(stage::entries(vec![stage::message(2, stage::alice(), "Hello")])).await;
    assert!(!stage.text().contains("is typing"));
}

#[wasm_bindgen_test]
async fn what_is_before_the_visitors_eyes_is_said_to_be_seen() {
    let stage = Stage::with_conversation("en", known(), vec![]).await;
    stage.widget().panel.shown.set(false);
    stage.receive(stage::entries(vec![stage::message(1, stage::alice(), "Hello")])).await;
    assert_eq!(stage.sent(), [], "a hidden panel shows nothing");
    stage.widget().panel.shown.set(true);
    stage.settle().await;
    assert!(matches!(&stage.sent()[..], [ClientFrame::Seen { upto: 1, .. }]));
}

#[wasm_bindgen_test]
async fn the_log_is_polite_and_does_not_read_back_or_announce_history() {
    let stage = Stage::with_conversation("en", known(), vec![stage::message(1, stage::alice(), "Old")]).await;
    let log = stage.one("[role=log]");
    assert_eq!(log.get_attribute("aria-label").as_deref(), Some("Conversation"));
    assert_eq!(log.get_attribute("aria-live").as_deref(), Some("off"));
    let live = || log.get_attribute("aria-live");
    stage.wait_until("it is polite", || live().as_deref() == Some("polite")).await;
    stage.widget().compose(Content::Message { text: "Mine".to_owned() });
    stage.settle().await;
    assert_eq!(stage.all("[role=log] > [aria-live=off]").len(), 1);
}

/// Entries of a long conversation.
fn long_log(seqs: std::ops::RangeInclusive<u32>) -> Vec<causette_shared::entry::Entry> {
    seqs.map(|seq| stage::message(seq, stage::alice(), &["Line ", &seq.to_string()].concat())).collect()
}

#[wasm_bindgen_test]
async fn who_is_at_the_end_stays_there() {
    let (stage, log) = Stage::opened_at(known(), long_log(1..=40), 40).await;
    let from_end = || log.scroll_height() - log.scroll_top() - log.client_height();
    stage.wait_until("it opens at its end", || log.scroll_top() > 0 && from_end() <= 1).await;
    let height = log.scroll_height();
    stage.receive(stage::entries(vec![stage::message(41, stage::alice(), "One more")])).await;
    stage.wait_until("it stays there", || log.scroll_height() > height && from_end() <= 1).await;
}

#[wasm_bindgen_test]
async fn earlier_messages_leave_the_reader_in_place() {
    let (stage, log) = Stage::opened_at(known(), long_log(41..=80), 80).await;
    stage.wait_until("it opens at its end", || log.scroll_top() > 50).await;
    stage.sent();
    log.set_scroll_top(50);
    let asked = stage.wait_for_sent("coming near the start asks for more").await;
    assert!(matches!(&asked[..], [ClientFrame::Earlier { before: 41, .. }]), "{asked:?}");
    let first = stage.all(".row").swap_remove(0);
    let before = first.get_bounding_client_rect().top();
    stage.receive(stage::entries(long_log(1..=40))).await;
    stage.wait_until("all are there", || stage.all(".row").len() == 80).await;
    let moved = || (first.get_bounding_client_rect().top() - before).abs();
    stage.wait_until("the reader stays in place", || moved() < 2.0).await;
}

#[wasm_bindgen_test]
async fn what_comes_below_is_announced_by_a_way_there() {
    let (stage, log) = Stage::opened_at(known(), long_log(1..=40), 40).await;
    stage.wait_until("it opens at its end", || log.scroll_top() > 200).await;
    log.set_scroll_top(200);
    stage.wait_until("the scroll is heard of", || !stage.widget().panel.at_end.now()).await;
    stage.sent();
    stage.receive(stage::entries(vec![stage::message(41, stage::alice(), "News")])).await;
    assert_eq!(log.scroll_top(), 200);
    assert_eq!(stage.sent(), [], "what is below the fold has not been seen");
    stage.click("New messages").await;
    let from_end = || log.scroll_height() - log.scroll_top() - log.client_height();
    stage.wait_until("it leads to the end", || from_end() <= 1).await;
    let told = stage.wait_for_sent("what was led to is seen").await;
    assert!(matches!(&told[..], [ClientFrame::Seen { upto: 41, .. }]), "{told:?}");
    assert!(!stage.text().contains("New messages"));
}

#[wasm_bindgen_test]
async fn trouble_with_the_connection_is_said_and_nothing_is_lost() {
    let stage = Stage::with_conversation("en", known(), vec![]).await;
    stage.lose(1).await;
    assert!(!stage.text().contains("Reconnecting"), "a short loss is kept quiet");
    stage.lose(2).await;
    assert!(stage.text().contains("Reconnecting"));
    stage.type_message("Meanwhile").await;
    stage.press("Enter", false).await;
    assert!(stage.text().contains("Sending…"));
    assert_eq!(stage.sent_messages(), 0);
    stage.receive(stage::welcome(known(), 0)).await;
    assert!(stage.text().contains("back online"));
    assert_eq!(stage.sent_messages(), 1);
    stage.receive(ServerFrame::Problem(Problem::new(ProblemKind::Outdated))).await;
    assert!(stage.text().contains("newer version"));
}

#[wasm_bindgen_test]
async fn a_page_that_may_not_use_the_chat_is_told_so() {
    let stage = Stage::new("en").await;
    stage.receive(ServerFrame::Problem(Problem::new(ProblemKind::WrongOrigin))).await;
    assert!(stage.text().contains("Chat isn’t available on this page."));
    assert_eq!(stage.all("textarea").len(), 0);
}

#[wasm_bindgen_test]
async fn it_speaks_french_with_its_spaces() {
    let stage = Stage::with_conversation("fr", Contact::default(), stage::opening()).await;
    assert!(stage.text().contains("Conversation n°\u{a0}42"), "{}", stage.text());
    assert!(stage.text().contains("Comment vous appelez-vous\u{202f}?"));
    assert_eq!(stage.labels(), ["Nom"]);
    stage.click("Continuer").await;
    assert!(stage.text().contains("Veuillez indiquer votre nom."));
}
