//! A reply on its way: sending, sent, seen, refused, kept.

use causette_desk::pages::Inbox;
use causette_desk::router::Route;
use causette_desk::state::desk::Connection;
use causette_desk::state::kept;
use causette_shared::entry::{Author, Entry};
use causette_shared::id::EntryId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{ClientFrame, ConversationSummary, ServerFrame};
use causette_shared::time::Timestamp;
use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::answers::answer;
use crate::stage::{REPLY, Stage, settle};
use crate::told::{conversation, entries, entry, me, message, row, welcome};

#[wasm_bindgen_test]
async fn a_reply_goes_from_sending_to_sent_to_seen() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    settle().await;
    stage.write(REPLY, "  good morning ").await;
    stage.click(".composer__send").await;
    let sent = stage.sent_messages();
    assert_eq!(sent.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["good morning"]);
    assert_eq!(stage.text(".message__state"), ["Sending"]);
    assert_eq!(kept::list_unsent(me().id).len(), 1);
    let id = sent[0].0;
    stage.desk.handle(ServerFrame::Acknowledged { id, conversation: conversation(1), seq: 2 });
    settle().await;
    assert_eq!(stage.text(".message__state"), ["Sent"]);
    let author = Author::Agent { id: me().id, name: me().name };
    let committed = Entry { seq: 2, id, at: Timestamp(9), author, body: message("good morning") };
    stage.desk.handle(entries(1, vec![committed]));
    let seen = ConversationSummary { revision: 2, last_seq: 2, visitor_seen: 2, ..row(1, 20) };
    stage.desk.handle(ServerFrame::Conversation(seen));
    settle().await;
    assert_eq!(stage.text(".message__state"), ["Seen"]);
    assert_eq!(stage.text(".message__text"), ["hello", "good morning"]);
    assert!(kept::list_unsent(me().id).is_empty());
}

#[wasm_bindgen_test]
async fn a_refused_reply_says_why_and_is_retried_under_its_id_or_edited() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    stage.write(REPLY, "too late").await;
    stage.click(".composer__send").await;
    let id = stage.sent_messages()[0].0;
    let refuse = || {
        let problem = Problem::new(ProblemKind::WrongState);
        stage.desk.handle(ServerFrame::Refused { id, conversation: conversation(1), problem });
    };
    refuse();
    settle().await;
    assert_eq!(stage.text(".message__state--failed"), ["Not sent"]);
    assert!(stage.text(".message__refusal")[0].contains("closed"));
    assert_eq!(stage.text(".row__failed"), ["Not sent"]);
    stage.click(".message__refusal button").await;
    assert_eq!(stage.sent_messages(), [(id, "too late".to_owned()), (id, "too late".to_owned())]);
    refuse();
    settle().await;
    assert_eq!(stage.text(".message__refusal button"), ["Retry", "Edit", "Discard"]);
    stage.all(".message__refusal button")[1].click();
    settle().await;
    assert_eq!(stage.value(REPLY), "too late");
    assert!(kept::list_unsent(me().id).is_empty());
    assert!(stage.all(".row__failed").is_empty());
}

#[wasm_bindgen_test]
async fn a_reply_kept_from_before_the_page_was_loaded_says_what_had_been_read_then() {
    answer(&[]);
    let stage = Stage::new(None, Route::Inbox, |desk, router| view! { <Inbox desk router/> }.into_any());
    let (id, text) = (EntryId(Uuid::from_u128(77)), "from yesterday".to_owned());
    let unsent =
        kept::Unsent { conversation: conversation(1), id, composed_at: Timestamp(5), after: 3, text };
    kept::set_unsent(me().id, &unsent);
    stage.desk.sign_in(me());
    stage.desk.handle(welcome(vec![row(1, 10)]));
    assert_eq!(stage.sent_messages(), [(id, "from yesterday".to_owned())]);
    assert_eq!(stage.read_by_attempt(), [Some(3)]);
}

#[wasm_bindgen_test]
async fn what_is_written_while_offline_is_sent_after_the_reconnect_under_the_same_id() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    stage.line.down.set(true);
    stage.desk.lost(3);
    settle().await;
    assert!(stage.text(".banner")[0].contains("kept"));
    assert!(stage.desk.send("later"));
    settle().await;
    assert_eq!(stage.text(".message__state"), ["Sending"]);
    let kept_id = kept::list_unsent(me().id)[0].id;
    stage.line.down.set(false);
    stage.desk.handle(welcome(vec![row(1, 10)]));
    settle().await;
    assert_eq!(stage.desk.connection.get_untracked(), Connection::Open);
    assert!(stage.all(".banner").is_empty());
    assert_eq!(stage.sent_messages(), [(kept_id, "later".to_owned())]);
    // The engine asks from the last entry but one, to find out a store that was put back.
    let after = ClientFrame::Watch { conversation: conversation(1), after: Some(0) };
    assert!(stage.line.sent.borrow().contains(&after));
}
