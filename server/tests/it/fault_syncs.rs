//! Durable and cheap: no acknowledgement before its sync, one sync for a message alone, one for many together (G1).

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::harness::burst::Shop;
use crate::harness::faults::{Fault, FaultyDisk};
use crate::harness::{Database, VisitorActor, eventually, within};

async fn arrive(authority: &str) -> VisitorActor {
    let mut visitor = VisitorActor::connect_to(authority).await;
    visitor.hello().await;
    visitor
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_alone_costs_one_sync() {
    /// Fewer than fill SQLite's log: every hundred and fifty or so, one has to wait until that is copied into the
    /// database, for three syncs more.
    const ALONE: u64 = 50;
    let shop = Shop::on(Database::Sqlite).await;
    let disk = FaultyDisk::below(shop.path());
    let server = disk.serve(&shop.environment());
    let mut visitor = arrive(&server.authority).await;
    // The first message also begins SQLite's log, whose header is synced before anything stands behind it.
    visitor.say("Hello").await;
    for sent in 1..=ALONE {
        let before = disk.syncs();
        visitor.say("Anybody?").await;
        assert_eq!(disk.syncs() - before, 1, "message {sent}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_before_its_sync() {
    let shop = Shop::on(Database::Sqlite).await;
    let disk = FaultyDisk::below(shop.path());
    let server = disk.serve(&shop.environment());
    let mut writer = arrive(&server.authority).await;
    writer.say("Hello").await;
    let mut reader = arrive(&server.authority).await;
    for _ in 0..3 {
        // Takes what the acknowledgement before this was followed by.
        writer.sync().await;
        disk.set(Fault::SyncsWait);
        let id = writer.post("Do you see this?").await;
        eventually("the sync", async || disk.waiting() == 1).await;
        // Others are served meanwhile, and whatever came before them would have been told before them.
        for _ in 0..10 {
            reader.sync().await;
        }
        let told = writer.next().now_or_never();
        assert!(told.is_none(), "before the sync: {told:?}");
        disk.set(Fault::Nothing);
        within("the acknowledgement", writer.expect_ack(id)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_share_their_syncs() {
    const SENDERS: usize = 100;
    const EACH: usize = 20;
    /// DESIGN's goal under load: fewer than one sync for ten messages.
    const MESSAGES_PER_SYNC: u64 = 10;
    let shop = Shop::on(Database::Sqlite).await;
    let disk = FaultyDisk::below(shop.path());
    let server = disk.serve(&shop.environment());
    let mut visitors = Vec::new();
    for _ in 0..SENDERS {
        visitors.push(arrive(&server.authority).await);
    }
    let before = disk.syncs();
    let sending = visitors.into_iter().map(async |mut visitor| {
        for _ in 0..EACH {
            visitor.say("One of many").await;
        }
    });
    join_all(sending).await;
    let (messages, syncs) = ((SENDERS * EACH) as u64, disk.syncs() - before);
    println!("{syncs} syncs for {messages} messages");
    assert!(syncs * MESSAGES_PER_SYNC < messages, "{syncs} syncs for {messages} messages");
}
