//! Going on from anywhere yields exactly what comes after (G4), whatever is written meanwhile (G5).

use causette_shared::id::{ConversationId, Seq};
use causette_shared::limits::{ENTRIES_PER_FRAME, ENTRIES_PER_WINDOW};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::visitor::{ClientFrame, Cursor, Hello, ServerFrame};

use crate::harness::builders::{entry_id, text};
use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    resuming_from_any_place_yields_exactly_the_rest,
    the_hello_resumes_from_its_cursor,
    the_desk_resumes_alike,
    another_visitors_conversation_is_answered_like_an_unknown_one,
    another_hello_on_the_same_connection_leaves_the_first_session_behind,
);

/// A visitor whose log has `count` entries, the automatic answer among them.
async fn with_log(server: &TestServer, count: Seq) -> VisitorActor {
    let shop = server.add_shop().await;
    let visitor = VisitorActor::connect(server).await;
    for number in 1..count {
        server.send_as(&shop, &visitor.secret, entry_id(), text(&format!("message {number}"))).await;
    }
    visitor
}

/// The seqs of what is sent up to the next pong, and whether a reset stood before them.
async fn resumed(visitor: &mut VisitorActor, of: ConversationId) -> (bool, Vec<Seq>, usize) {
    visitor.put(&ClientFrame::Ping).await;
    let (mut reset, mut seqs, mut frames) = (false, Vec::new(), 0);
    loop {
        match visitor.next().await.expect("the connection stands") {
            ServerFrame::Reset { conversation } if conversation == of => reset = true,
            ServerFrame::Entries { conversation, entries } if conversation == of => {
                assert!(entries.len() <= ENTRIES_PER_FRAME);
                frames += 1;
                seqs.extend(entries.iter().map(|entry| entry.seq));
            }
            ServerFrame::Pong { .. } => return (reset, seqs, frames),
            ServerFrame::Conversation(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn resuming_from_any_place_yields_exactly_the_rest(database: Database) {
    const LAST: Seq = 2 * ENTRIES_PER_FRAME as Seq + 7;
    let server = TestServer::on(database).await;
    let mut visitor = with_log(&server, LAST).await;
    let window: Vec<Seq> = (LAST + 1 - ENTRIES_PER_WINDOW as Seq..=LAST).collect();
    let welcome = visitor.hello().await;
    let conversation = welcome.conversation.expect("there is a conversation").id;
    assert_eq!(resumed(&mut visitor, conversation).await.1, window, "the newest window follows unasked");
    // Every place near an edge, and some between: k = 0 … n, then ahead.
    let places = (0..=3).chain(95..=105).chain([150]).chain(LAST - 102..=LAST - 98).chain(LAST - 3..=LAST);
    for after in places {
        visitor.put(&ClientFrame::Resume { conversation, after: Some(after) }).await;
        let (reset, seqs, frames) = resumed(&mut visitor, conversation).await;
        assert_eq!((reset, seqs), (false, (after + 1..=LAST).collect()), "after {after}");
        assert!(frames > 0, "the answer comes in a frame, also when nothing follows {after}");
    }
    for after in [LAST + 1, LAST + 50, Seq::MAX] {
        visitor.put(&ClientFrame::Resume { conversation, after: Some(after) }).await;
        let (reset, seqs, _) = resumed(&mut visitor, conversation).await;
        assert_eq!((reset, &seqs), (true, &window), "after {after}");
    }
    visitor.put(&ClientFrame::Resume { conversation, after: None }).await;
    assert_eq!(resumed(&mut visitor, conversation).await.1, window);
    for (before, wanted) in [(LAST, 40), (30, 29), (2, 1), (1, 0), (0, 0)] {
        visitor.put(&ClientFrame::Earlier { conversation, before }).await;
        let (_, seqs, _) = resumed(&mut visitor, conversation).await;
        assert_eq!(seqs, (before.saturating_sub(wanted)..before).collect::<Vec<_>>(), "before {before}");
    }
}

async fn the_hello_resumes_from_its_cursor(database: Database) {
    const LAST: Seq = 12;
    let server = TestServer::on(database).await;
    let owner = with_log(&server, LAST).await;
    let conversation = {
        let mut visitor = owner.again(&server).await;
        visitor.sync().await;
        visitor.conversation()
    };
    for (seq, first) in [(0, 1), (5, 6), (LAST, LAST + 1), (LAST + 1, 1)] {
        let mut visitor = VisitorActor::connect(&server).await;
        visitor.secret.clone_from(&owner.secret);
        let cursor = Some(Cursor { conversation, seq });
        let greeting = Hello { cursor, ..visitor.greeting() };
        visitor.greet(greeting).await;
        let (reset, seqs, _) = resumed(&mut visitor, conversation).await;
        assert_eq!((reset, seqs), (seq > LAST, (first..=LAST).collect()), "after {seq}");
    }
}

async fn the_desk_resumes_alike(database: Database) {
    const LAST: Seq = 12;
    let server = TestServer::on(database).await;
    let owner = with_log(&server, LAST).await;
    let mut visitor = owner.again(&server).await;
    visitor.sync().await;
    let id = visitor.conversation();
    let mut agent = AgentActor::arrive(&server).await;
    for after in [None, Some(0), Some(7), Some(LAST), Some(LAST + 1)] {
        agent.entries.clear();
        agent.watch(id, after).await;
        let from = after.filter(|after| *after <= LAST).unwrap_or(0);
        let seqs: Vec<Seq> = agent.entries[&id].iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (from + 1..=LAST).collect::<Vec<_>>(), "after {after:?}");
    }
    assert_eq!(agent.sync().await, [(id, LAST)]);
}

async fn another_visitors_conversation_is_answered_like_an_unknown_one(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut owner = VisitorActor::arrive(&server).await;
    owner.say("My order number is 77").await;
    owner.sync().await;
    let foreign = owner.conversation();
    let unknown = ConversationId(uuid::Uuid::nil());
    let before = server.conversation(foreign).await;
    let mut thief = VisitorActor::arrive(&server).await;
    thief.say("Hello").await;
    thief.sync().await;
    for frame in [
        |conversation| ClientFrame::Resume { conversation, after: Some(0) },
        |conversation| ClientFrame::Earlier { conversation, before: 10 },
        |conversation| ClientFrame::Seen { conversation, upto: 1 },
    ] {
        let mut answers = Vec::new();
        for conversation in [foreign, unknown] {
            thief.put(&frame(conversation)).await;
            answers.push(thief.expect_problem().await);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].kind, ProblemKind::NotFound);
    }
    let cursor = Some(Cursor { conversation: foreign, seq: 0 });
    let greeting = Hello { cursor, ..thief.greeting() };
    thief.entries.clear();
    assert_ne!(thief.greet(greeting).await.conversation.expect("their own").id, foreign);
    thief.sync().await;
    assert_eq!(thief.texts()[0], "Hello");
    assert_eq!(server.conversation(foreign).await, before);
}

async fn another_hello_on_the_same_connection_leaves_the_first_session_behind(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("First").await;
    visitor.sync().await;
    let first = visitor.conversation();
    let old = visitor.secret.clone();
    visitor.secret = crate::harness::builders::session();
    visitor.state = None;
    visitor.entries.clear();
    assert_eq!(visitor.hello().await.conversation, None);
    visitor.put(&ClientFrame::Resume { conversation: first, after: None }).await;
    assert_eq!(visitor.expect_problem().await.kind, ProblemKind::NotFound);
    server.advance(1);
    visitor.say("Second").await;
    visitor.await_seq(2).await;
    assert_eq!(visitor.texts()[0], "Second");
    let mut owner = VisitorActor::connect(&server).await;
    owner.secret = old;
    owner.hello().await;
    owner.say("First again").await;
    visitor.sync().await;
    assert_ne!(visitor.conversation(), first);
    assert_eq!(visitor.last_seq(), 2);
}
