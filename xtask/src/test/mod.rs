//! `test`: the checks, one after the other; one that fails does not keep the others from running.

mod programs;

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

pub use programs::build_example;

use crate::browser::Engine;
use crate::machine::{Checkout, Stopwatch};
use crate::{fuzz, licences, process, size, web};

/// Options of the chore.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Leave out what needs a browser, kills the server for minutes, weighs or asks for licences
    #[arg(long)]
    fast: bool,
    /// Tell the stories in Chromium alone, and not in an app: twenty minutes less
    #[arg(long)]
    chromium: bool,
    /// Run this check and what it needs; may be given several times
    #[arg(long, value_name = "CHECK")]
    only: Vec<Check>,
}

/// A check, in the order in which they run: the quick ones first, and before the others what they need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// The code is formatted
    Format,
    /// Widget and desk build, and the tree is made
    Web,
    /// No warning in what runs on this machine
    Clippy,
    /// No warning in what runs in a browser
    ClippyWasm,
    /// The server and all test programs build
    Server,
    /// Unit, property, store and server tests
    Host,
    /// What parses bears any input: a short run of each fuzz target
    Fuzz,
    /// Clients without a browser against the real server, which is killed, over wires that fail
    Faults,
    /// Tests of client, widget and desk in a browser
    Wasm,
    /// Stories in a browser against the real server: in Chromium
    Stories,
    /// The same stories in Firefox
    StoriesFirefox,
    /// The same stories in WebKit
    #[value(name = "stories-webkit")]
    StoriesWebKit,
    /// The chat in a real app's webview
    Native,
    /// Limits on what a browser fetches
    Size,
    /// Licences, sources, advisories
    Licences,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(String),
    /// It could not be run, because one that it needs has failed.
    Without(Check),
}

/// Kills the server under load, again and again. What `given` names is passed on in the environment.
///
/// # Errors
///
/// When something does not build, or something was lost.
pub fn chaos(checkout: &Checkout, given: &[(&str, String)]) -> Result<()> {
    web::build(checkout)?;
    programs::build_server_and_tests(checkout)?;
    programs::run_kills(checkout, given)
}

/// Runs the checks and prints how each ended; the last line counts them. The code is a failure when one of them is.
pub fn test(checkout: &Checkout, options: &Options) -> ExitCode {
    let mut ended: Vec<(Check, Outcome, Duration)> = Vec::new();
    for check in Check::value_variants().iter().copied().filter(|check| check.is_wanted(options)) {
        println!("== {check}");
        let clock = Stopwatch::start();
        let failed = |need: &Check| {
            ended.iter().any(|(check, outcome, _)| check == need && *outcome != Outcome::Passed)
        };
        let outcome = match check.needs().iter().copied().find(failed) {
            Some(need) => Outcome::Without(need),
            None => check
                .run(checkout)
                .map_or_else(|error| Outcome::Failed(format!("{error:#}")), |()| Outcome::Passed),
        };
        println!("-- {check}: {outcome} ({:.1} s)\n", clock.elapsed().as_secs_f32());
        ended.push((check, outcome, clock.elapsed()));
    }
    for (check, outcome, time) in &ended {
        println!("{:<15} {:>7.1} s  {outcome}", check.to_string(), time.as_secs_f32());
    }
    let failed = ended.iter().filter(|(_, outcome, _)| *outcome != Outcome::Passed).count();
    println!("checks: {} passed, {failed} failed", ended.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Check {
    fn is_wanted(self, options: &Options) -> bool {
        if !options.only.is_empty() {
            return options.only.iter().any(|check| *check == self || check.needs().contains(&self));
        }
        let is_other_engine = matches!(self, Self::StoriesFirefox | Self::StoriesWebKit | Self::Native);
        if options.fast {
            return !is_other_engine
                && !matches!(self, Self::Faults | Self::Wasm | Self::Stories | Self::Size | Self::Licences);
        }
        !options.chromium || !is_other_engine
    }

    /// The checks without which this one would only repeat their failure, or be about an older state.
    fn needs(self) -> &'static [Self] {
        match self {
            Self::Faults
            | Self::Stories
            | Self::StoriesFirefox
            | Self::StoriesWebKit
            | Self::Native
            | Self::Size => &[Self::Web, Self::Server],
            Self::Server => &[Self::Web],
            _ => &[],
        }
    }

    fn run(self, checkout: &Checkout) -> Result<()> {
        match self {
            Self::Format => process::run(&mut process::cargo(
                checkout,
                &["fmt", "--all", "--check", "--", "--color", "never"],
            )),
            Self::Web => web::build(checkout),
            Self::Clippy => programs::lint_host(checkout),
            Self::ClippyWasm => programs::lint_wasm(checkout),
            Self::Server => programs::build_server_and_tests(checkout),
            Self::Host => programs::run_host_tests(checkout),
            Self::Fuzz => fuzz::check(checkout),
            Self::Faults => programs::run_faults(checkout),
            Self::Wasm => programs::run_wasm_tests(checkout),
            Self::Stories => programs::run_stories(checkout, Engine::Chromium),
            Self::StoriesFirefox => programs::run_stories(checkout, Engine::Firefox),
            Self::StoriesWebKit => programs::run_stories(checkout, Engine::WebKit),
            Self::Native => programs::run_native(checkout),
            Self::Size => size::weigh(checkout),
            Self::Licences => licences::check(checkout),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        out.write_str(value.as_ref().map_or("check", |value| value.get_name()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => out.write_str("passed"),
            Self::Failed(why) => write!(out, "FAILED: {why}"),
            Self::Without(need) => write!(out, "FAILED: not run, because `{need}` has failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{Check, Options};

    fn wanted(fast: bool, chromium: bool, only: &[Check]) -> Vec<Check> {
        let options = Options { fast, chromium, only: only.to_vec() };
        Check::value_variants().iter().copied().filter(|check| check.is_wanted(&options)).collect()
    }

    #[test]
    fn all_run_unless_something_else_is_asked_for() {
        let other = [Check::StoriesFirefox, Check::StoriesWebKit, Check::Native];
        assert_eq!(wanted(false, false, &[]).len(), Check::value_variants().len());
        let chromium = wanted(false, true, &[]);
        assert_eq!(chromium.len(), Check::value_variants().len() - other.len());
        assert!(!chromium.iter().any(|check| other.contains(check)));
        let quick = wanted(true, false, &[]);
        assert!(quick.contains(&Check::Host) && !quick.contains(&Check::Stories));
        assert!(!quick.iter().any(|check| other.contains(check)));
        assert_eq!(wanted(true, false, &[Check::Format]), [Check::Format]);
        assert_eq!(wanted(false, false, &[Check::Size]), [Check::Web, Check::Server, Check::Size]);
        assert_eq!(wanted(false, false, &[Check::Native]), [Check::Web, Check::Server, Check::Native]);
        assert_eq!(wanted(false, false, &[Check::Faults]), [Check::Web, Check::Server, Check::Faults]);
    }

    #[test]
    fn what_a_check_needs_runs_before_it() {
        for (at, check) in Check::value_variants().iter().enumerate() {
            assert!(check.needs().iter().all(|need| Check::value_variants()[..at].contains(need)), "{check}");
        }
    }
}
