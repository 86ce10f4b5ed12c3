//! `chaos`: the server is killed under load for as long as one likes, or as a failure did it before.

use anyhow::Result;

use crate::machine::Checkout;
use crate::test;

/// Options of the chore.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// How often the server is killed, on each database
    #[arg(long, value_name = "N", default_value_t = 1000)]
    rounds: u64,
    /// What chance hangs on; a failure tells its own
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
}

/// Builds the server and kills it.
///
/// # Errors
///
/// When something does not build, or something was lost.
pub fn chaos(checkout: &Checkout, options: &Options) -> Result<()> {
    let mut given = vec![("CHAOS_ROUNDS", options.rounds.to_string())];
    given.extend(options.seed.map(|seed| ("CHAOS_SEED", seed.to_string())));
    test::chaos(checkout, &given)
}
