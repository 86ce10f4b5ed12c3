//! `dist`: the one file that is shipped.

use std::fs;

use anyhow::{Context, Result};

use crate::machine::{Checkout, Profile};
use crate::{build, web};

/// Builds the optimised server with widget, desk and loader in it; prints where it is and what it weighs.
///
/// # Errors
///
/// When something does not build.
pub fn dist(checkout: &Checkout) -> Result<()> {
    web::build(checkout)?;
    build::build_server(checkout, Profile::Release)?;
    let server = checkout.server(Profile::Release);
    let size = fs::metadata(&server).with_context(|| format!("cannot read {}", server.display()))?.len();
    println!("{}: {:.1} MiB", server.display(), size as f64 / f64::from(1 << 20));
    Ok(())
}
