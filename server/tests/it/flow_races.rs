//! Writers who meet: what SQLite's one writer keeps apart comes together on PostgreSQL, and has to end alike.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use causette_server::app::App;
use causette_server::secret::SecretHash;
use causette_server::service::mark_seen::{MarkSeen, Seer};
use causette_server::service::reply::Reply;
use causette_server::service::send_message::{SendMessage, Sent};
use causette_server::service::{Context, UseCase, UseCaseError};
use causette_server::store::{StoreError, Tx};
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body};
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::problem::ProblemKind;

use crate::harness::builders::{entry_id, session, text};
use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer};

on_both_databases!(
    first_messages_of_one_session_at_once_make_one_conversation,
    repeats_at_once_are_one_message,
    after_a_closed_conversation_messages_at_once_begin_one,
    numbers_are_given_once,
    answers_at_once_take_a_conversation_up_once,
    what_is_unread_is_counted_right_while_messages_come,
    an_attempt_that_did_not_commit_is_done_again_and_never_published,
);

/// How many meet.
const MANY: usize = 16;

/// Does it `MANY` times at once.
async fn at_once<T, F>(app: &Arc<App>, does: impl Fn(Arc<App>, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..MANY).map(|number| tokio::spawn(does(Arc::clone(app), number))).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.expect("it does not panic"));
    }
    all
}

/// Sends to the shop. It may have to wait, never to be repeated.
async fn send(app: Arc<App>, session: String, id: EntryId, message: String) -> Sent {
    let site = "shop".parse().expect("the key is valid");
    let (session, locale, content) = (SecretHash::of(&session), "en".to_owned(), text(&message));
    let send = SendMessage { site, session, locale, id, content, available: true };
    app.perform(send).await.expect("it is accepted")
}

async fn first_messages_of_one_session_at_once_make_one_conversation(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let session = session();
    let sent =
        at_once(&server.app, |app, number| send(app, session.clone(), entry_id(), number.to_string())).await;
    let conversations: BTreeSet<_> = sent.iter().map(|sent| (sent.visitor, sent.conversation)).collect();
    assert_eq!(conversations.len(), 1);
    let places: BTreeSet<_> = sent.iter().map(|sent| sent.seq).collect();
    assert_eq!(places.len(), MANY);
    for (table, rows) in [("visitor", 1), ("conversation", 1), ("entry", MANY as i64 + 1)] {
        assert_eq!(server.count(table).await, rows, "{table}");
    }
}

async fn repeats_at_once_are_one_message(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let session = session();
    // The very first message, and one in a conversation that is there.
    for stored in [2, 3] {
        let id = entry_id();
        let sent = at_once(&server.app, |app, _| send(app, session.clone(), id, "Hello".to_owned())).await;
        assert!(sent.iter().all(|other| *other == sent[0]), "{sent:?}");
        assert_eq!(server.count("entry").await, stored);
    }
    let alice = server.add_agent("alice@desk.example", "Alice").await;
    let conversation =
        send(Arc::clone(&server.app), session.clone(), entry_id(), "Hi".to_owned()).await.conversation;
    let id = entry_id();
    let seqs = at_once(&server.app, |app, _| {
        let reply = Reply { agent: alice.clone(), conversation, id, content: text("Yes?"), after: None };
        async move { app.perform(reply).await.expect("it is accepted") }
    })
    .await;
    // Four by the visitor and for them, the assignment, the opening, and the answer.
    assert_eq!(seqs, [7; MANY]);
}

async fn after_a_closed_conversation_messages_at_once_begin_one(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let session = session();
    let first = send(Arc::clone(&server.app), session.clone(), entry_id(), "Hello".to_owned()).await;
    server.set_status(first.conversation, Status::Closed).await;
    server.advance(1);
    let sent =
        at_once(&server.app, |app, number| send(app, session.clone(), entry_id(), number.to_string())).await;
    assert!(sent.iter().all(|other| other.conversation == sent[0].conversation));
    assert_ne!(sent[0].conversation, first.conversation);
    assert_eq!(server.count("conversation").await, 2);
}

async fn numbers_are_given_once(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let sent = at_once(&server.app, |app, _| send(app, session(), entry_id(), "Hello".to_owned())).await;
    let mut numbers = Vec::new();
    for sent in sent {
        numbers.push(server.conversation(sent.conversation).await.number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1001..1001 + MANY as u32).collect::<Vec<_>>(), "without a hole");
}

async fn answers_at_once_take_a_conversation_up_once(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut agents = Vec::new();
    for number in 0..MANY {
        agents.push(server.add_agent(&format!("agent{number}@desk.example"), "Alice").await);
    }
    let session = session();
    let sent = send(Arc::clone(&server.app), session.clone(), entry_id(), "Hello".to_owned()).await;
    let conversation = sent.conversation;
    at_once(&server.app, |app, number| {
        let (agent, session) = (agents[number].clone(), session.clone());
        async move {
            let reply = Reply { agent, conversation, id: entry_id(), content: text("Yes?"), after: None };
            app.perform(reply).await.expect("it is accepted");
            send(app, session, entry_id(), "And then?".to_owned()).await;
        }
    })
    .await;
    let log = server.log(conversation).await;
    let events = log.iter().filter(|entry| matches!(entry.body, Body::Event(_))).count();
    assert_eq!((log.len(), events), (2 + 2 + 2 * MANY, 2), "one assignment and one opening");
}

async fn what_is_unread_is_counted_right_while_messages_come(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let session = session();
    let sent = send(Arc::clone(&server.app), session.clone(), entry_id(), "Hello".to_owned()).await;
    let conversation = sent.conversation;
    at_once(&server.app, |app, number| {
        let session = session.clone();
        async move {
            for round in 0..4 {
                send(Arc::clone(&app), session.clone(), entry_id(), "More".to_owned()).await;
                let upto = (number + MANY * round) as Seq;
                for by in [Seer::Agent, Seer::Visitor(sent.visitor)] {
                    app.perform(MarkSeen { conversation, by, upto }).await.expect("it is accepted");
                }
            }
        }
    })
    .await;
    let found = server.conversation(conversation).await;
    let log = server.log(conversation).await;
    let message =
        |author: &Author, body: &Body| *author == Author::Visitor && matches!(body, Body::Message { .. });
    let unread =
        log.iter().filter(|entry| entry.seq > found.agent_seen && message(&entry.author, &entry.body));
    assert_eq!(found.unread as usize, unread.count());
    assert!(found.agent_seen > 0 && found.visitor_seen > 0);
}

/// Adds an entry, and then finds that another transaction came between, so often.
struct Contended {
    conversation: ConversationId,
    failures: u32,
    runs: Arc<AtomicU32>,
}

impl UseCase for Contended {
    type Output = Seq;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Seq, UseCaseError> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let body = Body::Message { text: format!("attempt {run}") };
        let id = cx.mint_entry_id()?;
        let entry = cx.add_entry(tx, self.conversation, id, Author::Automatic, body).await?;
        if run < self.failures {
            return Err(StoreError::Conflict(sqlx::Error::RowNotFound).into());
        }
        Ok(entry.seq)
    }
}

async fn an_attempt_that_did_not_commit_is_done_again_and_never_published(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let sent = send(Arc::clone(&server.app), session(), entry_id(), "Hello".to_owned()).await;
    let conversation = sent.conversation;
    desk.watch(conversation, None).await;
    let contended = |failures| {
        let runs = Arc::new(AtomicU32::new(0));
        (Contended { conversation, failures, runs: Arc::clone(&runs) }, runs)
    };
    let (twice, runs) = contended(2);
    assert_eq!(server.app.perform(twice).await.expect("the third attempt is committed"), 3);
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    let (always, runs) = contended(u32::MAX);
    let error = server.app.perform(always).await.expect_err("it gives up");
    assert_eq!(error.problem().kind, ProblemKind::Unavailable);
    assert_eq!(runs.load(Ordering::Relaxed), 8);
    desk.await_seq(conversation, 3).await;
    desk.sync().await;
    assert_eq!(desk.entries[&conversation], server.log(conversation).await);
    assert_eq!(desk.last_seq(conversation), 3);
}
