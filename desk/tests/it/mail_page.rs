//! The page of mail, and what the bar and the inbox tell of it.

use causette_desk::pages::{Inbox, MailPage};
use causette_desk::router::Route;
use causette_desk::state::desk::Phase;
use causette_shared::entry::MailKind;
use causette_shared::id::JobId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::outbox::{DeadMail, Outbox, RetriedAll};
use causette_shared::time::Timestamp;
use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::answers::{Answer, answer, asked};
use crate::stage::{Stage, focused, settle};
use crate::told::{MARKUP, agent, conversation, me, of_ada, welcome};

const OUTBOX: &str = "GET /api/v1/desk/outbox";
const INBOUND: &str = "GET /api/v1/desk/inbound";

async fn mail_page() -> Stage {
    let stage =
        Stage::new(Some(me()), Route::Mail, |desk, router| view! { <MailPage desk router/> }.into_any());
    settle().await;
    settle().await;
    stage
}

fn dead(number: u32, may_have_arrived: bool) -> DeadMail {
    DeadMail {
        id: JobId(Uuid::from_u128(number.into())),
        kind: MailKind::FollowUp,
        conversation: Some(conversation(1)),
        number: Some(number),
        recipient: Some("ada@x.example".to_owned()),
        error: Some(MARKUP.to_owned()),
        attempts: 2,
        may_have_arrived,
        created_at: Timestamp(1),
        given_up_at: Some(Timestamp(2)),
    }
}

fn outbox(dead: Vec<DeadMail>) -> Outbox {
    Outbox {
        is_configured: true,
        has_mailbox: true,
        waiting: 0,
        next_due_at: None,
        delayed: 0,
        delay_error: None,
        dead_count: u32::try_from(dead.len()).expect("few"),
        dead,
    }
}

#[wasm_bindgen_test]
async fn what_was_given_up_is_sent_again_or_dropped_and_the_bar_counts_it() {
    let told = outbox(vec![dead(3, true), dead(2, false), dead(1, false)]);
    answer(&[Answer::json(OUTBOX, &told), Answer::text(INBOUND, 200, "[]")]);
    let stage = mail_page().await;
    assert_eq!(stage.text(".top-bar__count"), ["3 not delivered"]);
    assert_eq!(document().title(), "(3) Mail · Causette");
    assert_eq!(stage.all("li.dead-mail").len(), 3);
    assert_eq!(stage.text(".dead-mail__error"), [MARKUP; 3]);
    assert_eq!(stage.text(".dead-mail__buttons .button"), ["Send once more", "Try again", "Try again"]);
    assert_eq!(stage.text(".dead-mail__warning").len(), 1);
    let links: Vec<_> = stage.all(".dead-mail .link").iter().map(|link| link.get_attribute("href")).collect();
    assert_eq!(links[0].as_deref(), Some("/desk/conversations/3"));

    let retry = format!("POST /api/v1/desk/outbox/{}/retry", dead(2, false).id);
    let discard = format!("POST /api/v1/desk/outbox/{}/discard", dead(3, true).id);
    let left = outbox(vec![dead(3, true), dead(1, false)]);
    answer(&[
        Answer::json(OUTBOX, &left),
        Answer::text(&retry, 204, ""),
        Answer::refusal(&discard, &Problem::with_detail(ProblemKind::WrongState, "it is gone")),
    ]);
    stage.press("Try again").await;
    assert_eq!(asked(), [retry, OUTBOX.to_owned()]);
    assert_eq!(stage.text(".notice"), ["The mail is tried again now."]);
    assert_eq!(stage.text(".top-bar__count"), ["2 not delivered"]);
    let focused = focused();
    assert_eq!(focused.as_deref(), Some("Not delivered2"), "the focus stays near");
    stage.press("Discard").await;
    assert_eq!(asked().last(), Some(&OUTBOX.to_owned()));
    assert_eq!(stage.text(".notice"), ["It is gone."]);
    assert_eq!(stage.all("li.dead-mail").len(), 2, "a refusal changes nothing");
}

#[wasm_bindgen_test]
async fn all_are_tried_again_together_and_what_is_left_is_said() {
    let told = outbox(vec![dead(3, true), dead(2, false), dead(1, false)]);
    let all = "POST /api/v1/desk/outbox/retry-all";
    answer(&[Answer::json(OUTBOX, &told), Answer::json(all, &RetriedAll { retried: 2, left: 1 })]);
    let stage = mail_page().await;
    let left = outbox(vec![dead(3, true)]);
    answer(&[Answer::json(OUTBOX, &left), Answer::json(all, &RetriedAll { retried: 2, left: 1 })]);
    stage.press("Try all again").await;
    assert_eq!(asked(), [all, OUTBOX]);
    assert_eq!(stage.text(".notice"), ["2 mails are tried again now. 1 is left."]);
    assert!(!stage.says("Try all again"), "one is not all");
}

#[wasm_bindgen_test]
async fn without_a_mail_server_the_page_says_what_to_set_and_what_waits() {
    let told = Outbox { is_configured: false, has_mailbox: false, waiting: 3, ..outbox(vec![]) };
    answer(&[Answer::json(OUTBOX, &told), Answer::text(INBOUND, 200, "[]")]);
    let stage = mail_page().await;
    assert!(stage.says("No mail server is set") && stage.says("CAUSETTE_SMTP_URL"));
    assert!(stage.says("3 mails wait for a mail server.") && stage.says("CAUSETTE_IMAP_URL"));
    assert!(stage.all(".top-bar__count").is_empty());
    let row = r#"[{"id":"9","outcome":"set_aside","detail":"it cannot be read","subject":"<b>x</b>","from":null,"received_at":5}]"#;
    answer(&[Answer::text(OUTBOX, 502, "<html>"), Answer::text(INBOUND, 200, row)]);
    stage.desk.ask_for_outbox();
    stage.desk.ask_for_inbound();
    settle().await;
    assert!(stage.says("This may be out of date.") && stage.says("3 mails wait"), "what is known stays");
    assert_eq!(stage.text("[aria-label='Not taken in'] strong"), ["<b>x</b>"]);
    assert!(stage.says("it cannot be read") && stage.says("Put aside"));
}

#[wasm_bindgen_test]
async fn an_outbox_that_does_not_come_can_be_asked_for_again() {
    answer(&[Answer::text(OUTBOX, 502, "<html>"), Answer::text(INBOUND, 502, "")]);
    let stage = mail_page().await;
    assert!(stage.says("The outbox did not come"));
    answer(&[Answer::json(OUTBOX, &outbox(vec![]))]);
    stage.press("Try again").await;
    assert!(stage.says("No mail was given up."));
    answer(&[Answer::text(OUTBOX, 401, "")]);
    stage.desk.ask_for_outbox();
    settle().await;
    assert_eq!(stage.desk.phase.get_untracked(), Phase::SignedOut { expired: true });
}

#[wasm_bindgen_test]
async fn the_inbox_tells_administrators_that_there_is_no_mail_server_until_they_hide_it() {
    answer(&[]);
    let stage =
        Stage::new(Some(me()), Route::Inbox, |desk, router| view! { <Inbox desk router/> }.into_any());
    stage.desk.handle(welcome(vec![of_ada()]));
    settle().await;
    let told = Outbox { is_configured: false, ..outbox(vec![dead(1, false)]) };
    stage.desk.mail.outbox.answer.set(Some(told));
    settle().await;
    assert_eq!(stage.text(".top-bar__count"), ["1 not delivered"]);
    assert_eq!(stage.all(".mail-notice").len(), 1);
    stage.desk.me.set(Some(agent(Role::Agent)));
    settle().await;
    assert!(stage.all(".mail-notice").is_empty(), "an agent can do nothing about it");
    stage.desk.me.set(Some(agent(Role::Admin)));
    settle().await;
    stage.all(".mail-notice .icon-button")[0].click();
    settle().await;
    assert!(stage.all(".mail-notice").is_empty());
}
