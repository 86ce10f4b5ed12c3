//! Answers, statuses and what comes after a closed conversation.

use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Content, Event};
use causette_shared::form::Introduction;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::{ClientFrame, ServerFrame as DeskFrame};
use causette_shared::protocol::visitor;

use crate::harness::actors::text_of;
use crate::harness::builders::{entry_id, text};
use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    the_first_answer_takes_the_conversation_up,
    an_answers_repeat_is_one_answer,
    what_an_agent_may_not_send_changes_nothing,
    a_visitors_message_reopens_what_is_not_closed,
    after_a_closed_conversation_a_new_one_begins_and_the_old_one_stays_readable,
    the_list_is_read_on_where_the_first_page_ends,
);

async fn begun(server: &TestServer) -> (VisitorActor, AgentActor) {
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let agent = AgentActor::arrive(server).await;
    (visitor, agent)
}

async fn the_first_answer_takes_the_conversation_up(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut agent) = begun(&server).await;
    let id = visitor.conversation();
    agent.watch(id, None).await;
    assert_eq!(agent.reply(id, "Hello! What can I do?").await, 5);
    visitor.await_seq(5).await;
    agent.await_seq(id, 5).await;
    let me = agent.agent.clone();
    assert_eq!(
        visitor.entries[2].body,
        Body::Event(Event::Assigned { agent: me.id, name: "Alice".to_owned() })
    );
    assert_eq!(visitor.entries[3].body, Body::Event(Event::StatusChanged { status: Status::Open }));
    assert_eq!(visitor.entries[4].author, Author::Agent { id: me.id, name: "Alice".to_owned() });
    assert_eq!(text_of(&visitor.entries[4]), "Hello! What can I do?");
    assert_eq!(agent.entries[&id], visitor.entries);
    visitor.sync().await;
    let state = visitor.state.clone().expect("there is a conversation");
    assert_eq!((state.status, state.assignee.as_deref()), (Status::Open, Some("Alice")));
    let row = agent.await_summary("the answer", |row| row.preview == "Hello! What can I do?").await;
    assert_eq!((row.status, row.unread, row.preview_by_visitor), (Status::Open, 0, false));
    assert_eq!(row.assignee, Some(me));
    // The second answer changes nothing but the log.
    assert_eq!(agent.reply(id, "Still there?").await, 6);
}

async fn an_answers_repeat_is_one_answer(database: Database) {
    let server = TestServer::on(database).await;
    let (visitor, mut agent) = begun(&server).await;
    let conversation = visitor.conversation();
    let id = entry_id();
    let send = |message: &str| ClientFrame::Send { conversation, id, content: text(message), after: None };
    agent.put(&send("Hi")).await;
    assert_eq!(agent.outcome(id).await, Ok(5));
    agent.put(&send("Hi")).await;
    assert_eq!(agent.outcome(id).await, Ok(5));
    agent.put(&send("Ho")).await;
    assert_eq!(agent.outcome(id).await.map_err(|problem| problem.kind), Err(ProblemKind::IdReused));
    assert_eq!(server.log(conversation).await.len(), 5);
}

async fn what_an_agent_may_not_send_changes_nothing(database: Database) {
    let server = TestServer::on(database).await;
    let (visitor, mut agent) = begun(&server).await;
    let conversation = visitor.conversation();
    let unknown = causette_shared::id::ConversationId(uuid::Uuid::nil());
    let form =
        Content::Introduction(Introduction { name: Some("Ana".to_owned()), ..Introduction::default() });
    for (to, content, kind) in [
        (conversation, text("  \n"), ProblemKind::Invalid),
        (conversation, text(&"x".repeat(10_001)), ProblemKind::Invalid),
        (conversation, form, ProblemKind::Forbidden),
        (unknown, text("Hi"), ProblemKind::NotFound),
    ] {
        let id = entry_id();
        agent.put(&ClientFrame::Send { conversation: to, id, content, after: None }).await;
        assert_eq!(agent.outcome(id).await.map_err(|problem| problem.kind), Err(kind));
    }
    agent.put(&ClientFrame::Watch { conversation: unknown, after: None }).await;
    assert_eq!(agent.expect_problem().await.kind, ProblemKind::NotFound);
    server.set_status(conversation, Status::Closed).await;
    let id = entry_id();
    agent.put(&ClientFrame::Send { conversation, id, content: text("Too late"), after: None }).await;
    assert_eq!(agent.outcome(id).await.map_err(|problem| problem.kind), Err(ProblemKind::WrongState));
    assert_eq!(server.log(conversation).await.len(), 2);
}

async fn a_visitors_message_reopens_what_is_not_closed(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut agent) = begun(&server).await;
    let id = visitor.conversation();
    agent.reply(id, "Done").await;
    for status in [Status::Solved, Status::Pending, Status::OnHold] {
        server.set_status(id, status).await;
        let seq = visitor.say("One more thing").await;
        visitor.await_seq(seq + 1).await;
        let last = visitor.entries.last().expect("there are entries");
        assert_eq!(last.body, Body::Event(Event::StatusChanged { status: Status::Open }), "{status}");
        visitor.sync().await;
        assert_eq!(visitor.state.as_ref().map(|state| (state.id, state.status)), Some((id, Status::Open)));
    }
}

async fn after_a_closed_conversation_a_new_one_begins_and_the_old_one_stays_readable(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut agent) = begun(&server).await;
    let old = visitor.conversation();
    let old_log = server.log(old).await;
    server.set_status(old, Status::Closed).await;
    server.advance(60);
    let repeated = old_log[0].id;
    assert_eq!(
        visitor.send(repeated, text("Hello")).await,
        crate::harness::actors::Outcome::Acknowledged(old, 1)
    );

    assert_eq!(visitor.say("I am back").await, 1);
    visitor.sync().await;
    let new = visitor.conversation();
    assert_ne!(new, old);
    assert_eq!(visitor.state.as_ref().map(|state| state.number), Some(1002));

    // News of the old one, which the agent reads only now, does not lead the visitor back to it.
    agent.put(&ClientFrame::Seen { conversation: old, upto: 2 }).await;
    agent.await_summary("the mark", |row| row.id == old && row.agent_seen == 2).await;
    for _ in 0..5 {
        visitor.put(&visitor::ClientFrame::Ping).await;
        visitor
            .expect("the pong", |frame| match frame {
                visitor::ServerFrame::Conversation(state) if state.id == old => panic!("it was led back"),
                visitor::ServerFrame::Pong { .. } => Some(()),
                _ => None,
            })
            .await;
    }
    assert_eq!(visitor.conversation(), new);
    assert_eq!(visitor.texts()[0], "I am back");

    visitor.put(&visitor::ClientFrame::Resume { conversation: old, after: Some(0) }).await;
    let read = visitor
        .expect("the old entries", |frame| match frame {
            visitor::ServerFrame::Entries { conversation, entries } if conversation == old => Some(entries),
            _ => None,
        })
        .await;
    assert_eq!(read, old_log);
    assert_eq!(visitor.again(&server).await.conversation(), new, "the newest one is followed");
    assert_eq!(agent.sync().await, [], "nothing is watched");
}

async fn the_list_is_read_on_where_the_first_page_ends(database: Database) {
    let server = TestServer::on(database).await;
    let shop = server.add_shop().await;
    for number in 0..60 {
        let session = format!("session {number}");
        server.send_as(&shop, &session, entry_id(), text("Hello")).await;
    }
    let mut agent = AgentActor::arrive(&server).await;
    assert_eq!(agent.list.len(), 50);
    let last =
        agent.list.values().min_by_key(|row| (row.last_message_at, row.number)).expect("there are rows");
    let after = causette_shared::protocol::agent::ListCursor {
        last_message_at: last.last_message_at,
        number: last.number,
    };
    agent.put(&ClientFrame::List { after }).await;
    let more = agent
        .expect("the next page", |frame| match frame {
            DeskFrame::List { more, .. } => Some(more),
            _ => None,
        })
        .await;
    assert!(!more);
    assert_eq!(agent.list.len(), 60);
}
