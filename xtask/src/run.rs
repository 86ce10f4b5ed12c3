//! `run`: builds what has changed and becomes the demo.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::machine::{Checkout, Profile};
use crate::{build, process, web};

/// Options of the chore.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Start the optimised server
    #[arg(long)]
    release: bool,
    /// What `causette demo` is told besides
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// Builds what has changed and starts the demo, which keeps this terminal.
///
/// # Errors
///
/// When something does not build, or the demo ends with an error.
pub fn run(checkout: &Checkout, options: &Options) -> Result<()> {
    let profile = Profile::from_flag(options.release);
    web::build(checkout)?;
    build::build_server(checkout, profile)?;
    let mut demo = process::command(checkout.server(profile));
    demo.current_dir(checkout.root()).arg("demo").args(&options.arguments).stdin(Stdio::inherit());
    become_program(&mut demo)
}

/// Replaces this process, so that signals and the exit code are those of the program.
#[cfg(unix)]
fn become_program(program: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    Err(program.exec().into())
}

#[cfg(not(unix))]
fn become_program(program: &mut Command) -> Result<()> {
    process::run(program)
}
