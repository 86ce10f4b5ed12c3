//! Visitors who write as fast as they are answered, to a server that ends in the middle; and what must be left (G1–G3).

use std::path::Path;

use causette_server::store::Store;
use causette_shared::id::{EntryId, Seq};
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame, encode};
use futures_util::SinkExt as _;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::builders::{entry_id, text};
use super::database::{assert_logs_are_whole, list_places};
use super::process::{Running, command};
use super::{Database, VisitorActor, within};

/// A data directory and a database with the site "shop", for servers that come and go.
pub struct Shop {
    pub directory: tempfile::TempDir,
    /// The database's.
    pub address: String,
}

impl Shop {
    /// Makes it, by the commands that people use.
    pub async fn on(database: Database) -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let address = database.create(directory.path()).await;
        let shop = Self { directory, address };
        let add = ["site", "add", "--key", "shop", "--name", "Shop", "--origin", "https://shop.example"];
        let added = command(shop.path(), &add).envs(shop.environment()).output().expect("the binary runs");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        shop
    }

    /// The data directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What a server is told: where its database is, and that no limit stands in the way of a burst.
    pub fn environment(&self) -> [(&str, &str); 4] {
        [
            ("CAUSETTE_DATABASE_URL", &self.address),
            ("CAUSETTE_MESSAGE_BURST", "100000"),
            ("CAUSETTE_MESSAGES_PER_SECOND", "100000"),
            ("CAUSETTE_CONVERSATIONS_PER_MINUTE", "100000"),
        ]
    }

    /// Starts a server.
    pub fn serve(&self) -> Running {
        Running::serve(self.path(), &self.environment())
    }

    /// How many entries there are.
    pub async fn count_entries(&self) -> usize {
        let store = Store::open(&self.address).await.expect("it opens");
        let entries = list_places(&store).await.values().map(Vec::len).sum();
        store.close().await;
        entries
    }

    /// Finds every acknowledged message in the database: once, at the place that was told, in the order in which its
    /// writer wrote. Returns how many there were.
    pub async fn assert_kept(&self, told: &[Told]) -> usize {
        let store = Store::open(&self.address).await.expect("it opens");
        assert_logs_are_whole(&store).await;
        let stored = list_places(&store).await;
        store.close().await;
        for Told { acknowledged, .. } in told {
            let is_lost = |(id, seq): &&(EntryId, Seq)| stored.get(id) != Some(&vec![*seq]);
            let lost: Vec<_> = acknowledged.iter().filter(is_lost).collect();
            assert!(lost.is_empty(), "{} of {} are not there: {lost:?}", lost.len(), acknowledged.len());
            assert!(acknowledged.is_sorted_by_key(|(_, seq)| *seq), "out of order: {acknowledged:?}");
        }
        told.iter().map(|told| told.acknowledged.len()).sum()
    }
}

/// What one writer was told before its connection ended.
#[derive(Default)]
pub struct Told {
    /// In the order in which they were written.
    pub acknowledged: Vec<(EntryId, Seq)>,
    pub drained: bool,
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
                    told.acknowledged.push((sent, seq));
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
pub async fn burst(authority: &str, writers: usize, after: usize, then: impl AsyncFnOnce()) -> Vec<Told> {
    let (progress, mut acknowledged) = mpsc::unbounded_channel();
    let writers: Vec<_> = (0..writers)
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
