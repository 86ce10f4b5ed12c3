//! Every chore of the project, as `cargo xtask <chore>`.
//!
//! A chore prints plain lines that say what it is doing, and ends with 0, or with 1 and one line that says what went
//! wrong. Chores read the machine they run on (environment, clock) through `machine` alone.

mod autobahn;
mod bench;
mod browser;
mod build;
mod chaos;
mod dist;
mod fuzz;
mod licences;
mod load;
mod machine;
mod native;
mod packages;
mod process;
mod run;
mod setup;
mod size;
mod test;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::machine::Checkout;

/// Every chore of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", color = clap::ColorChoice::Never)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Adds the wasm target and finds or installs the pinned tools (the other chores do this by themselves)
    Setup,
    /// Builds widget and desk, makes the tree the server embeds, and builds the server
    Build(build::Options),
    /// Builds what has changed and starts the demo
    Run(run::Options),
    /// Builds the optimised server with everything in it
    Dist,
    /// Weighs what a browser fetches, and fails over snippet/budget.toml
    Size,
    /// Runs every check there is
    Test(test::Options),
    /// Feeds what parses with all kinds of input, for a time
    Fuzz(fuzz::Options),
    /// Tells the Autobahn cases to the WebSocket stack (installs a runner from PyPI)
    Autobahn,
    /// Kills the server under load, again and again, and looks whether anything is lost
    Chaos(chaos::Options),
    /// Measures speed and memory of the optimised build
    Bench(bench::Options),
    /// Measures how fast messages are committed, beside the raw limit of the same disk
    BenchStore,
    /// Puts thousands of visitors on the optimised server, and measures delivery, memory and the return of a herd
    Load(load::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(arguments.chore) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: Chore) -> anyhow::Result<ExitCode> {
    let checkout = Checkout::find()?;
    match chore {
        Chore::Test(options) => return Ok(test::test(&checkout, &options)),
        Chore::Setup => setup::setup(&checkout),
        Chore::Build(options) => build::build(&checkout, &options),
        Chore::Run(options) => run::run(&checkout, &options),
        Chore::Dist => dist::dist(&checkout),
        Chore::Size => size::size(&checkout),
        Chore::Fuzz(options) => fuzz::fuzz(&checkout, &options),
        Chore::Autobahn => autobahn::autobahn(&checkout),
        Chore::Chaos(options) => chaos::chaos(&checkout, &options),
        Chore::Bench(options) => bench::bench(&checkout, &options),
        Chore::BenchStore => bench::bench_store(&checkout),
        Chore::Load(options) => load::load(&checkout, &options),
    }?;
    Ok(ExitCode::SUCCESS)
}
