//! A reply that a colleague has forestalled is not sent by itself.

use causette_desk::state::kept;
use causette_shared::entry::Author;
use causette_shared::id::EntryId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{ConversationSummary, ServerFrame};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{REPLY, Stage, settle};
use crate::told::{bob, conversation, entries, entry, me, message, row, welcome};

fn answered_meanwhile() -> Problem {
    Problem::with_detail(ProblemKind::AnsweredMeanwhile, "Bob has answered meanwhile")
}

/// A desk on which a reply was written while the line was cut, and Bob's stands in the log when it is back. Returns the
/// reply's id.
async fn forestalled(stage: &Stage) -> EntryId {
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    stage.line.down.set(true);
    stage.desk.lost(3);
    assert!(stage.desk.send("I have it"));
    stage.line.down.set(false);
    let answered = ConversationSummary { revision: 2, last_seq: 2, ..row(1, 20) };
    stage.desk.handle(welcome(vec![answered]));
    stage.desk.handle(entries(1, vec![entry(2, bob(), message("Mine"))]));
    let id = stage.sent_messages()[0].0;
    stage.desk.handle(ServerFrame::Refused {
        id,
        conversation: conversation(1),
        problem: answered_meanwhile(),
    });
    settle().await;
    id
}

#[wasm_bindgen_test]
async fn a_reply_that_a_colleague_forestalled_stays_under_theirs_and_is_sent_only_when_told_to() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    let id = forestalled(&stage).await;
    assert_eq!(stage.text("[role=log] .message__text"), ["hello", "Mine", "I have it"]);
    assert_eq!(stage.text(".message__why"), ["Bob has answered meanwhile."]);
    assert_eq!(stage.text(".message__refusal button"), ["Send anyway", "Edit", "Discard"]);
    let label = stage.one(".message__refusal").get_attribute("aria-label");
    assert_eq!(label.as_deref(), Some("Not sent. Bob has answered meanwhile."));
    assert_eq!(stage.desk.announcement.get_untracked(), "Not sent. Bob has answered meanwhile.");
    assert_eq!(stage.read_by_attempt(), [Some(1)], "and is not sent again by itself");
    assert_eq!(kept::list_unsent(me().id)[0].after, 1, "nor after the page is loaded again");
    stage.click(".message__choices button").await;
    assert_eq!(stage.text(".message__state"), ["Sent", "Sending"]);
    assert_eq!(stage.sent_messages(), [(id, "I have it".to_owned()), (id, "I have it".to_owned())]);
    assert_eq!(stage.read_by_attempt(), [Some(1), Some(2)]);
    assert_eq!(kept::list_unsent(me().id)[0].after, 2);
    let log = stage.one("[role=log]");
    assert_eq!(document().active_element().as_ref(), Some(log.as_ref()), "focus stays near");
}

#[wasm_bindgen_test]
async fn a_reply_that_a_colleague_forestalled_is_dropped_when_told_to() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    forestalled(&stage).await;
    stage.all(".message__choices button")[2].click();
    settle().await;
    assert_eq!(stage.text("[role=log] .message__text"), ["hello", "Mine"]);
    assert!(kept::list_unsent(me().id).is_empty());
    assert_eq!(stage.value(REPLY), "");
    assert_eq!(stage.read_by_attempt(), [Some(1)]);
}

#[wasm_bindgen_test]
async fn a_reply_that_is_refused_elsewhere_is_told_of_with_its_number() {
    let stage = Stage::inbox(vec![row(2, 20), row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    assert!(stage.desk.send("I have it"));
    stage.click("#conversation-2").await;
    let id = stage.sent_messages()[0].0;
    let problem = answered_meanwhile();
    stage.desk.handle(ServerFrame::Refused { id, conversation: conversation(1), problem });
    settle().await;
    assert_eq!(stage.text(".notice"), ["Your reply to #1 was not sent. Bob has answered meanwhile."]);
    assert_eq!(stage.text(".row__failed"), ["Not sent"]);
}
