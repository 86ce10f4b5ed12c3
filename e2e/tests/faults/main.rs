//! What the engine of widget and desk makes of faults: a wire that fails in every way, a server that is killed, a
//! database that crashes. The clients write down what happens to them, and the store is held against that
//! (`causette_e2e::history`).
//!
//! What happens by chance hangs on a seed, which a failure tells: `cargo xtask chaos --seed SEED` tries it again.

#[path = "../../../server/tests/it/harness/cluster.rs"]
#[expect(dead_code, reason = "the server's own tests need more of it")]
mod cluster;
mod crowd;
mod first_exchange;
mod kills;
mod one_way;
mod seat;
mod seed;
mod wire;
mod wires;
mod writer;
