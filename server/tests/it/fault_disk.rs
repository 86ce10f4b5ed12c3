//! A disk that is full or fails, under a running server: nothing is acknowledged that is not stored, whoever writes is
//! told to come back, everything else goes on, and when the disk is well again so is the server, by itself (G1, G2, G3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use causette_shared::problem::ProblemKind;
use causette_shared::protocol::visitor::ClientFrame;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::harness::actors::Outcome;
use crate::harness::builders::{entry_id, text};
use crate::harness::burst::{Shop, Told};
use crate::harness::faults::{Fault, FaultyDisk, Unsynced};
use crate::harness::process::Running;
use crate::harness::{Database, VisitorActor, eventually, within};

const WRITERS: usize = 8;
/// A text that stands in no log.
const TEXT: &str = "Is the wisteria lamp in stock?";

async fn arrive(authority: &str) -> VisitorActor {
    let mut visitor = VisitorActor::connect_to(authority).await;
    visitor.hello().await;
    visitor
}

/// Visitors who write one message after the other, each repeated under its id until it is acknowledged.
struct Writers {
    tasks: Vec<JoinHandle<Told>>,
    enough: Arc<AtomicBool>,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
}

async fn write(
    mut visitor: VisitorActor,
    enough: Arc<AtomicBool>,
    outcomes: mpsc::UnboundedSender<Outcome>,
) -> Told {
    let mut told = Told::default();
    while !enough.load(Ordering::Relaxed) {
        let id = entry_id();
        loop {
            // The connection stands all the while: it would panic here if it did not.
            let outcome = visitor.send(id, text(TEXT)).await;
            let acknowledged = match &outcome {
                Outcome::Acknowledged(_, seq) => Some(*seq),
                Outcome::Refused(problem) => {
                    assert_eq!(problem.kind, ProblemKind::Unavailable, "{problem:?}");
                    assert!(problem.retry_after_ms.is_some());
                    None
                }
            };
            let _ = outcomes.send(outcome);
            // Below the frames that one connection may send each second.
            tokio::time::sleep(Duration::from_millis(50)).await;
            if let Some(seq) = acknowledged {
                told.acknowledged.push((id, seq));
                break;
            }
        }
    }
    told
}

impl Writers {
    async fn begin(server: &Running) -> Self {
        let (sender, outcomes) = mpsc::unbounded_channel();
        let enough = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for _ in 0..WRITERS {
            let visitor = arrive(&server.authority).await;
            tasks.push(tokio::spawn(write(visitor, Arc::clone(&enough), sender.clone())));
        }
        Self { tasks, enough, outcomes }
    }

    /// Waits until so many more had the wanted outcome.
    async fn await_more(&mut self, count: usize, what: &str, wanted: impl Fn(&Outcome) -> bool) {
        // Those that were told before do not count.
        while self.outcomes.try_recv().is_ok() {}
        within(what, async {
            let mut seen = 0;
            while seen < count {
                let outcome = self.outcomes.recv().await.expect("the writers write");
                seen += usize::from(wanted(&outcome));
            }
        })
        .await;
    }

    async fn progress(&mut self) {
        let wanted = |outcome: &Outcome| matches!(outcome, Outcome::Acknowledged(..));
        self.await_more(5 * WRITERS, "acknowledgements", wanted).await;
    }

    async fn refusals(&mut self) {
        let wanted = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_));
        self.await_more(5 * WRITERS, "refusals", wanted).await;
    }

    async fn finish(self) -> Vec<Told> {
        self.enough.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.push(within("the end of a writer", task).await.expect("it does not panic"));
        }
        all
    }
}

async fn status(server: &Running, path: &str) -> u16 {
    let answer = within("the answer", reqwest::get(format!("http://{}{path}", server.authority))).await;
    answer.expect("it answers").status().as_u16()
}

/// Lets the disk fail under a server that many write to, more than once.
async fn outage(fault: Fault) {
    const ROUNDS: usize = 2;
    let shop = Shop::on(Database::Sqlite).await;
    let disk = FaultyDisk::below(shop.path());
    let mut server = disk.serve(&shop.environment());
    let mut known = arrive(&server.authority).await;
    known.say("Hello").await;
    known.sync().await;
    let mut writers = Writers::begin(&server).await;
    let mut newcomers = Vec::new();
    for _ in 0..ROUNDS {
        writers.progress().await;
        assert_eq!(status(&server, "/readyz").await, 200);
        disk.set(fault);
        writers.refusals().await;
        assert_eq!(status(&server, "/readyz").await, 503);
        assert_eq!(status(&server, "/healthz").await, 200);
        assert_eq!(status(&server, "/widget/shop").await, 200);
        let mut newcomer = arrive(&server.authority).await;
        let id = entry_id();
        match newcomer.send(id, text("Anybody?")).await {
            Outcome::Refused(problem) => assert_eq!(problem.kind, ProblemKind::Unavailable, "{problem:?}"),
            // A full disk takes small writes in between, where a file has room already.
            Outcome::Acknowledged(_, seq) => {
                assert_eq!(fault, Fault::DiskFull, "it was acknowledged");
                newcomers.push(Told { acknowledged: vec![(id, seq)], ..Told::default() });
            }
        }
        assert_eq!(read_again(&known, &server).await, known.texts());
        disk.set(Fault::Nothing);
        writers.progress().await;
        eventually("readiness", async || status(&server, "/readyz").await == 200).await;
    }
    let conversations = 1 + WRITERS + newcomers.len();
    let mut told = writers.finish().await;
    told.extend(newcomers);
    let written: usize = told.iter().map(|told| told.acknowledged.len()).sum();
    // What was acknowledged after a failure is as durable as what was before.
    server.kill();
    disk.lose_power(Unsynced::Lost);
    assert_eq!(shop.assert_kept(&told).await, written);
    // What was acknowledged, the greeting, an automatic answer for each, and nothing from those who were refused.
    assert_eq!(shop.count_entries().await, written + 1 + conversations);
    let log = server.log();
    assert_eq!(log.matches(" ERROR ").count(), ROUNDS, "each outage is told once: {log}");
    assert_eq!(log.matches("the disk works again").count(), ROUNDS, "{log}");
    assert!(!log.contains("wisteria"), "{log}");
}

/// What a visitor reads who comes back now.
async fn read_again(known: &VisitorActor, server: &Running) -> Vec<String> {
    let mut reader = VisitorActor::connect_to(&server.authority).await;
    reader.secret.clone_from(&known.secret);
    reader.hello().await;
    reader.sync().await;
    reader.texts().into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full() {
    outage(Fault::DiskFull).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_to_write() {
    outage(Fault::WritesFail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_to_sync() {
    outage(Fault::SyncsFail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_to_read() {
    const READERS: usize = 8;
    let shop = Shop::on(Database::Sqlite).await;
    let disk = FaultyDisk::below(shop.path());
    let server = disk.serve(&shop.environment());
    let mut visitor = arrive(&server.authority).await;
    for fault in [Fault::ReadsFail, Fault::ReadsStale] {
        visitor.say("Hello").await;
        visitor.sync().await;
        disk.set(fault);
        // More of them than there are connections, and each meets what was written last.
        for _ in 0..READERS {
            let mut reader = VisitorActor::connect_to(&server.authority).await;
            reader.secret.clone_from(&visitor.secret);
            let hello = ClientFrame::Hello(reader.greeting());
            reader.put(&hello).await;
            let problem = reader.expect_problem().await;
            assert!(problem.kind.is_temporary(), "{problem:?}");
        }
        disk.set(Fault::Nothing);
        // No connection goes on with what it read before, now or later.
        for _ in 0..READERS {
            visitor.say("Still there?").await;
            visitor.sync().await;
            assert_eq!(read_again(&visitor, &server).await, visitor.texts());
        }
    }
}
