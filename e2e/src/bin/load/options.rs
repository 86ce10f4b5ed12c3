//! What the load is like.

use std::time::Duration;

/// Puts a load on a server of its own, and tells what became of it.
#[derive(Debug, clap::Parser)]
#[command(name = "cargo xtask load --", color = clap::ColorChoice::Never)]
pub struct Options {
    /// Visitors who only have the panel open, then say hello and stay: for the memory; 0 leaves this part out
    #[arg(long, default_value_t = 10_000)]
    pub idle: usize,
    /// Visitors who are connected while some of them talk, and when the server goes away; 0 leaves both parts out
    #[arg(long, default_value_t = 2_000)]
    pub visitors: usize,
    /// Those of them who write
    #[arg(long, default_value_t = 200)]
    pub active: usize,
    /// Desks that answer them, each with its share of the conversations open
    #[arg(long, default_value_t = 40)]
    pub agents: usize,
    /// Messages a second, both sides together, one measurement for each; the goal is judged at `--judged`
    #[arg(long, value_delimiter = ',', default_values_t = [50.0, 100.0, 200.0, 400.0, 800.0])]
    pub rates: Vec<f64>,
    /// The rate that the goal is for: 200 writers, each of whom writes every two seconds and is answered
    #[arg(long, default_value_t = 200.0)]
    pub judged: f64,
    /// Seconds that are measured at each rate
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// Leaves out the part in which the server goes away
    #[arg(long)]
    pub no_herd: bool,
    /// The database: `postgres://…`; without it, SQLite in a temporary directory
    #[arg(long)]
    pub database: Option<String>,
    /// Prints JSON in place of the table
    #[arg(long)]
    pub json: bool,
    /// Writes the table into docs/benchmarks.md and the plot to docs/images/load.svg
    #[arg(long)]
    pub write: bool,
}

impl Options {
    /// What the server is told: limits that a single address would meet are lifted, and only warnings are logged.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        let mut settings = vec![
            ("CONVERSATIONS_PER_MINUTE", "10000000"),
            ("MESSAGES_PER_SECOND", "1000"),
            ("MESSAGE_BURST", "1000"),
            ("SIGN_INS_PER_FIVE_MINUTES", "1000"),
            ("LOG", "warn"),
        ];
        if let Some(database) = &self.database {
            settings.push(("DATABASE_URL", database));
        }
        settings
    }

    /// What is wrong with the options together.
    pub fn fault(&self) -> Option<&'static str> {
        if self.visitors > 0 && (self.agents == 0 || self.active == 0) {
            return Some("a talk needs a writer and a desk");
        }
        if self.rates.iter().any(|rate| !rate.is_finite() || *rate <= 0.0) {
            return Some("a rate is a positive number of messages a second");
        }
        None
    }

    /// How long each rate is measured.
    pub const fn lasting(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The database by its name; an address may hold a password.
    pub const fn database_name(&self) -> &'static str {
        if self.database.is_some() { "PostgreSQL" } else { "SQLite" }
    }
}
