//! Stopping, in good order and with violence: what was acknowledged is there, once, in order (G1, G2, G3, G11).

use std::time::Duration;

use crate::harness::VisitorActor;
use crate::harness::burst::{Shop, burst};
use crate::harness::database::{Database, connect, database_in, on_both_databases};
use causette_shared::protocol::visitor::ServerFrame;

on_both_databases!(
    sigterm_under_load_drains_and_loses_nothing,
    sigkill_in_the_middle_of_a_burst_loses_nothing_that_was_acknowledged,
);

const WRITERS: usize = 4;

async fn sigterm_under_load_drains_and_loses_nothing(database: Database) {
    let shop = Shop::on(database).await;
    let mut server = shop.serve();
    let mut idle = VisitorActor::connect_to(&server.authority).await;
    idle.hello().await;
    let authority = server.authority.clone();
    let told = burst(&authority, WRITERS, 60, async || {
        server.terminate();
        server.expect_clean_end(Duration::from_secs(10)).await;
    })
    .await;
    idle.expect("the drain", |frame| if frame == ServerFrame::Drain { Some(()) } else { None }).await;
    idle.expect_end().await;
    assert!(told.iter().any(|told| told.drained), "those who write are told as well");
    assert!(shop.assert_kept(&told).await >= 60);
    assert!(server.log().contains("stopped") && !server.log().contains("ERROR"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_in_time_also_with_a_client_that_does_not_read_and_a_locked_database() {
    let shop = Shop::on(Database::Sqlite).await;
    let mut server = shop.serve();
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut visitor = VisitorActor::connect_to(&server.authority).await;
        visitor.hello().await;
        waiting.push(visitor);
    }
    let mut holder = connect(&database_in(shop.path())).await;
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

async fn sigkill_in_the_middle_of_a_burst_loses_nothing_that_was_acknowledged(database: Database) {
    const ROUNDS: usize = 6;
    let shop = Shop::on(database).await;
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        // Each start finds what the kill before it left.
        let mut server = shop.serve();
        let authority = server.authority.clone();
        all.extend(burst(&authority, WRITERS, 12 + 7 * round, async || server.kill()).await);
        let checked = shop.assert_kept(&all).await;
        assert!(checked >= 12 * (round + 1), "too little was acknowledged: {checked}");
    }
    let server = shop.serve();
    let mut visitor = VisitorActor::connect_to(&server.authority).await;
    visitor.hello().await;
    assert_eq!(visitor.say("Still there?").await, 1);
}
