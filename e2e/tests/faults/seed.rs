//! Which run this is.

use causette_e2e::harness::{Chance, environment};
use causette_e2e::history::{Book, Logs};

/// Names the seed in the environment.
const SEED: &str = "CHAOS_SEED";
/// Names the number of kills in the environment.
const ROUNDS: &str = "CHAOS_ROUNDS";

/// The seed of a run and what hangs on it.
pub struct Seed {
    name: &'static str,
    seed: u64,
    rounds: usize,
}

impl Seed {
    /// The given seed, else one that nobody chose; `rounds` where nobody gives another number.
    pub fn of(name: &'static str, rounds: usize) -> Self {
        let seed = environment::given_number(SEED).unwrap_or_else(|| environment::random_number().into());
        let given = environment::given_number(ROUNDS).and_then(|rounds| usize::try_from(rounds).ok());
        Self { name, seed, rounds: given.unwrap_or(rounds) }
    }

    /// How often the server is killed.
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// What is left to chance.
    pub fn chance(&self) -> Chance {
        Chance::new(self.seed)
    }

    /// The book of this run, which says how to try it again.
    pub fn book(&self, before: Logs) -> Book {
        let Self { name, seed, rounds } = self;
        Book::new(name, *seed, &format!("cargo xtask chaos --seed {seed} --rounds {rounds}"), before)
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} with seed {}", self.name, self.seed)
    }
}
