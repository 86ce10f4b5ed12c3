//! PostgreSQL goes away under a running server, by the connection and as a whole, or its disk is full: the server recovers
//! by itself, and what it acknowledged is there, once, at its place (G1, G2, G3).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use causette_server::app::App;
use causette_server::secret::SecretHash;
use causette_server::service::UseCaseError;
use causette_server::service::send_message::{SendMessage, Sent};
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::problem::ProblemKind;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::harness::actors::Outcome;
use crate::harness::app::config;
use crate::harness::builders::{entry_id, session, text};
use crate::harness::cluster::{Cluster, shared};
use crate::harness::database::execute;
use crate::harness::{TestServer, VisitorActor, within};
use crate::store_open_postgres::{database_name, terminate};

const WRITERS: usize = 4;

/// What was acknowledged: where each id stands.
type Told = BTreeMap<EntryId, (ConversationId, Seq)>;

/// Visitors who write one message after the other, each repeated under its id until it is acknowledged.
struct Writers {
    tasks: Vec<JoinHandle<Told>>,
    enough: Arc<AtomicBool>,
    acknowledged: mpsc::UnboundedReceiver<()>,
}

async fn send(app: &App, session: &str, id: EntryId) -> Result<Sent, UseCaseError> {
    let site = "shop".parse().expect("the key is valid");
    let (session, locale) = (SecretHash::of(session), "en".to_owned());
    let content = text("one of many");
    app.perform(SendMessage { site, session, locale, id, content, available: true }).await
}

async fn write(app: Arc<App>, enough: Arc<AtomicBool>, progress: mpsc::UnboundedSender<()>) -> Told {
    let (session, mut told) = (session(), Told::new());
    while !enough.load(Ordering::Relaxed) {
        let id = entry_id();
        let sent = loop {
            match send(&app, &session, id).await {
                Ok(sent) => break sent,
                Err(error) => assert_eq!(error.problem().kind, ProblemKind::Unavailable, "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        told.insert(id, (sent.conversation, sent.seq));
        let _ = progress.send(());
    }
    told
}

impl Writers {
    fn begin(server: &TestServer) -> Self {
        let (progress, acknowledged) = mpsc::unbounded_channel();
        let enough = Arc::new(AtomicBool::new(false));
        let one = |_| tokio::spawn(write(Arc::clone(&server.app), Arc::clone(&enough), progress.clone()));
        let tasks = (0..WRITERS).map(one).collect();
        Self { tasks, enough, acknowledged }
    }

    /// Waits until so many more are acknowledged.
    async fn progress(&mut self, count: usize) {
        // Those that were told before do not count.
        while self.acknowledged.try_recv().is_ok() {}
        for _ in 0..count {
            within("an acknowledgement", self.acknowledged.recv()).await.expect("the writers write");
        }
    }

    /// Stops them, and finds each acknowledged message once, at the place that was told.
    async fn assert_kept(self, server: &TestServer) {
        self.enough.store(true, Ordering::Relaxed);
        for task in self.tasks {
            let told = within("the end of a writer", task).await.expect("it does not panic");
            let (conversation, _) = *told.values().next().expect("each has written");
            let log = server.log(conversation).await;
            for (id, (of, seq)) in &told {
                assert_eq!(*of, conversation);
                let stored: Vec<Seq> =
                    log.iter().filter(|entry| entry.id == *id).map(|entry| entry.seq).collect();
                assert_eq!(stored, [*seq], "{id} was acknowledged");
            }
            assert_eq!(log.len(), told.len() + 1, "they and the automatic answer, and nothing else");
        }
    }
}

/// Sends until it is taken, as a panel does.
async fn insist(visitor: &mut VisitorActor, message: &str) -> Seq {
    let id = entry_id();
    loop {
        match visitor.send(id, text(message)).await {
            Outcome::Acknowledged(_, seq) => return seq,
            Outcome::Refused(problem) => assert_eq!(problem.kind, ProblemKind::Unavailable, "{problem:?}"),
        }
    }
}

async fn ready(server: &TestServer) -> u16 {
    let answer = within("the answer", reqwest::get(server.url("/readyz"))).await;
    answer.expect("it answers").status().as_u16()
}

async fn serve(cluster: &Cluster) -> (TestServer, String) {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let address = cluster.create_database().await;
    let server = TestServer::over(config(), directory, address.clone()).await;
    server.add_shop().await;
    (server, database_name(&address))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_are_terminated_lose_nothing() {
    const ROUNDS: usize = 10;
    let (server, database) = serve(shared()).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    let mut writers = Writers::begin(&server);
    for _ in 0..ROUNDS {
        writers.progress(20).await;
        terminate(shared(), &database).await;
    }
    writers.progress(20).await;
    let seq = insist(&mut visitor, "Still there?").await;
    visitor.await_seq(seq).await;
    assert_eq!(visitor.texts().last(), Some(&"Still there?"));
    writers.assert_kept(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_crashes_and_comes_back_loses_nothing() {
    const ROUNDS: usize = 3;
    let cluster = Cluster::start();
    let (server, _) = serve(&cluster).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    let mut writers = Writers::begin(&server);
    for round in 0..ROUNDS {
        writers.progress(20).await;
        cluster.crash_server();
        assert_eq!(ready(&server).await, 503);
        let refused = visitor.send(entry_id(), text("Anybody?")).await;
        assert!(matches!(refused, Outcome::Refused(problem) if problem.kind == ProblemKind::Unavailable));
        cluster.start_server();
        writers.progress(20).await;
        assert_eq!(ready(&server).await, 200, "round {round}");
        // The connection that stood all the while goes on.
        let seq = insist(&mut visitor, "Still there?").await;
        visitor.await_seq(seq).await;
    }
    writers.assert_kept(&server).await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_is_refused_for_now_and_then_forgotten() {
    // No disk fills up here: this is the error that PostgreSQL ends a statement with when its own is full.
    const FULL: &str = "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$";
    const ENTRIES: &str = "CREATE TRIGGER disk_full BEFORE INSERT ON entry EXECUTE FUNCTION disk_full()";
    const COUNTER: &str = "CREATE TRIGGER disk_full BEFORE UPDATE ON counter EXECUTE FUNCTION disk_full()";
    let (server, _) = serve(shared()).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    for sql in [FULL, ENTRIES, COUNTER] {
        execute(&server.app.store, sql).await;
    }
    let id = entry_id();
    let Outcome::Refused(problem) = visitor.send(id, text("Still there?")).await else {
        panic!("it was acknowledged without being written");
    };
    assert_eq!(problem.kind, ProblemKind::Unavailable);
    assert!(problem.retry_after_ms.is_some());
    assert_eq!(ready(&server).await, 503);
    server.advance(60);
    assert_eq!(ready(&server).await, 503, "it asks the disk, not the clock");
    for sql in ["DROP TRIGGER disk_full ON entry", "DROP TRIGGER disk_full ON counter"] {
        execute(&server.app.store, sql).await;
    }
    let conversation = visitor.conversation();
    assert_eq!(visitor.send(id, text("Still there?")).await, Outcome::Acknowledged(conversation, 3));
    // One write that succeeds could be luck: what is short is not short of everything.
    assert_eq!(ready(&server).await, 503);
    server.advance(4);
    assert_eq!(ready(&server).await, 200);
}
