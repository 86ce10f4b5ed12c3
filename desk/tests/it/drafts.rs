//! What is being written.

use causette_shared::entry::Author;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{REPLY, Stage, settle};
use crate::told::{bob, entries, entry, message, row};

#[wasm_bindgen_test]
async fn a_draft_is_kept_per_conversation() {
    let stage = Stage::inbox(vec![row(2, 20), row(1, 10)], Some(1)).await;
    stage.write(REPLY, "half a thought").await;
    stage.click("#conversation-2").await;
    let value = || stage.value("textarea");
    assert_eq!(value(), "");
    stage.click("#conversation-1").await;
    assert_eq!(value(), "half a thought");
}

#[wasm_bindgen_test]
async fn an_answer_of_a_colleague_makes_a_draft_stale() {
    let stage = Stage::inbox(vec![row(1, 10)], Some(1)).await;
    stage.desk.handle(entries(1, vec![entry(1, Author::Visitor, message("hello"))]));
    settle().await;
    stage.write(REPLY, "I will").await;
    stage.desk.handle(entries(1, vec![entry(2, bob(), message("done"))]));
    settle().await;
    assert_eq!(stage.text(".composer__hint--warning"), ["Bob answered while you were writing."]);
}
