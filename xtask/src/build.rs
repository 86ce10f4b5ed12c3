//! `build`: everything that runs, in the order in which one part needs the other.

use anyhow::Result;

use crate::machine::{Checkout, Profile};
use crate::{process, web};

/// Options of the chore.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Build the optimised server (widget and desk always are)
    #[arg(long)]
    release: bool,
    /// Stop before the server: only widget, desk and loader
    #[arg(long)]
    web: bool,
}

/// Builds widget, desk, the tree the server embeds, and the server.
///
/// # Errors
///
/// When one of them does not build.
pub fn build(checkout: &Checkout, options: &Options) -> Result<()> {
    web::build(checkout)?;
    if options.web {
        println!("widget, desk and loader are in {}", checkout.web().display());
        return Ok(());
    }
    let profile = Profile::from_flag(options.release);
    build_server(checkout, profile)?;
    println!("the server is {}", checkout.server(profile).display());
    Ok(())
}

/// Builds the server, which embeds the tree; without a change it takes a moment.
///
/// # Errors
///
/// When it does not build.
pub fn build_server(checkout: &Checkout, profile: Profile) -> Result<()> {
    let mut arguments = vec!["build", "--quiet", "--package", "causette-server"];
    match profile {
        Profile::Dev => {}
        Profile::Release => arguments.push("--release"),
    }
    if checkout.server(profile).is_file() {
        println!("building the server, as far as it has changed …");
    } else {
        println!("building the server (the first time takes a few minutes) …");
    }
    process::run(&mut process::cargo(checkout, &arguments))
}
