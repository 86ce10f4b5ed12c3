//! The app with the chat in its webview (`e2e/app`), and the tests that drive it.
//!
//! It is a workspace of its own, in a target directory of its own: nothing else needs GTK and WebKitGTK, and nothing of the
//! workspace is compiled again for it. wry on WebKitGTK is the one webview that a test machine has; those of phones are what
//! `snippet/native` is for.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::machine::Checkout;
use crate::{packages, process};

/// The app, relative to the checkout.
const MANIFEST: &str = "e2e/app/Cargo.toml";

/// Formats and lints the app, and builds it. Returns the program.
///
/// # Errors
///
/// When what it needs is missing, or it does not compile.
pub fn build(checkout: &Checkout) -> Result<PathBuf> {
    packages::need_webkit()?;
    process::run(cargo(checkout, "fmt").args(["--check", "--", "--color", "never"]))?;
    process::run(compiling(checkout, "clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    process::run_patiently(&mut compiling(checkout, "build"), "building the app around the chat")?;
    Ok(directory(checkout).join("debug").join("causette-app"))
}

fn compiling(checkout: &Checkout, subcommand: &str) -> Command {
    let mut cargo = cargo(checkout, subcommand);
    cargo.args(["--quiet", "--locked", "--target-dir"]).arg(directory(checkout));
    cargo
}

fn cargo(checkout: &Checkout, subcommand: &str) -> Command {
    process::cargo(checkout, &[subcommand, "--manifest-path", MANIFEST])
}

fn directory(checkout: &Checkout) -> PathBuf {
    checkout.path("target/native")
}
