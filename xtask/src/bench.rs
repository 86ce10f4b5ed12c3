//! `bench` and `bench-store`: figures of the optimised build, taken by the programs in e2e and in the server.

use std::ffi::OsString;

use anyhow::Result;

use crate::browser::Engine;
use crate::machine::{Checkout, Profile};
use crate::{build, process, web};

/// Options of the chore.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// What the benchmark program is told
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// Builds everything optimised and takes the figures.
///
/// # Errors
///
/// When something does not build, or a measurement fails.
pub fn bench(checkout: &Checkout, options: &Options) -> Result<()> {
    web::build(checkout)?;
    build::build_server(checkout, Profile::Release)?;
    let browser = Engine::Chromium.find_or_install()?;
    let mut cargo = process::cargo(checkout, &["run", "--quiet", "--release", "--package", "causette-e2e"]);
    cargo.args(["--bin", "bench", "--"]).args(&options.arguments);
    process::run(cargo.envs(browser.settings()))
}

/// Measures how fast the store commits, beside what the same disk can do at most.
///
/// # Errors
///
/// When something does not build, or a measurement fails.
pub fn bench_store(checkout: &Checkout) -> Result<()> {
    web::build(checkout)?;
    let arguments = ["bench", "--quiet", "--package", "causette-server", "--bench", "commit"];
    process::run(&mut process::cargo(checkout, &arguments))
}
