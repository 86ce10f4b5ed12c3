//! The browser that tests run in: Chromium and its driver, from `PATH` or from Debian's packages.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{machine, packages};

/// A browser's driver; it finds its browser by itself.
#[derive(Debug, Clone)]
pub struct Browser {
    /// The program `chromedriver`.
    pub driver: PathBuf,
}

/// Finds Chromium and its driver; installs them where this is Debian or Ubuntu and we are root.
///
/// # Errors
///
/// When they are missing and cannot be installed; the message says what to install.
pub fn find_or_install() -> Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    let advice =
        "install Chromium and chromedriver (Debian, Ubuntu: apt-get install chromium chromium-driver)";
    packages::install("no browser for the tests", &["chromium", "chromium-driver"], advice)?;
    match find() {
        Some(browser) => Ok(browser),
        None => bail!("the packages hold no browser for the tests: {advice}"),
    }
}

fn find() -> Option<Browser> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    names.iter().find_map(|name| machine::find_in_path(name))?;
    let named = machine::variable("CHROMEDRIVER").map(PathBuf::from).filter(|path| path.is_file());
    Some(Browser { driver: named.or_else(|| machine::find_in_path("chromedriver"))? })
}
