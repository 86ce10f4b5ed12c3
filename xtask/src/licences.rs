//! Licences and sources of everything we depend on, fuzz targets included, as deny.toml allows them, and known
//! vulnerabilities where the database of advisories can be reached.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Result;

use crate::machine::Checkout;
use crate::process;
use crate::setup::Tool;

/// Checks every dependency.
///
/// # Errors
///
/// When a licence, a source or a version is not allowed, or an advisory names one of our dependencies. Not when the
/// database of advisories is out of reach: a check that fails with the network would soon be ignored.
pub fn check(checkout: &Checkout) -> Result<()> {
    let program = Tool::cargo_deny().directory()?.join("cargo-deny");
    let deny = |arguments: &[&str]| {
        let mut command = process::command(&program);
        command
            .current_dir(checkout.root())
            .args(["--color", "never", "--log-level", "error"])
            .args(arguments);
        command
    };
    process::run(&mut deny(&["check", "licenses", "sources", "bans"]))?;
    let fuzz = ["--manifest-path", "fuzz/Cargo.toml", "--config", "deny.toml", "check"];
    process::run(&mut deny(&[&fuzz[..], &["licenses", "sources", "bans"]].concat()))?;
    let app = ["--manifest-path", "e2e/app/Cargo.toml", "--config", "deny.toml", "check"];
    process::run(&mut deny(&[&app[..], &["licenses", "sources", "bans"]].concat()))?;
    let mut fetch = deny(&["fetch", "db"]);
    fetch.stdout(Stdio::null()).stderr(Stdio::null());
    if process::run_within(&mut fetch, Duration::from_secs(60)).is_err() {
        println!("advisories: skipped, because the database cannot be reached");
        return Ok(());
    }
    process::run(&mut deny(&["check", "--disable-fetch", "advisories"]))
}
