//! The line under a conversation: the mail that waits, and the invitation.

use causette_desk::state::kept;
use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::presence::Presence;
use causette_shared::protocol::agent::{ConversationSummary, ServerFrame};
use causette_shared::time::Timestamp;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, focused, settle};
use crate::told::{conversation, me, row};

#[wasm_bindgen_test]
async fn a_mail_that_waits_is_counted_down_by_the_servers_clock() {
    const AHEAD: i64 = 3_600_000;
    let theirs = Timestamp(causette_client::timer::now().0 + AHEAD);
    let due = Timestamp(theirs.0 + 42_000);
    let waits = ConversationSummary {
        follow_up_at: Some(due),
        contact: Contact { email: Some("ada@x.example".to_owned()), ..Contact::default() },
        ..row(1, 10)
    };
    let stage = Stage::inbox(vec![waits.clone()], Some(1)).await;
    // This clock is an hour behind the server's, as the greeting tells.
    let greeting =
        ServerFrame::Welcome { agent: me(), conversations: vec![waits.clone()], more: false, now: theirs };
    stage.desk.handle(greeting);
    let later =
        ConversationSummary { revision: 2, follow_up_at: Some(Timestamp(due.0 + 1)), ..waits.clone() };
    stage.desk.handle(ServerFrame::Conversation(later));
    settle().await;
    let rest = stage.text(".mail-line [role=timer]").pop().expect("it is counted down");
    assert!(["0:41", "0:42", "0:43"].contains(&rest.as_str()), "{rest}");
    assert_eq!(stage.text(".mail-line button"), ["Send now", "Do not send"]);
    assert_eq!(stage.all(".row__mail").len(), 1);
    assert!(stage.all(".mail-line [aria-live], .mail-line[role=status]").is_empty(), "no second is read out");
    stage.desk.lost(3);
    settle().await;
    assert_eq!(stage.all(".mail-line button:disabled").len(), 2, "cut off, nothing can be decided");
    let due_now = ConversationSummary { revision: 3, follow_up_at: Some(theirs), ..waits.clone() };
    let greeting =
        ServerFrame::Welcome { agent: me(), conversations: vec![due_now], more: false, now: theirs };
    stage.desk.handle(greeting);
    settle().await;
    assert!(stage.text(".mail-line")[0].contains("Being e-mailed…"));
    assert!(stage.all(".mail-line button").is_empty());
    let sent = ConversationSummary { revision: 4, follow_up_at: None, ..waits };
    stage.desk.handle(ServerFrame::Conversation(sent));
    settle().await;
    assert!(stage.all(".mail-line, .row__mail").is_empty());
}

#[wasm_bindgen_test]
async fn whoever_left_and_can_be_reached_is_invited_from_the_line_and_the_text_is_kept() {
    let left = ConversationSummary {
        presence: Presence::Reachable,
        contact: Contact { email: Some("ada@x.example".to_owned()), ..row(1, 10).contact },
        ..row(1, 10)
    };
    let stage = Stage::inbox(vec![left.clone()], Some(1)).await;
    // A press by a person focuses the button; one by a script does not.
    stage.one(".mail-line button").focus().expect("it takes the focus");
    stage.click(".mail-line button").await;
    stage.write("#invite-text", "Come back").await;
    stage.click("dialog [aria-label=Close]").await;
    assert!(stage.all("dialog").is_empty());
    let kept = kept::invitation(me().id, conversation(1));
    assert_eq!((kept.text.as_str(), kept.id), ("Come back", None));
    let focused = focused();
    assert_eq!(focused.as_deref(), Some("Invite by e-mail…"), "the focus is given back");
    // On the page again, or closed, nobody is invited.
    for (revision, row) in [
        (2, ConversationSummary { presence: Presence::Active, ..left.clone() }),
        (3, ConversationSummary { status: Status::Closed, ..left }),
    ] {
        stage.desk.handle(ServerFrame::Conversation(ConversationSummary { revision, ..row }));
        settle().await;
        assert!(stage.all(".mail-line").is_empty());
    }
}
