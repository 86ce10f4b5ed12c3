//! Where the log opens: at the first message that the visitor has not seen, else at its end.

use causette_shared::contact::Contact;
use causette_shared::entry::{Author, Entry};
use causette_shared::protocol::visitor::ClientFrame;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::stage::{self, Stage};

const NEW: &str = "#thread-new";

/// A visitor's question and many answers.
fn log(seqs: std::ops::RangeInclusive<u32>) -> Vec<Entry> {
    let line = |seq: u32| ["Line ", &seq.to_string()].concat();
    seqs.map(|seq| {
        let author = if seq == 1 { Author::Visitor } else { stage::alice() };
        stage::message(seq, author, &line(seq))
    })
    .collect()
}

fn from_end(scroller: &HtmlElement) -> i32 {
    scroller.scroll_height() - scroller.scroll_top() - scroller.client_height()
}

/// The text of the row that the divider stands in.
fn first_new(stage: &Stage) -> String {
    let row = stage.one(NEW).parent_element().expect("it stands in a row");
    row.text_content().unwrap_or_default()
}

fn has_said_seen(sent: &[ClientFrame], wanted: u32) -> bool {
    sent.iter().any(|frame| matches!(frame, ClientFrame::Seen { upto, .. } if *upto == wanted))
}

#[wasm_bindgen_test]
async fn it_opens_at_the_first_message_that_was_not_seen() {
    let (stage, scroller) = Stage::opened_at(Contact::default(), log(1..=40), 12).await;
    let divider: HtmlElement = stage.one(NEW).unchecked_into();
    let below_top = || divider.get_bounding_client_rect().top() - scroller.get_bounding_client_rect().top();
    stage.wait_until("what is new begins at the top", || (0.0..40.0).contains(&below_top())).await;
    assert!(first_new(&stage).contains("Line 13"), "{}", first_new(&stage));
    assert!(!has_said_seen(&stage.sent(), 40), "its end is below the fold");
    stage.click_in(&stage.one(".thread"), "New messages").await;
    stage.wait_until("the way leads to the end", || from_end(&scroller) <= 1).await;
    let sent = stage.wait_for_sent("what was led to is seen").await;
    assert!(has_said_seen(&sent, 40), "{sent:?}");
    stage.receive(stage::entries(vec![stage::message(41, stage::alice(), "Line 41")])).await;
    stage.wait_until("it follows the newest again", || from_end(&scroller) <= 1).await;
    assert!(first_new(&stage).contains("Line 13"), "the divider stays where it was");
}

#[wasm_bindgen_test]
async fn what_is_new_and_fits_is_seen_at_once() {
    let (stage, scroller) = Stage::opened_at(Contact::default(), log(1..=40), 38).await;
    stage.wait_until("the end can be seen", || from_end(&scroller) <= 1).await;
    assert!(first_new(&stage).contains("Line 39"), "{}", first_new(&stage));
    let sent = stage.wait_for_sent("it is seen").await;
    stage.wait_until("it is said", || has_said_seen(&sent, 40)).await;
    stage.type_message("Thank you").await;
    stage.press("Enter", false).await;
    assert_eq!(stage.all(NEW).len(), 0, "who answers has read it");
}

#[wasm_bindgen_test]
async fn it_opens_at_the_end_when_everything_was_seen() {
    let (stage, scroller) = Stage::opened_at(Contact::default(), log(1..=40), 40).await;
    stage.wait_until("it is at its end", || scroller.scroll_top() > 0 && from_end(&scroller) <= 1).await;
    assert_eq!(stage.all(NEW).len(), 0);
    assert!(stage.widget().panel.at_end.now());
}

#[wasm_bindgen_test]
async fn a_panel_that_was_hidden_opens_at_what_came_meanwhile() {
    let (stage, scroller) = Stage::opened_at(Contact::default(), log(1..=20), 20).await;
    stage.widget().panel.shown.set(false);
    stage.receive(stage::entries(log(21..=40))).await;
    assert_eq!(stage.all(NEW).len(), 0);
    stage.widget().panel.shown.set(true);
    stage.widget().open();
    stage.wait_until("it is drawn", || stage.all(NEW).len() == 1).await;
    assert!(first_new(&stage).contains("Line 21"), "{}", first_new(&stage));
    stage.wait_until("it begins there", || scroller.scroll_top() > 0 && from_end(&scroller) > 50).await;
    scroller.set_scroll_top(scroller.scroll_height());
    let sent = stage.wait_for_sent("reading to the end is seeing it").await;
    assert!(has_said_seen(&sent, 40), "{sent:?}");
    stage.widget().panel.shown.set(false);
    stage.settle().await;
    stage.widget().panel.shown.set(true);
    stage.widget().open();
    stage.settle().await;
    assert_eq!(stage.all(NEW).len(), 0, "nothing is new any more");
    stage.wait_until("it is at its end", || from_end(&scroller) <= 1).await;
}

#[wasm_bindgen_test]
async fn what_is_new_from_the_start_needs_no_divider() {
    let (stage, scroller) = Stage::opened_at(Contact::default(), log(2..=40), 0).await;
    stage.wait_until("it begins at its first", || !stage.widget().panel.at_end.now()).await;
    assert_eq!(scroller.scroll_top(), 0);
    assert_eq!(stage.all(NEW).len(), 0);
}
