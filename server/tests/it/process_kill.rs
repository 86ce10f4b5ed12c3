//! Stopping, in good order and with violence: what was acknowledged is there, once, in order (G1, G2, G3, G11).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use causette_server::store::Store;
use causette_shared::id::{EntryId, Seq};
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame, encode};
use futures_util::SinkExt as _;
use sqlx::Row as _;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::builders::{entry_id, text};
use crate::harness::database::{assert_logs_are_whole, connect, database_in};
use crate::harness::process::{Running, run};
use crate::harness::{VisitorActor, within};

/// No limit stands in the way of a burst.
const FAST: &[(&str, &str)] = &[
    ("CAUSETTE_MESSAGE_BURST", "100000"),
    ("CAUSETTE_MESSAGES_PER_SECOND", "100000"),
    ("CAUSETTE_CONVERSATIONS_PER_MINUTE", "100000"),
];
const WRITERS: usize = 4;

fn with_shop() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let origin = "https://shop.example";
    let added =
        run(directory.path(), &["site", "add", "--key", "shop", "--name", "Shop", "--origin", origin]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    directory
}

/// What one writer was told before its connection ended.
#[derive(Default)]
struct Told {
    acknowledged: BTreeMap<EntryId, Seq>,
    drained: bool,
}

/// Writes one message after the other, each sent when the one before it is acknowledged, until the connection ends.
async fn write_until_the_end(authority: String, progress: mpsc::UnboundedSender<()>) -> Told {
    let mut visitor = VisitorActor::connect_to(&authority).await;
    visitor.hello().await;
    let mut told = Told::default();
    loop {
        let id = entry_id();
        let frame = ClientFrame::Send { id, content: text("one of many") };
        let bytes = encode(&frame).expect("it fits");
        if visitor.socket.send(Message::Binary(bytes.into())).await.is_err() {
            // What was sent to us before still waits to be read.
            while let Some(frame) = visitor.next().await {
                told.drained |= frame == ServerFrame::Drain;
            }
            return told;
        }
        loop {
            match visitor.next().await {
                Some(ServerFrame::Acknowledged { id: sent, seq, .. }) => {
                    told.acknowledged.insert(sent, seq);
                    let _ = progress.send(());
                    break;
                }
                Some(ServerFrame::Refused { problem, .. }) => {
                    assert!(problem.kind.is_temporary(), "{problem:?}");
                    break;
                }
                Some(frame) => told.drained |= frame == ServerFrame::Drain,
                None => return told,
            }
        }
    }
}

/// Runs writers, does something once `after` messages are acknowledged, and returns what each was told.
async fn burst(authority: &str, after: usize, then: impl AsyncFnOnce()) -> Vec<Told> {
    let (progress, mut acknowledged) = mpsc::unbounded_channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| tokio::spawn(write_until_the_end(authority.to_owned(), progress.clone())))
        .collect();
    for _ in 0..after {
        within("an acknowledgement", acknowledged.recv()).await.expect("the writers write");
    }
    then().await;
    let mut all = Vec::new();
    for writer in writers {
        all.push(within("the end of a writer", writer).await.expect("it does not panic"));
    }
    all
}

/// Every acknowledged message is stored, once, at the place that was told.
async fn assert_kept(directory: &Path, told: &[Told]) -> usize {
    let file = database_in(directory);
    let store = Store::open(&format!("sqlite://{}", file.display())).await.expect("it opens");
    assert_logs_are_whole(&store).await;
    store.close().await;
    let mut connection = connect(&file).await;
    let rows = sqlx::query("SELECT id, seq FROM entry").fetch_all(&mut connection).await.expect("it reads");
    let mut stored: BTreeMap<EntryId, Vec<i64>> = BTreeMap::new();
    for row in rows {
        let id = row.get::<String, _>("id").parse().expect("it is an id");
        stored.entry(id).or_default().push(row.get("seq"));
    }
    let mut checked = 0;
    for (id, seq) in told.iter().flat_map(|told| &told.acknowledged) {
        assert_eq!(stored.get(id), Some(&vec![i64::from(*seq)]), "{id} was acknowledged");
        checked += 1;
    }
    checked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_drains_and_loses_nothing() {
    let directory = with_shop();
    let mut server = Running::serve(directory.path(), FAST);
    let mut idle = VisitorActor::connect_to(&server.authority).await;
    idle.hello().await;
    let authority = server.authority.clone();
    let told = burst(&authority, 60, async || {
        server.terminate();
        server.expect_clean_end(Duration::from_secs(10)).await;
    })
    .await;
    idle.expect("the drain", |frame| if frame == ServerFrame::Drain { Some(()) } else { None }).await;
    idle.expect_end().await;
    assert!(told.iter().any(|told| told.drained), "those who write are told as well");
    assert!(assert_kept(directory.path(), &told).await >= 60);
    assert!(server.log().contains("stopped") && !server.log().contains("ERROR"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_in_time_also_with_a_client_that_does_not_read_and_a_locked_database() {
    let directory = with_shop();
    let mut server = Running::serve(directory.path(), FAST);
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut visitor = VisitorActor::connect_to(&server.authority).await;
        visitor.hello().await;
        waiting.push(visitor);
    }
    let mut holder = connect(&database_in(directory.path())).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut holder).await.expect("nobody writes");
    for visitor in &mut waiting {
        visitor.post("Hello").await;
    }
    // A request that never ends either.
    let mut half = tokio::net::TcpStream::connect(&server.authority).await.expect("it listens");
    tokio::io::AsyncWriteExt::write_all(&mut half, b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        .await
        .expect("taken");
    server.terminate();
    server.expect_clean_end(Duration::from_secs(10)).await;
    drop(half);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_in_the_middle_of_a_burst_loses_nothing_that_was_acknowledged() {
    const ROUNDS: usize = 10;
    let directory = with_shop();
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        // Each start finds what the kill before it left.
        let mut server = Running::serve(directory.path(), FAST);
        let authority = server.authority.clone();
        all.extend(burst(&authority, 12 + 7 * round, async || server.kill()).await);
        let checked = assert_kept(directory.path(), &all).await;
        assert!(checked >= 12 * (round + 1), "too little was acknowledged: {checked}");
    }
    let server = Running::serve(directory.path(), FAST);
    let mut visitor = VisitorActor::connect_to(&server.authority).await;
    visitor.hello().await;
    assert_eq!(visitor.say("Still there?").await, 1);
}
