//! The list of conversations, and one that is open.

use causette_desk::pages::Inbox;
use causette_desk::router::Route;
use causette_desk::state::desk::Phase;
use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Event};
use causette_shared::form::Introduction;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{ClientFrame, ConversationSummary, ServerFrame};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlTextAreaElement;

use crate::answers::answer;
use crate::stage::{Stage, settle};
use crate::told::{MARKUP, conversation, entries, entry, message, row, welcome};

#[wasm_bindgen_test]
async fn the_list_is_sorted_and_older_news_is_ignored() {
    let stage = Stage::inbox(vec![row(2, 20), row(1, 10)], None).await;
    assert_eq!(stage.text("[aria-label=Conversations] .row__number"), ["#2", "#1"]);
    let newer = ConversationSummary { revision: 3, preview: "newest".to_owned(), ..row(1, 30) };
    stage.desk.handle(ServerFrame::Conversation(newer));
    settle().await;
    assert_eq!(stage.text(".row__number"), ["#1", "#2"]);
    let older = ConversationSummary { revision: 2, preview: "stale".to_owned(), ..row(1, 5) };
    stage.desk.handle(ServerFrame::Conversation(older));
    stage.desk.handle(ServerFrame::Conversation(row(3, 25)));
    settle().await;
    assert_eq!(stage.text(".row__number"), ["#1", "#3", "#2"]);
    assert_eq!(stage.text(".row__line")[0], "newest");
}

#[wasm_bindgen_test]
async fn what_is_unread_is_marked_counted_and_told_in_the_title() {
    let unread = ConversationSummary { unread: 2, agent_seen: 0, ..row(2, 20) };
    let stage = Stage::inbox(vec![unread.clone(), row(1, 10)], None).await;
    assert_eq!(stage.text(".row--unread .row__unread"), ["2 unread"]);
    assert!(document().title().starts_with("(1) "), "{}", document().title());
    stage.desk.handle(ServerFrame::Conversation(ConversationSummary { revision: 2, unread: 0, ..unread }));
    settle().await;
    assert!(stage.all(".row--unread").is_empty());
    assert!(!document().title().starts_with('('), "{}", document().title());
}

#[wasm_bindgen_test]
async fn an_open_conversation_is_followed_and_seen() {
    let stage =
        Stage::inbox(vec![ConversationSummary { unread: 1, agent_seen: 0, ..row(1, 10) }], Some(1)).await;
    let id = conversation(1);
    assert!(stage.line.sent.borrow().contains(&ClientFrame::Watch { conversation: id, after: None }));
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    settle().await;
    assert_eq!(stage.text("[role=log] .message__text"), ["hello"]);
    if !document().hidden() {
        assert!(stage.line.sent.borrow().contains(&ClientFrame::Seen { conversation: id, upto: 1 }));
    }
}

#[wasm_bindgen_test]
async fn text_stays_text() {
    let mut told = row(1, 10);
    told.contact = Contact { name: Some(MARKUP.to_owned()), email: None, email_verified: false, phone: None };
    told.preview = MARKUP.to_owned();
    let stage = Stage::inbox(vec![told], Some(1)).await;
    let answers = Introduction { name: Some(MARKUP.to_owned()), ..Introduction::default() };
    stage.desk.handle(entries(
        1,
        vec![
            entry(1, Author::Visitor, message(MARKUP)),
            entry(2, Author::Visitor, Body::Event(Event::FormSubmitted { answers })),
        ],
    ));
    settle().await;
    assert_eq!(stage.text("[role=log] .message__text"), [MARKUP]);
    assert_eq!(stage.text(".form-card dd"), [MARKUP]);
    assert_eq!(stage.text(".row__name"), [MARKUP]);
    stage.assert_plain();
}

#[wasm_bindgen_test]
async fn a_link_in_a_message_leads_out_and_nothing_else_does() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(
        1,
        vec![entry(1, Author::Visitor, message("https://a.example/x javascript:alert(1)"))],
    ));
    settle().await;
    let links = stage.all("[role=log] a");
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].get_attribute("href").as_deref(), Some("https://a.example/x"));
    assert!(links[0].get_attribute("rel").is_some_and(|rel| rel.contains("noopener")));
}

#[wasm_bindgen_test]
async fn a_closed_conversation_takes_no_answer_and_says_so() {
    let stage =
        Stage::inbox(vec![ConversationSummary { status: Status::Closed, ..row(1, 10) }], Some(1)).await;
    let field: HtmlTextAreaElement = stage.one("textarea").unchecked_into();
    assert!(field.disabled());
    assert!(stage.text(".composer__note")[0].contains("closed"));
}

#[wasm_bindgen_test]
async fn an_ended_session_leads_back_to_the_sign_in() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(ServerFrame::Problem(Problem::new(ProblemKind::NotSignedIn)));
    assert_eq!(stage.desk.phase.get_untracked(), Phase::SignedOut { expired: true });
}

#[wasm_bindgen_test]
async fn an_unknown_number_is_said_to_be_missing() {
    answer(&[]);
    let stage = Stage::new(None, Route::Conversation(4_242), |desk, router| {
        view! { <Inbox desk router/> }.into_any()
    });
    stage.desk.handle(welcome(vec![row(1, 10)]));
    settle().await;
    assert!(stage.text(".nothing__title").contains(&"Conversation #4242 was not found".to_owned()));
}
