//! Group commit on SQLite: those who write at the same time share a commit, and nobody is told anything before it (G1).

use std::sync::Arc;

use causette_server::app::App;
use causette_server::secret::SecretHash;
use causette_server::service::send_message::{SendMessage, Sent};
use causette_server::service::{Context, UseCase, UseCaseError};
use causette_server::store::{Store, StoreError, Tx};
use causette_shared::entry::{Author, Body};
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::problem::ProblemKind;
use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use tokio::sync::oneshot;

use crate::harness::builders::{entry_id, session, text};
use crate::harness::database::number;
use crate::harness::{AgentActor, TestServer, within};

/// Looks at it once, which makes it ask for its turn, and tells whether it waits.
fn waits<F: Future + Unpin>(future: &mut F) -> bool {
    future.now_or_never().is_none()
}

/// A message in the shop. It may be repeated by making it again.
fn message(session: &str, id: EntryId, message: &str) -> SendMessage {
    let site = "shop".parse().expect("the key is valid");
    let (session, locale, content) = (SecretHash::of(session), "en".to_owned(), text(message));
    SendMessage { site, session, locale, id, content, available: true }
}

async fn send(app: &App, session: &str, words: &str) -> Sent {
    app.perform(message(session, entry_id(), words)).await.expect("it is accepted")
}

fn commits(server: &TestServer) -> u64 {
    let Store::Sqlite { writer, .. } = &server.app.store else {
        panic!("it is SQLite");
    };
    writer.commits()
}

async fn run(tx: &mut Tx, sql: &'static str) -> Result<(), sqlx::Error> {
    let Tx::Sqlite(tx) = tx else {
        panic!("it is SQLite");
    };
    sqlx::query(sql).execute(&mut *tx).await.map(drop)
}

/// Makes the commit of this batch fail: a reference to nothing, of which SQLite is told to complain only then.
async fn spoil(tx: &mut Tx) {
    run(tx, "PRAGMA defer_foreign_keys = ON").await.expect("it is set");
    let row = "INSERT INTO agent_session (token_hash, agent_id, created_at, expires_at) VALUES ('t', 'nobody', 1, 1)";
    run(tx, row).await.expect("it is not looked at yet");
}

async fn serve() -> TestServer {
    let server = TestServer::start().await;
    server.add_shop().await;
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_share_commits_and_a_lone_one_has_its_own() {
    const VISITORS: usize = 100;
    const ROUNDS: u32 = 10;
    let server = serve().await;
    let sessions: Vec<_> = (0..VISITORS).map(|_| session()).collect();
    let first = join_all(sessions.iter().map(|session| send(&server.app, session, "Hello"))).await;
    let before = commits(&server);
    let tasks = sessions.iter().map(|session| {
        let (app, session) = (Arc::clone(&server.app), session.clone());
        tokio::spawn(async move {
            let mut sent = Vec::new();
            for _ in 0..ROUNDS {
                sent.push(send(&app, &session, "One more").await.seq);
            }
            sent
        })
    });
    for (task, first) in join_all(tasks).await.into_iter().zip(first) {
        let sent = task.expect("it does not panic");
        assert_eq!(sent, (3..3 + ROUNDS).collect::<Vec<_>>(), "after the first and its automatic answer");
        assert_eq!(server.log(first.conversation).await.len(), 2 + sent.len());
    }
    let (messages, shared) = (VISITORS as u64 * u64::from(ROUNDS), commits(&server) - before);
    assert!(shared * 10 <= messages, "{messages} messages took {shared} commits");

    let before = commits(&server);
    send(&server.app, &sessions[0], "Alone").await;
    assert_eq!(commits(&server) - before, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_does_not_grow_for_ever() {
    let server = serve().await;
    let store = &server.app.store;
    let before = commits(&server);
    // All of them wait before the first one ends its turn.
    let first = store.begin().await.expect("it begins");
    let turn = || async { store.begin().await.expect("it begins").commit().await.expect("it commits") };
    let mut waiting: Vec<_> = (0..600).map(|_| Box::pin(turn())).collect();
    for waiting in &mut waiting {
        assert!(waits(waiting));
    }
    let (first, _) = within("everyone's commit", join(first.commit(), join_all(waiting))).await;
    first.expect("it commits");
    assert!(commits(&server) - before >= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_told_anything_before_the_commit() {
    let server = serve().await;
    let store = &server.app.store;
    let sites = "SELECT COUNT(*) FROM counter WHERE name = 'mine'";
    let mut first = store.begin().await.expect("it begins");
    let (mut second, mut third) = (Box::pin(store.begin()), Box::pin(store.begin()));
    assert!(waits(&mut second) && waits(&mut third), "one after the other");
    run(&mut first, "INSERT INTO counter (name, value) VALUES ('mine', 1)").await.expect("it is added");
    let mut kept = Box::pin(first.commit());
    assert!(waits(&mut kept));
    let mut second = second.await.expect("it has its turn");
    // It reads what is not committed, and decides to refuse.
    assert!(run(&mut second, "INSERT INTO counter (name, value) VALUES ('mine', 2)").await.is_err());
    let mut refused = Box::pin(second.roll_back());
    assert!(waits(&mut refused));
    let third = third.await.expect("it has its turn");
    // The turns of the first two are over. The batch is not.
    assert!(waits(&mut kept), "it is not committed");
    assert!(waits(&mut refused), "it was decided from what is not committed");
    assert_eq!(number(store, sites).await, 0);
    drop(third);
    within("the commit", kept).await.expect("it is committed");
    within("the commit", refused).await.expect("it may be told");
    assert_eq!(number(store, sites).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_fails_acknowledges_nobody_and_publishes_nothing() {
    let server = serve().await;
    let mut desk = AgentActor::arrive(&server).await;
    let (mine, yours) = (session(), session());
    let begun = send(&server.app, &mine, "Hello").await;
    desk.watch(begun.conversation, None).await;
    let (app, store) = (&server.app, &server.app.store);
    let rows = [server.count("entry").await, server.count("conversation").await];

    let mut spoiler = store.begin().await.expect("it begins");
    let (again, new) = (entry_id(), entry_id());
    let mut members = vec![
        Box::pin(app.perform(message(&mine, again, "One more"))),
        Box::pin(app.perform(message(&yours, new, "Anybody?"))),
        // Refused, because the id is taken: by an entry that will not be.
        Box::pin(app.perform(message(&mine, again, "Something else"))),
    ];
    for member in &mut members {
        assert!(waits(member));
    }
    spoil(&mut spoiler).await;
    let (spoiled, results) = within("the outcome", join(spoiler.commit(), join_all(members))).await;
    assert!(spoiled.is_err());
    for result in results {
        let error = result.expect_err("nothing was committed");
        assert!(matches!(error, UseCaseError::Store(StoreError::Batch(_))), "{error:?}");
    }
    assert_eq!([server.count("entry").await, server.count("conversation").await], rows);
    desk.sync().await;
    assert_eq!(desk.entries[&begun.conversation], server.log(begun.conversation).await);

    // What was not acknowledged is repeated under its id, and taken.
    let sent = app.perform(message(&mine, again, "One more")).await.expect("it is accepted");
    assert_eq!((sent.conversation, sent.seq), (begun.conversation, 3));
    assert_eq!(app.perform(message(&yours, new, "Anybody?")).await.expect("it is accepted").seq, 1);
    desk.await_seq(begun.conversation, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_in_the_middle_of_a_batch_loses_it_as_a_whole() {
    const ROWS: &str = "SELECT COUNT(*) FROM counter";
    let server = serve().await;
    let store = &server.app.store;
    let mine = session();
    let conversation = send(&server.app, &mine, "Hello").await.conversation;
    let mut first = store.begin().await.expect("it begins");
    let mut filling = Box::pin(store.begin());
    let mut after = Box::pin(send(&server.app, &mine, "After"));
    assert!(waits(&mut filling) && waits(&mut after));
    run(&mut first, "INSERT INTO counter (name, value) VALUES ('mine', 1)").await.expect("it is added");
    let mut kept = Box::pin(first.commit());
    assert!(waits(&mut kept));
    let mut filling = filling.await.expect("it has its turn");
    run(&mut filling, "PRAGMA max_page_count = 1").await.expect("it is set to what is used");
    let row = "INSERT INTO counter (name, value) VALUES (hex(zeroblob(1000000)), 1)";
    let error = StoreError::from(run(&mut filling, row).await.expect_err("there is no room"));
    assert!(error.is_temporary(), "{error:?}");
    // SQLite has rolled all of it back by itself. What is written here is outside any transaction.
    assert!(run(&mut filling, "ROLLBACK").await.is_err(), "there is nothing to roll back");
    drop(filling);
    let error = within("the outcome", kept).await.expect_err("it was rolled back with the rest");
    assert!(error.is_temporary(), "{error:?}");
    // Whoever waited has another batch, on a connection without that limit.
    assert_eq!(within("the outcome", after).await.seq, 3);
    assert_eq!(number(store, ROWS).await, 1);
    assert_eq!(server.log(conversation).await.len(), 3);
}

/// Writes, and then ends otherwise than well.
struct Fails {
    conversation: ConversationId,
    how: How,
}

enum How {
    Refuses,
    Panics,
    /// Says that it has written, and then waits for ever.
    Hangs(tokio::sync::mpsc::UnboundedSender<()>),
}

impl UseCase for Fails {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        let body = Body::Message { text: "never to be seen".to_owned() };
        let id = cx.mint_entry_id()?;
        cx.add_entry(tx, self.conversation, id, Author::Automatic, body).await?;
        match &self.how {
            How::Refuses => Err(UseCaseError::refused(ProblemKind::WrongState)),
            How::Panics => panic!("as the test wants it"),
            How::Hangs(written) => {
                let _ = written.send(());
                std::future::pending().await
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_fails_in_the_middle_of_a_batch_leaves_nothing_and_spoils_nothing() {
    let server = serve().await;
    let mine = session();
    let conversation = send(&server.app, &mine, "Hello").await.conversation;
    let (written, mut has_written) = tokio::sync::mpsc::unbounded_channel();
    let first = server.app.store.begin().await.expect("it begins");
    let (queued, mut is_queued) = tokio::sync::mpsc::unbounded_channel();
    let perform = |how| {
        let (app, queued) = (Arc::clone(&server.app), queued.clone());
        tokio::spawn(async move {
            let mut performing = Box::pin(app.perform(Fails { conversation, how }));
            assert!(waits(&mut performing));
            let _ = queued.send(());
            performing.await
        })
    };
    let good = |words: &'static str| {
        let (app, queued, mine) = (Arc::clone(&server.app), queued.clone(), mine.clone());
        tokio::spawn(async move {
            let mut sending = Box::pin(send(&app, &mine, words));
            assert!(waits(&mut sending));
            let _ = queued.send(());
            sending.await
        })
    };
    let mut tasks = Vec::new();
    let mut good_ones = Vec::new();
    for how in [How::Refuses, How::Panics, How::Hangs(written)] {
        good_ones.push(good("before"));
        is_queued.recv().await;
        tasks.push(perform(how));
        is_queued.recv().await;
    }
    good_ones.push(good("after"));
    is_queued.recv().await;
    let mut first = Box::pin(first.commit());
    assert!(waits(&mut first));
    within("the one that hangs", has_written.recv()).await;
    tasks[2].abort();
    let ended = within("the end of those that fail", join_all(tasks)).await;
    assert!(
        matches!(&ended[0], Ok(Err(UseCaseError::Refused(problem))) if problem.kind == ProblemKind::WrongState)
    );
    assert!(ended[1].as_ref().is_err_and(tokio::task::JoinError::is_panic));
    assert!(ended[2].as_ref().is_err_and(tokio::task::JoinError::is_cancelled));
    within("the commit", first).await.expect("it is committed");
    let sent = within("the others", join_all(good_ones)).await;
    let sent: Vec<_> = sent.into_iter().map(|sent| sent.expect("it is accepted").seq).collect();
    assert_eq!(sent, [3, 4, 5, 6], "in the order in which they came, without a hole");
    assert_eq!(server.log(conversation).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn turns_without_a_statement_leave_what_others_kept() {
    let server = serve().await;
    let store = &server.app.store;
    let row = |name: &str| format!("INSERT INTO counter (name, value) VALUES ('{name}', 1)");
    let insert = async |tx: &mut Tx, name: &str| {
        let Tx::Sqlite(tx) = tx else {
            panic!("it is SQLite");
        };
        sqlx::query(sqlx::AssertSqlSafe(row(name))).execute(tx).await.expect("it is added");
    };
    let mut first = store.begin().await.expect("it begins");
    let mut waiting: Vec<_> = (0..7).map(|_| Box::pin(store.begin())).collect();
    for waiting in &mut waiting {
        assert!(waits(waiting));
    }
    insert(&mut first, "kept 1").await;
    let mut ends = vec![Box::pin(first.commit())];
    assert!(waits(&mut ends[0]));
    for (place, turn) in waiting.into_iter().enumerate() {
        let mut turn = within("the turn", turn).await.expect("it is given");
        match place {
            // Gone, refused and even kept, all without a word.
            0 | 2 | 5 => drop(turn),
            1 => assert!(waits(&mut Box::pin(turn.roll_back()))),
            3 => {
                insert(&mut turn, "undone").await;
                drop(turn);
            }
            4 => {
                insert(&mut turn, "kept 2").await;
                ends.push(Box::pin(turn.commit()));
                assert!(waits(&mut ends[1]));
            }
            _ => {
                ends.push(Box::pin(turn.commit()));
            }
        }
    }
    for end in within("the commit", join_all(ends)).await {
        end.expect("it is committed");
    }
    assert_eq!(number(store, "SELECT COUNT(*) FROM counter WHERE name LIKE 'kept _'").await, 2);
    assert_eq!(number(store, "SELECT COUNT(*) FROM counter WHERE name = 'undone'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_done_after_a_statement_that_failed() {
    let server = serve().await;
    let store = &server.app.store;
    for failing in ["INSERT INTO counter (name, value) VALUES ('mine', 2)", "SELECT nonsense"] {
        let mut tx = store.begin().await.expect("it begins");
        run(&mut tx, "INSERT INTO counter (name, value) VALUES ('mine', 1)").await.expect("it is added");
        assert!(run(&mut tx, failing).await.is_err());
        assert!(run(&mut tx, "INSERT INTO counter (name, value) VALUES ('other', 1)").await.is_err());
        let before = commits(&server);
        assert!(tx.commit().await.is_err(), "half of it is not kept");
        assert_eq!(commits(&server), before);
        assert_eq!(number(store, "SELECT COUNT(*) FROM counter").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closing_waits_for_the_batch_and_refuses_who_comes_later() {
    let server = serve().await;
    let store = Store::open(&format!("sqlite://{}", server.database().display())).await.expect("it opens");
    let mut first = store.begin().await.expect("it begins");
    run(&mut first, "INSERT INTO counter (name, value) VALUES ('mine', 1)").await.expect("it is added");
    let (closed, closing) = oneshot::channel();
    let other = store.clone();
    tokio::spawn(async move {
        other.close().await;
        let _ = closed.send(());
    });
    let mut closing = Box::pin(closing);
    assert!(waits(&mut closing));
    first.commit().await.expect("it commits");
    within("the end", closing).await.expect("it closes");
    let error = store.begin().await.err().expect("it is closed");
    assert!(error.is_temporary(), "{error:?}");
    assert_eq!(number(&server.app.store, "SELECT COUNT(*) FROM counter").await, 2);
}
