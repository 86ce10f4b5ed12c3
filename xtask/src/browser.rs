//! The browser that tests run in: Chromium and its driver, from `PATH` or from Debian's packages.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{machine, process};

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
    if machine::find_in_path("apt-get").is_none() || !is_root() {
        bail!("no browser for the tests: {advice}");
    }
    println!("installing Chromium and its driver (about a minute, once on this machine) …");
    let apt_get = |arguments: &[&str]| {
        let mut command = process::command("apt-get");
        command.arg("-qq").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&mut command)
    };
    apt_get(&["update"])?;
    apt_get(&["install", "-y", "--no-install-recommends", "chromium", "chromium-driver"])?;
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

fn is_root() -> bool {
    process::output(process::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
