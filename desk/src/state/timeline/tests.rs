use causette_shared::entry::{MailKind, SenderCheck};
use causette_shared::problem::ProblemKind;
use uuid::Uuid;

use super::*;

const ME: AgentId = AgentId(Uuid::from_u128(1));
const DAY: i64 = 86_400_000;

fn id(number: u32) -> EntryId {
    EntryId(Uuid::from_u128(number.into()))
}

fn entry(seq: Seq, at: i64, author: Author, text: &str) -> Entry {
    Entry { seq, id: id(seq), at: Timestamp(at), author, body: Body::Message { text: text.to_owned() } }
}

fn agent(number: u128, name: &str) -> Author {
    Author::Agent { id: AgentId(Uuid::from_u128(number)), name: name.to_owned() }
}

fn build(entries: Vec<Entry>, outgoing: &[Outgoing], unread_after: Option<Seq>) -> Timeline {
    Timeline::build(&Source {
        entries: &entries.into(),
        outgoing,
        me: ME,
        visitor_seen: 2,
        unread_after,
        day_of: |at| at.0 / DAY,
    })
}

fn message(timeline: &Timeline, number: u32) -> MessageRow {
    match timeline.find(RowKey::Entry(id(number))).as_deref() {
        Some(Row::Message(message)) => message.clone(),
        other => panic!("not a message: {other:?}"),
    }
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn messages_are_grouped_by_author_and_time_and_days_are_separated() {
    let timeline = build(
        vec![
            entry(1, 0, Author::Visitor, "a"),
            entry(2, 1_000, Author::Visitor, "b"),
            entry(3, 2_000, agent(1, "Me"), "c"),
            entry(4, 400_000, agent(1, "Me"), "d"),
            entry(5, DAY, agent(1, "Me"), "e"),
        ],
        &[],
        None,
    );
    let key = |number| RowKey::Entry(id(number));
    assert_eq!(
        timeline.order(),
        [RowKey::Day(id(1)), key(1), key(2), key(3), key(4), RowKey::Day(id(5)), key(5)]
    );
    let edges = |number| {
        let row = message(&timeline, number);
        (row.opens_group, row.closes_group)
    };
    assert_eq!([edges(1), edges(2), edges(3)], [(true, false), (false, true), (true, true)]);
    assert_eq!(edges(4), (true, true), "a later message begins a group of its own");
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn our_messages_say_how_far_they_have_come() {
    let outgoing = |number, state| Outgoing {
        id: id(number),
        content: Content::Message { text: "x".to_owned() },
        composed_at: Timestamp(5_000),
        after: 0,
        state,
    };
    let refused = Problem::new(ProblemKind::WrongState);
    let timeline = build(
        vec![
            entry(1, 0, Author::Automatic, "hello"),
            entry(2, 1, agent(1, "Me"), "seen"),
            entry(3, 2, agent(7, "Bob"), "sent"),
        ],
        &[
            outgoing(4, OutgoingState::Acknowledged(4)),
            outgoing(5, OutgoingState::Sending),
            outgoing(6, OutgoingState::Failed(refused.clone())),
        ],
        None,
    );
    let delivery = |number| message(&timeline, number).delivery;
    assert_eq!(delivery(1), None);
    assert_eq!(delivery(2), Some(Delivery::Seen));
    assert_eq!(delivery(3), Some(Delivery::Sent));
    assert_eq!(message(&timeline, 3).side, Side::Colleague("Bob".to_owned()));
    assert_eq!(delivery(4), Some(Delivery::Sent));
    assert_eq!(delivery(5), Some(Delivery::Sending));
    assert_eq!(delivery(6), Some(Delivery::Failed(refused)));
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn the_unread_mark_stands_before_the_first_message_of_the_visitor_that_was_not_seen() {
    let timeline = build(
        vec![
            entry(1, 0, Author::Visitor, "a"),
            entry(2, 1, Author::Automatic, "b"),
            entry(3, 2, Author::Visitor, "c"),
        ],
        &[],
        Some(1),
    );
    let place = timeline.order().iter().position(|key| *key == RowKey::Unread);
    assert_eq!(place, Some(3));
    assert_eq!(timeline.order()[4], RowKey::Entry(id(3)));
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn events_are_told_in_words() {
    let happened =
        |event, author| Entry { seq: 1, id: id(1), at: Timestamp(0), author, body: Body::Event(event) };
    let text = |event, author| match build(vec![happened(event, author)], &[], None)
        .find(RowKey::Entry(id(1)))
        .as_deref()
    {
        Some(Row::Happened(text, _) | Row::Ended(text, _) | Row::Introduction(text, ..)) => text.clone(),
        other => panic!("not an event: {other:?}"),
    };
    let assigned = |number, name: &str| Event::Assigned {
        agent: AgentId(Uuid::from_u128(number)),
        name: name.to_owned(),
    };
    assert_eq!(text(assigned(1, "Me"), Author::Automatic), "Assigned to you");
    assert_eq!(text(assigned(7, "Bob"), agent(7, "Bob")), "Bob took this conversation");
    let open = Event::StatusChanged { status: causette_shared::conversation::Status::Open };
    assert_eq!(text(open, Author::Automatic), "Status changed to Open");
    let to = || "ada@x.example".to_owned();
    let answers = Introduction { email: Some(to()), ..Introduction::default() };
    let mailed = |kind| Event::Mailed { kind, to: to(), upto: 3 };
    for (event, author, wanted) in [
        (Event::ChatEnded, agent(1, "Me"), "You ended the chat"),
        (Event::ChatEnded, agent(7, "Bob"), "Bob ended the chat"),
        (Event::ChatEnded, Author::Visitor, "The visitor ended the chat"),
        (Event::ChatEnded, Author::Automatic, "The chat was ended"),
        (Event::ContactsLeft { answers }, Author::Visitor, "The visitor left their contacts"),
        (
            Event::CopyRequested { email: to() },
            Author::Visitor,
            "The visitor asked for a copy to ada@x.example",
        ),
        (Event::CopyRequested { email: to() }, agent(1, "Me"), "You asked for a copy to ada@x.example"),
        (mailed(MailKind::FollowUp), Author::Automatic, "Unseen replies e-mailed to ada@x.example"),
        (mailed(MailKind::Invite), Author::Automatic, "Invitation e-mailed to ada@x.example"),
        (
            mailed(MailKind::Transcript),
            Author::Automatic,
            "Copy of the conversation e-mailed to ada@x.example",
        ),
        (
            Event::MailFailed { to: to(), reason: "550 No such user".to_owned() },
            Author::Automatic,
            "The e-mail to ada@x.example failed: 550 No such user",
        ),
        (Event::MailStopped, Author::Visitor, "The visitor wants no more e-mail for this conversation"),
        (
            Event::Resumed { devices: 1 },
            Author::Visitor,
            "The visitor came back through the link in an e-mail",
        ),
        (
            Event::Resumed { devices: 2 },
            Author::Visitor,
            "The visitor came back through the link in an e-mail, on device 2 of that link",
        ),
        (Event::LinksRevoked, agent(7, "Bob"), "Bob took back the links in earlier e-mails"),
        (Event::Identified, Author::Visitor, "The site has confirmed who the visitor is"),
    ] {
        assert_eq!(text(event, author), wanted);
    }
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn a_chat_has_ended_until_somebody_writes() {
    let ended = |seq| Entry {
        seq,
        id: id(seq),
        at: Timestamp(0),
        author: agent(1, "Me"),
        body: Body::Event(Event::ChatEnded),
    };
    let closed = Event::StatusChanged { status: causette_shared::conversation::Status::Closed };
    let after = Entry { body: Body::Event(closed), author: Author::Automatic, ..ended(3) };
    let said = entry(1, 0, Author::Visitor, "a");
    assert!(!build(vec![said.clone()], &[], None).has_ended());
    assert!(build(vec![said.clone(), ended(2), after], &[], None).has_ended());
    assert!(!build(vec![said, ended(2), entry(3, 0, Author::Visitor, "b")], &[], None).has_ended());
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn an_answer_of_a_colleague_is_found_behind_what_is_not_sent_yet() {
    let waiting = Outgoing {
        id: id(9),
        content: Content::Message { text: "x".to_owned() },
        composed_at: Timestamp(5_000),
        after: 0,
        state: OutgoingState::Sending,
    };
    let entries = vec![entry(1, 0, Author::Visitor, "a"), entry(2, 1, agent(7, "Bob"), "b")];
    let timeline = build(entries, &[waiting], None);
    assert_eq!(timeline.find_colleague_after(1), Some("Bob".to_owned()));
    assert_eq!(timeline.find_colleague_after(2), None);
}

#[wasm_bindgen_test::wasm_bindgen_test]
fn a_mail_keeps_what_is_known_of_it_and_stands_by_itself() {
    let mail = Mail {
        text: "by mail".to_owned(),
        from: "ada@x.example".to_owned(),
        sender: SenderCheck::Passed,
        is_cut: true,
        files: vec![],
    };
    let by_mail = Entry { body: Body::Mail(mail.clone()), ..entry(2, 1_000, Author::Visitor, "") };
    let timeline = build(
        vec![entry(1, 0, Author::Visitor, "a"), by_mail, entry(3, 2_000, Author::Visitor, "b")],
        &[],
        Some(1),
    );
    assert_eq!(message(&timeline, 2).mail.as_deref(), Some(&mail));
    assert_eq!(message(&timeline, 2).text, "by mail");
    for number in 1..=3 {
        let row = message(&timeline, number);
        assert!(row.opens_group && row.closes_group, "{number}");
    }
    assert_eq!(timeline.order()[2], RowKey::Unread, "it is news like any other message");
}
