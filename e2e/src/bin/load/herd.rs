//! Everybody loses the server at once and comes back.

use std::time::Duration;

use causette_e2e::harness::{Problem, Server, environment};
use serde_json::{Value, json};

use super::samples::{Samples, millis};
use super::talk::{Talk, write_question};

/// The width of the bars of the histogram.
pub const BAR: Duration = Duration::from_millis(500);
/// How long what was written meanwhile may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the server goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// SIGKILL: nobody is told.
    Killed,
    /// SIGTERM: everybody is told to come back.
    Stopped,
}

/// What one return showed.
pub struct Return {
    /// How the server went.
    pub ending: Ending,
    /// For how long there was none.
    pub away: Duration,
    /// How many were connected.
    pub clients: usize,
    /// From the start of the new process until each client was welcomed.
    pub arrivals: Samples,
    /// Messages that were written without a server.
    pub written: usize,
    /// Those of them that the other side did not have in the end.
    pub unseen: usize,
}

impl Return {
    /// What happened, in a word and a time.
    pub fn name(&self) -> String {
        let ending = match self.ending {
            Ending::Killed => "killed",
            Ending::Stopped => "stopped",
        };
        format!("{ending}, {} s", self.away.as_secs())
    }

    /// What happened, in words.
    pub fn story(&self) -> String {
        let ending = match self.ending {
            Ending::Killed => "SIGKILL",
            Ending::Stopped => "SIGTERM",
        };
        format!("{ending}, {} s without a server", self.away.as_secs())
    }

    /// The figures for programs.
    pub fn to_json(&self) -> Value {
        json!({
            "story": self.story(),
            "clients": self.clients,
            "arrived": self.arrivals.len(),
            "p50_ms": millis(self.arrivals.quantile(0.5)),
            "p99_ms": millis(self.arrivals.quantile(0.99)),
            "last_ms": millis(self.arrivals.max()),
            "per_half_second": self.arrivals.histogram(BAR),
            "written": self.written,
            "unseen": self.unseen,
        })
    }
}

/// Takes the server away for `away`, lets every writer write once meanwhile, and watches all come back.
pub async fn scatter(
    talk: &Talk,
    server: &mut Server,
    ending: Ending,
    away: Duration,
) -> Result<Return, Problem> {
    let ledger = &talk.crowd.ledger;
    match ending {
        Ending::Killed => server.kill().await,
        Ending::Stopped => server.stop().await,
    }
    // Nobody can arrive any more, and nobody has yet.
    ledger.forget_arrivals();
    let written = talk.conversations.len();
    for number in 0..written {
        write_question(talk, number, environment::stopwatch());
    }
    tokio::time::sleep(away).await;
    let back = environment::stopwatch();
    server.restart().await;
    talk.crowd.wait_for_all().await?;
    let arrivals = ledger.arrivals().into_iter().map(|at| at.saturating_duration_since(back)).collect();
    let unseen = talk.crowd.wait_until_seen(PATIENCE).await;
    Ok(Return { ending, away, clients: talk.crowd.len(), arrivals: Samples::new(arrivals), written, unseen })
}
