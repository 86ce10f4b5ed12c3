//! The server is killed again and again while everybody writes, over wires that fail in every way; on PostgreSQL the
//! database crashes too. What was acknowledged is stored, once, in one order that all see, and in the end nothing that
//! was written is missing (G1–G5, G7).

use std::sync::Arc;
use std::time::Duration;

use causette_e2e::engine::Place;
use causette_e2e::harness::{Server, environment, wait_for_at_most};
use causette_e2e::history::{Logs, Moment, read_database, read_server, read_sqlite_of};

use crate::cluster::Cluster;
use crate::crowd::Crowd;
use crate::seed::Seed;
use crate::wires::Wires;

/// Kills on each database, where nobody gives another number.
const ROUNDS: usize = 100;
const ROUNDS_ON_POSTGRES: usize = 25;
/// Wires of a crowd.
const WIRES: usize = 4;
/// After how many kills the store is held against the histories while they go on.
const CHECK_EVERY: usize = 10;
/// Of how many faults one strikes the database, where it can crash on its own. It takes seconds to recover.
const DATABASE_CRASHES_ONCE_IN: usize = 8;
/// How long it may take until somebody has been acknowledged again.
const COMES_BACK: Duration = Duration::from_secs(60);

/// How often a start is tried.
const STARTS: usize = 5;

/// Nobody is told to slow down.
const UNLIMITED: &[(&str, &str)] = &[
    ("MESSAGE_BURST", "100000"),
    ("MESSAGES_PER_SECOND", "100000"),
    ("CONVERSATIONS_PER_MINUTE", "100000"),
    ("SIGN_INS_PER_FIVE_MINUTES", "1000"),
];

/// Where the logs are.
enum Database<'a> {
    /// In the server's directory.
    Sqlite,
    /// In a cluster of the test's own, at this address.
    Postgres(&'a Cluster, String),
}

impl Database<'_> {
    /// Reads past the server, which does not write at the moment.
    async fn read(&self, server: &Server) -> Logs {
        match self {
            Self::Sqlite => read_sqlite_of(server.data()).await,
            Self::Postgres(_, address) => read_database(address).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_many_kills_on_sqlite() {
    survive(&Seed::of("kills-on-sqlite", ROUNDS), &Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_many_kills_and_crashes_on_postgres() {
    let cluster = Cluster::start();
    let address = cluster.create_database().await;
    survive(&Seed::of("kills-on-postgres", ROUNDS_ON_POSTGRES), &Database::Postgres(&cluster, address)).await;
}

/// Starts the server again as a supervisor does: also when a machine that is too busy for its database ended it at its
/// start.
async fn restart(server: &mut Server) {
    for _ in 1..STARTS {
        if server.try_restart().await {
            return;
        }
    }
    server.restart().await;
}

async fn survive(seed: &Seed, database: &Database<'_>) {
    println!("{seed}");
    let mut settings = UNLIMITED.to_vec();
    if let Database::Postgres(_, address) = database {
        settings.push(("DATABASE_URL", address));
    }
    let mut server = Server::start_with(&settings).await;
    let place = Place::direct(&server.origin).expect("it listens on an address");
    let book = Arc::new(seed.book(database.read(&server).await));
    let chance = seed.chance();
    let mut wires = Wires::start(server.address(), WIRES, chance.fork(1)).await;
    let crowd = Crowd::start(&place, &wires, &book, &chance.fork(2)).await;
    let mut draws = chance.fork(3);

    let clock = environment::stopwatch();
    for round in 1..=seed.rounds() {
        book.note(format!("round {round} begins after {} ms", clock.elapsed().as_millis()));
        wires.heal();
        let enough = crowd.acknowledged() + 1 + draws.below(12);
        wait_for_at_most(COMES_BACK, "acknowledgements after a restart", async || {
            crowd.wake();
            Ok((crowd.acknowledged() >= enough).then_some(()))
        })
        .await;
        for _ in 0..draws.below(5) {
            book.note(wires.change());
            tokio::time::sleep(wires.moment()).await;
            if draws.once_in(2) {
                crowd.wake();
            }
        }
        match database {
            Database::Postgres(cluster, _) if draws.once_in(DATABASE_CRASHES_ONCE_IN) => {
                book.note(format!("the database crashes after {} ms", clock.elapsed().as_millis()));
                tokio::task::block_in_place(|| cluster.crash_server());
                tokio::time::sleep(wires.moment()).await;
                tokio::task::block_in_place(|| cluster.start_server());
            }
            _ => {
                book.note(format!("the server is killed after {} ms", clock.elapsed().as_millis()));
                server.kill().await;
                if round % CHECK_EVERY == 0 {
                    book.verify(&database.read(&server).await, Moment::Underway);
                }
                restart(&mut server).await;
            }
        }
    }

    wires.heal();
    let (repeats, reopened, damage) = (crowd.repeats(), crowd.reopened(), wires.damage());
    let forestalled = crowd.forestalled();
    crowd.settle().await;
    let told = read_server(&server.direct(), &server.origin).await;
    server.kill().await;
    let stored = database.read(&server).await;
    let summary = book.verify(&stored, Moment::Settled);
    println!("{seed}: {} rounds, {summary:?}", seed.rounds());
    println!(
        "{repeats} messages sent again, {reopened} tabs opened again, {forestalled} forestalled, {damage:?}"
    );
    let is_much = summary.acknowledged > seed.rounds() && summary.seen > summary.acknowledged;
    assert!(is_much, "too little was compared");
    book.verify(&told, Moment::Settled);
    assert!(told == stored, "the server tells something else than the database holds");
    // Fewer rounds may happen to be spared by one of them.
    if seed.rounds() >= ROUNDS {
        let wires = [damage.acknowledgements, damage.cut_frames, damage.closed, damage.held];
        assert!(
            !wires.contains(&0) && repeats > 0 && reopened > 0 && forestalled > 0,
            "a kind of fault never came"
        );
    }
}
