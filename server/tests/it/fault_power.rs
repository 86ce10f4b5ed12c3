//! Losses of power: what was acknowledged is there, once, in order, whatever became of what was not synced (G1, G2, G3).

use crate::harness::burst::{Shop, Told, burst};
use crate::harness::database::{assert_sound, database_in};
use crate::harness::faults::{Fault, FaultyDisk, Unsynced};
use crate::harness::process::Running;
use crate::harness::{Database, VisitorActor, within};

const WRITERS: usize = 8;

/// Each round goes on with what the loss of power before it left.
async fn lose_power_again_and_again(
    rounds: usize,
    mut unsynced: impl FnMut() -> Unsynced,
    end: impl AsyncFn(usize, &FaultyDisk, &mut Running) -> Vec<Told>,
) {
    let shop = Shop::on(Database::Sqlite).await;
    let mut all = Vec::new();
    for round in 0..rounds {
        let disk = FaultyDisk::below(shop.path());
        let mut server = disk.serve(&shop.environment());
        all.extend(end(round, &disk, &mut server).await);
        disk.lose_power(unsynced());
        assert_sound(&database_in(shop.path())).await;
        shop.assert_kept(&all).await;
    }
    let server = shop.serve();
    let mut visitor = VisitorActor::connect_to(&server.authority).await;
    within("the welcome", visitor.hello()).await;
    assert_eq!(visitor.say("Still there?").await, 1);
}

/// Ends the server in the middle of a burst, later in each round.
async fn kill(round: usize, _disk: &FaultyDisk, server: &mut Running) -> Vec<Told> {
    let authority = server.authority.clone();
    burst(&authority, WRITERS, 50 + 60 * round, async || server.kill()).await
}

/// Lets the server end by itself, in the middle of a checkpoint.
async fn end_in_checkpoint(_round: usize, disk: &FaultyDisk, server: &mut Running) -> Vec<Told> {
    disk.set(Fault::EndsInCheckpoint);
    let authority = server.authority.clone();
    let told = burst(&authority, WRITERS, 1, async || {
        server.ended().await;
    });
    told.await
}

/// Another choice of sectors each time, which is printed for a test that fails.
fn tear() -> impl FnMut() -> Unsynced {
    let bytes = causette_server::clock::id_entropy().expect("there is randomness");
    let mut seed = bytes.iter().fold(0_u64, |seed, byte| seed.rotate_left(7) ^ u64::from(*byte));
    move || {
        seed += 1;
        println!("torn by the seed {seed}");
        Unsynced::Torn(seed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_was_not_synced_is_lost() {
    lose_power_again_and_again(5, || Unsynced::Lost, kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_sectors_of_what_was_not_synced_are_written() {
    lose_power_again_and_again(5, tear(), kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_half_written_by_a_checkpoint() {
    lose_power_again_and_again(3, tear(), end_in_checkpoint).await;
}
