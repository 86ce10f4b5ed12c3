//! `cargo xtask load`: thousands of visitors and dozens of agents on the real engine, against the real binary.
//!
//! Three parts: what visitors cost who are only there; how long a message takes to the other side while some talk; how
//! everybody comes back when the server has gone. In the end the store is compared with what was written. Clients and
//! server share this machine, and the memory that is told is the server's alone.

mod crowd;
mod herd;
mod idle;
mod ledger;
mod options;
mod page;
mod picture;
mod plot;
mod samples;
mod stored;
mod talk;
mod verdict;

use std::process::ExitCode;
use std::time::Duration;

use causette_e2e::harness::{Problem, Server};
use causette_e2e::report;
use clap::Parser as _;
use serde_json::json;

use herd::{Ending, Return};
use idle::Idle;
use options::Options;
use stored::Stored;
use talk::Round;

/// How the server goes, and for how long: a crash, a deployment, and an outage after which everybody waits longest.
const RETURNS: [(Ending, Duration); 3] = [
    (Ending::Killed, Duration::from_secs(2)),
    (Ending::Stopped, Duration::from_secs(2)),
    (Ending::Killed, Duration::from_secs(25)),
];

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(fault) = options.fault() {
        eprintln!("load: {fault}");
        return ExitCode::from(2);
    }
    match run(&options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("load: messages are lost, doubled or misplaced");
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("load: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Takes all figures and tells them; false where the store does not have exactly what was written.
async fn run(options: &Options) -> Result<bool, Problem> {
    let said: Vec<_> = options.settings().into_iter().filter(|(name, _)| *name != "DATABASE_URL").collect();
    eprintln!("the server's settings beside the defaults: {said:?}");
    let idle = match options.idle {
        0 => None,
        _ => Some(idle::measure(options).await?),
    };
    let (rounds, returns, stored) = measure_talk(options).await?;
    let report = verdict::report(options, idle.as_ref(), &rounds, &returns, stored);
    if options.write {
        page::write(&report, &picture::of(idle.as_ref(), &rounds, &returns))?;
    }
    if options.json {
        let figures = json!({
            "commit": report::commit(),
            "build": report::build(),
            "machine": report::machine(),
            "database": options.database_name(),
            "visitors": options.visitors, "active": options.active, "agents": options.agents,
            "idle": idle.as_ref().map(Idle::to_json),
            "talk": rounds.iter().map(Round::to_json).collect::<Vec<_>>(),
            "herd": returns.iter().map(Return::to_json).collect::<Vec<_>>(),
            "stored": stored.map(Stored::to_json),
        });
        println!("{figures:#}");
    } else {
        print!("{report}");
    }
    Ok(stored.is_none_or(|stored| stored.is_whole()))
}

async fn measure_talk(options: &Options) -> Result<(Vec<Round>, Vec<Return>, Option<Stored>), Problem> {
    let (mut rounds, mut returns) = (Vec::new(), Vec::new());
    if options.visitors == 0 {
        return Ok((rounds, returns, None));
    }
    let mut server = Server::start_with(&options.settings()).await;
    let talk = talk::prepare(options, &server).await?;
    eprintln!("{} clients are connected, {} of them write", talk.crowd.len(), talk.conversations.len());
    for rate in &options.rates {
        let round = talk::talk(&talk, &server, *rate, options.lasting()).await?;
        eprintln!("{rate} messages/s: {}, {:.2} cores", round.both(), round.cores);
        rounds.push(round);
    }
    for (ending, away) in RETURNS {
        if options.no_herd {
            break;
        }
        let back = herd::scatter(&talk, &mut server, ending, away).await?;
        eprintln!("{}: all back after {:.1} s", back.story(), back.arrivals.max().as_secs_f64());
        returns.push(back);
    }
    let stored = stored::compare(&talk, &server).await;
    Ok((rounds, returns, Some(stored)))
}
