//! Backup and restore beside a server that is in use: a backup is one instant, and after a restore every client comes
//! back to what is stored, with what it still holds.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use causette_server::app::App;
use causette_server::backup::{BackupError, Existing, Meter, Saved, save};
use causette_server::secret::SecretHash;
use causette_server::service::UseCaseError;
use causette_server::service::send_message::{SendMessage, Sent};
use causette_server::store::Store;
use causette_shared::id::EntryId;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent;
use causette_shared::protocol::visitor::ServerFrame;
use tokio::task::JoinHandle;

use crate::backup_round_trip::{back_up, place, put_back};
use crate::harness::agent::open_socket;
use crate::harness::app::NOW;
use crate::harness::builders::{entry_id, session, text};
use crate::harness::content::{Random, add, contact_row, text as value};
use crate::harness::database::{assert_logs_are_whole, number, on_both_databases};
use crate::harness::panel::Panel;
use crate::harness::store::FreshStore;
use crate::harness::{AgentActor, Database, TestServer, eventually, within};

on_both_databases!(
    a_backup_under_load_is_one_instant,
    clients_come_back_to_what_is_stored,
    what_is_acknowledged_after_a_restore_is_kept,
);

/// Visitors who write without a pause, each message repeated under its id until it is acknowledged.
struct Writers {
    tasks: Vec<JoinHandle<()>>,
    enough: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<BTreeSet<EntryId>>>,
}

async fn send(app: &App, session: &str, id: EntryId) -> Result<Sent, UseCaseError> {
    let site = "shop".parse().expect("the key is valid");
    let (session, locale) = (SecretHash::of(session), "en".to_owned());
    app.perform(SendMessage { site, session, locale, id, content: text("one of many"), available: true })
        .await
}

impl Writers {
    fn begin(server: &TestServer) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
        let one = |_| {
            let (app, enough, acknowledged) =
                (Arc::clone(&server.app), Arc::clone(&enough), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let session = session();
                while !enough.load(Ordering::Relaxed) {
                    let id = entry_id();
                    while let Err(error) = send(&app, &session, id).await {
                        assert_eq!(error.problem().kind, ProblemKind::Unavailable, "{error:?}");
                    }
                    acknowledged.lock().expect("nobody panicked").insert(id);
                }
            })
        };
        let tasks = (0..4).map(one).collect();
        Self { tasks, enough, acknowledged }
    }

    fn told(&self) -> BTreeSet<EntryId> {
        self.acknowledged.lock().expect("nobody panicked").clone()
    }

    async fn progress(&self, more: usize) {
        let from = self.told().len();
        eventually("acknowledgements", || async move { self.told().len() >= from + more }).await;
    }

    async fn stop(self) -> BTreeSet<EntryId> {
        self.enough.store(true, Ordering::Relaxed);
        for task in self.tasks {
            within("the end of a writer", task).await.expect("it was refused nothing");
        }
        self.acknowledged.lock().expect("nobody panicked").clone()
    }
}

async fn stored_ids(store: &Store) -> BTreeSet<EntryId> {
    let content = crate::harness::content::read_content(store).await;
    let (columns, rows) = &content["entry"];
    let place = columns.iter().position(|name| name == "id").expect("it is a column");
    rows.iter()
        .map(|row| row[place].as_deref().and_then(|id| id.parse().ok()).expect("it is an id"))
        .collect()
}

/// Takes the first bytes only when it is told to go on.
struct Gate<W> {
    inner: W,
    reached: Option<tokio::sync::oneshot::Sender<()>>,
    go_on: mpsc::Receiver<()>,
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(reached) = self.reached.take() {
            let _ = reached.send(());
            let _ = self.go_on.recv();
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// So much that what is written reaches the file before the conversations are read; gzip cannot make it small.
async fn add_bulk(store: &Store) {
    let mut tx = store.begin().await.expect("the store is free");
    let random = &mut Random(9);
    let mut contacts = Vec::new();
    for n in 0..2_000 {
        let name: String = (0..250).map(|_| format!("{:016x}", random.next())).collect();
        contacts.push(contact_row(n.to_string(), value(name)));
    }
    add(&mut tx, "contact", contacts).await;
    tx.commit().await.expect("it commits");
}

async fn a_backup_under_load_is_one_instant(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    add_bulk(&server.app.store).await;
    let writers = Writers::begin(&server);
    writers.progress(40).await;
    let before = writers.told();
    let (_directory, path) = place();
    let (reached, at_gate) = tokio::sync::oneshot::channel();
    let (open, go_on) = mpsc::channel();
    let out =
        Gate { inner: std::fs::File::create(&path).expect("it is made"), reached: Some(reached), go_on };
    let store = server.app.store.clone();
    let saving = tokio::spawn(async move { save(&store, out, NOW, &Arc::new(Meter::default())).await });
    within("the first bytes", at_gate).await.expect("it writes");
    let at_first_bytes = writers.told();
    // They are not held up, however long the backup takes.
    writers.progress(100).await;
    open.send(()).expect("it waits");
    within("the backup", saving).await.expect("it does not panic").expect("it is made");
    let after = writers.stop().await;

    let fresh = FreshStore::open(Database::Sqlite).await;
    put_back(&fresh.store, &path, Existing::Keep).await.expect("it is whole");
    assert_logs_are_whole(&fresh.store).await;
    let saved = stored_ids(&fresh.store).await;
    assert!(before.is_subset(&saved), "what was acknowledged before is in it");
    let late: BTreeSet<_> = after.difference(&at_first_bytes).copied().collect();
    // An answer can be on its way at that instant, one of each writer.
    assert!(late.intersection(&saved).count() <= 4 && late.len() >= 100, "what came later is not");
    let numbers = "SELECT MAX(number) - (SELECT value FROM counter WHERE name = 'conversation_number') FROM conversation";
    assert_eq!(number(&fresh.store, numbers).await, 0, "the counter is of the same instant");
}

async fn clients_come_back_to_what_is_stored(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut alice = AgentActor::arrive(&server).await;
    let mut visitor = Panel::arrive(&server).await;
    visitor.say("One").await;
    let conversation = visitor.replica.conversation().expect("it has begun");
    alice.await_summary("the conversation", |row| row.id == conversation).await;
    alice.watch(conversation, None).await;
    alice.reply(conversation, "Two").await;
    visitor.until("the answer", |panel| panel.texts().last() == Some(&"Two".to_owned())).await;
    let (_directory, path) = place();
    back_up(&server.app.store, &path).await;

    // All of this is after the backup, and goes.
    server.add_agent("bob@desk.example", "Bob").await;
    let mut bob = AgentActor::sign_in(&server, "bob@desk.example").await;
    visitor.say("Three").await;
    alice.reply(conversation, "Four").await;
    visitor.until("the answer", |panel| panel.texts().last() == Some(&"Four".to_owned())).await;
    let mut other = Panel::arrive(&server).await;
    other.say("Somebody else").await;
    let vanishing = other.replica.conversation().expect("it has begun");
    alice.await_summary("the other conversation", |row| row.id == vanishing).await;

    let elsewhere = Store::open(server.database_address()).await.expect("the database opens");
    put_back(&elsewhere, &path, Existing::Replace).await.expect("it is put back");
    elsewhere.close().await;
    // Before or after the server has noticed: it is stored where the log now ends.
    visitor.say("Five").await;

    visitor.until("the drain", |panel| panel.was_let_go).await;
    let drained = |frame| matches!(frame, agent::ServerFrame::Drain).then_some(());
    for desk in [&mut alice, &mut bob] {
        desk.expect("the drain", drained).await;
        desk.expect_end().await;
    }
    // What is written while nobody listens goes out on return, once.
    visitor.compose("Six");
    visitor.reconnect(&server).await;
    visitor.until("its own messages", |panel| panel.replica.outgoing().is_empty()).await;
    assert_eq!(visitor.texts()[0], "One");
    assert_eq!(visitor.texts()[2..], ["Two", "Five", "Six"]);
    let log = server.log(conversation).await;
    assert!(visitor.replica.entries().iter().eq(&log), "the panel holds what is stored");

    other.until("the drain", |panel| panel.was_let_go).await;
    other.reconnect(&server).await;
    assert_eq!((other.replica.conversation(), other.texts().len()), (None, 0), "it was never there");
    other.say("From the beginning").await;
    assert_ne!(other.replica.conversation(), Some(vanishing));

    let authority = server.address.to_string();
    assert_eq!(open_socket(&authority, &bob.cookie).await.err(), Some(401), "Bob was never there");
    let mut alice = AgentActor::open(&authority, alice.cookie).await;
    assert!(!alice.list.contains_key(&vanishing) && alice.list.len() == 2);
    alice.watch(conversation, None).await;
    assert_eq!(alice.entries[&conversation], log, "the desk shows what is stored");
    assert_eq!(alice.list[&conversation].last_seq, log.last().expect("it has entries").seq);
    // The server goes on as one that was never asked to stop.
    let ready = reqwest::get(server.url("/readyz")).await.expect("it answers");
    assert_eq!(ready.status(), 200);
    alice.reply(conversation, "Seven").await;
    visitor.until("the answer", |panel| panel.texts().last() == Some(&"Seven".to_owned())).await;
    assert!(!visitor.was_let_go, "once is enough");
}

async fn what_is_acknowledged_after_a_restore_is_kept(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let writers = Writers::begin(&server);
    writers.progress(50).await;
    let (directory, path) = place();
    back_up(&server.app.store, &path).await;
    for round in 0..3 {
        writers.progress(50).await;
        let elsewhere = Store::open(server.database_address()).await.expect("the database opens");
        within("the restore", put_back(&elsewhere, &path, Existing::Replace)).await.expect("it is put back");
        elsewhere.close().await;
        let restored = writers.told();
        writers.progress(50).await;
        let late: BTreeSet<_> = writers.told().difference(&restored).copied().collect();
        let stored = stored_ids(&server.app.store).await;
        let lost: Vec<_> = late.difference(&stored).collect();
        // What was acknowledged just before is told just after, by each writer once.
        assert!(lost.len() <= 4, "round {round}: {lost:?}");
        // And what they write now is in the next backup.
        let _ = std::fs::remove_file(&path);
        back_up(&server.app.store, &path).await;
    }
    writers.stop().await;
    drop(directory);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_let_go_without_a_restore() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = Panel::arrive(&server).await;
    visitor.say("One").await;
    server.app.hub.let_go();
    let frame = within("the drain", visitor.actor.next()).await;
    assert_eq!(frame, Some(ServerFrame::Drain), "nothing came before");
    // Who comes after that stays, and stopping still reaches everybody.
    visitor.reconnect(&server).await;
    visitor.say("Two").await;
    server.app.hub.drain();
    visitor.until("the drain", |panel| panel.was_let_go).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_that_is_given_up_on_the_way_is_none() {
    let fresh = FreshStore::open(Database::Sqlite).await;
    add_bulk(&fresh.store).await;
    let (_directory, path) = place();
    let (reached, at_gate) = tokio::sync::oneshot::channel();
    let (open, go_on) = mpsc::channel();
    let file = Arc::new(std::fs::File::create(&path).expect("it is made"));
    let out = Gate { inner: Arc::clone(&file), reached: Some(reached), go_on };
    let store = fresh.store.clone();
    let saving = tokio::spawn(async move { save(&store, out, NOW, &Arc::new(Meter::default())).await });
    within("the first bytes", at_gate).await.expect("it writes");
    saving.abort();
    assert!(saving.await.is_err_and(|error| error.is_cancelled()));
    open.send(()).expect("it waits");
    // The thread that writes ends by itself.
    eventually("its end", || async { Arc::strong_count(&file) == 1 }).await;
    assert!(file.metadata().expect("it is there").len() > 0);
    let refused = Saved::open(&path, &Meter::default());
    assert!(matches!(refused, Err(BackupError::Truncated(_))), "{refused:?}");
}
