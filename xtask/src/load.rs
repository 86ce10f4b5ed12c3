//! `load`: thousands of clients on the optimised server, by the program in e2e.

use std::ffi::OsString;

use anyhow::Result;

use crate::machine::{Checkout, Profile};
use crate::{build, process, web};

/// Lets the program, and the server that it starts, open as many files as this user may: each connection is one on
/// either side, and the usual limit is 1,024. The shell has a word for that, and Rust's library has none.
const WITH_ALL_FILES: &str = "ulimit -n \"$(ulimit -H -n)\" && exec \"$0\" \"$@\"";

/// Options of the chore.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// What the load program is told; `cargo xtask load -- --help` lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Builds everything optimised and puts the load on it.
///
/// # Errors
///
/// When something does not build, a measurement fails, or a message was lost or doubled.
pub fn load(checkout: &Checkout, options: &Options) -> Result<()> {
    web::build(checkout)?;
    build::build_server(checkout, Profile::Release)?;
    let mut shell = process::command("sh");
    shell.current_dir(checkout.root()).args(["-c", WITH_ALL_FILES, "cargo"]);
    shell.args(["run", "--quiet", "--release", "--package", "causette-e2e", "--bin", "load", "--"]);
    process::run(shell.args(&options.arguments))
}
