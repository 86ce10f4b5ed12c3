//! What visitors cost who are only there: the server's memory over their number.

use causette_e2e::harness::{Problem, Server, environment};
use serde_json::{Value, json};

use super::crowd::Crowd;
use super::options::Options;

/// How often the memory is looked at on the way.
const STEPS: usize = 10;

/// The server's memory over the number of its idle visitors.
pub struct Idle {
    /// With nobody connected but one visitor, KiB.
    pub alone: f64,
    /// Visitors, and the memory in KiB, with the panel open.
    pub open: Vec<(usize, f64)>,
    /// The same with a conversation each.
    pub conversing: Vec<(usize, f64)>,
}

impl Idle {
    /// Resident KiB for each visitor, with the panel open, and in a conversation.
    pub fn each(&self) -> (f64, f64) {
        let each = |points: &[(usize, f64)]| {
            points.last().map_or(0.0, |(visitors, kib)| (kib - self.alone) / *visitors as f64)
        };
        (each(&self.open), each(&self.conversing))
    }

    /// The most memory that was seen, KiB.
    pub fn most(&self) -> f64 {
        self.open.iter().chain(&self.conversing).map(|(_, kib)| *kib).fold(self.alone, f64::max)
    }

    /// The figures for programs.
    pub fn to_json(&self) -> Value {
        json!({ "alone_kib": self.alone, "open_kib": self.open, "conversing_kib": self.conversing })
    }
}

/// Lets `options.idle` visitors open the panel, and then say hello.
pub async fn measure(options: &Options) -> Result<Idle, Problem> {
    let server = Server::start_with(&options.settings()).await;
    let mut crowd = Crowd::new(&server);
    // What the first connection brings to life stays for all.
    crowd.add_visitors(1).await?;
    let resident = || environment::resident_kib(server.process());
    let alone = resident();
    let step = options.idle.div_ceil(STEPS).max(1);
    let mut open = Vec::new();
    while crowd.visitors.len() < options.idle {
        crowd.add_visitors(step.min(options.idle - crowd.visitors.len())).await?;
        open.push((crowd.visitors.len(), resident()));
        eprintln!("{} idle visitors: {:.0} MiB", crowd.visitors.len(), resident() / 1024.0);
    }
    let mut conversing = Vec::new();
    let mut begun = 0;
    for some in crowd.visitors.chunks(step) {
        crowd.begin_conversations(some).await?;
        begun += some.len();
        conversing.push((begun, resident()));
        eprintln!("{begun} of them in a conversation: {:.0} MiB", resident() / 1024.0);
    }
    Ok(Idle { alone, open, conversing })
}
