//! Programs that tests need and that are not ours to build: Debian's packages of them.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::{machine, process};

/// Installs packages where this is Debian or Ubuntu and we are root.
///
/// # Errors
///
/// When they cannot be installed here; the message is `missing` with `advice`, which says what to install.
pub fn install(missing: &str, names: &[&str], advice: &str) -> Result<()> {
    if machine::find_in_path("apt-get").is_none() || !is_root() {
        bail!("{missing}: {advice}");
    }
    println!("installing {} (about a minute, once on this machine) …", names.join(" and "));
    let apt_get = |arguments: &[&str]| {
        let mut command = process::command("apt-get");
        command.arg("-qq").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&mut command)
    };
    apt_get(&["update"])?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], names].concat())
}

/// Sees that PostgreSQL's programs are there, from which the server's tests start a cluster of their own; installs them
/// where that can be done.
///
/// # Errors
///
/// When they are missing and cannot be installed; the message says what to install.
pub fn need_postgres() -> Result<()> {
    let (missing, advice) =
        ("no PostgreSQL for the tests", "install PostgreSQL (Debian, Ubuntu: apt-get install postgresql)");
    if has_postgres() {
        return Ok(());
    }
    install(missing, &["postgresql"], advice)?;
    if !has_postgres() {
        bail!("{missing} is in the packages: {advice}");
    }
    Ok(())
}

/// Sees that Dovecot is there, from which the server's tests start a mailbox of their own; installs it where that can be
/// done.
///
/// # Errors
///
/// When it is missing and cannot be installed; the message says what to install.
pub fn need_dovecot() -> Result<()> {
    let (missing, advice) = (
        "no Dovecot for the tests",
        "install Dovecot 2.3 (Debian 12, Ubuntu: apt-get install dovecot-imapd)",
    );
    if has_dovecot() {
        return Ok(());
    }
    install(missing, &["dovecot-imapd"], advice)?;
    if !has_dovecot() {
        bail!("{missing} is in the packages: {advice}");
    }
    Ok(())
}

/// Sees that there is a C++ compiler, as the fuzzer that the fuzz targets are linked with is C++; installs one where that
/// can be done.
///
/// # Errors
///
/// When it is missing and cannot be installed; the message says what to install.
pub fn need_cxx() -> Result<()> {
    let (missing, advice) =
        ("no C++ compiler for the fuzz targets", "install one (Debian, Ubuntu: apt-get install g++)");
    if has_cxx() {
        return Ok(());
    }
    install(missing, &["g++"], advice)?;
    if !has_cxx() {
        bail!("{missing} is in the packages: {advice}");
    }
    Ok(())
}

/// Sees that WebKitGTK is there to build an app with, and a screen that nobody sees to run it on; installs them where that
/// can be done.
///
/// # Errors
///
/// When they are missing and cannot be installed; the message says what to install.
pub fn need_webkit() -> Result<()> {
    let names = ["libwebkit2gtk-4.1-dev", "libgtk-3-dev", "libsoup-3.0-dev", "libxdo-dev", "xvfb"];
    let missing = "no WebKitGTK for the app around the chat";
    let advice = format!("install it (Debian 12, Ubuntu: apt-get install {})", names.join(" "));
    if has_webkit() {
        return Ok(());
    }
    install(missing, &names, &advice)?;
    if !has_webkit() {
        bail!("{missing} is in the packages: {advice}");
    }
    Ok(())
}

/// Whether the build scripts will find what they look for, and `Xvfb` is in `PATH`.
fn has_webkit() -> bool {
    let libraries = ["--exists", "webkit2gtk-4.1", "gtk+-3.0", "libsoup-3.0"];
    machine::find_in_path("Xvfb").is_some()
        && process::output(process::command("pkg-config").args(libraries)).is_ok()
}

/// Whether the compiler that the environment names, or the usual one, can be found (as the crate `cc` does).
fn has_cxx() -> bool {
    machine::variable("CXX").is_some() || machine::find_in_path("c++").is_some()
}

/// Whether `initdb` is in `PATH`, or where Debian keeps it, by version.
fn has_postgres() -> bool {
    let installed = |version: fs::DirEntry| version.path().join("bin/initdb").is_file();
    machine::find_in_path("initdb").is_some()
        || fs::read_dir(Path::new("/usr/lib/postgresql"))
            .is_ok_and(|versions| versions.flatten().any(installed))
}

/// Whether `dovecot` is in `PATH`, or where Debian keeps it.
fn has_dovecot() -> bool {
    machine::find_in_path("dovecot").is_some() || Path::new("/usr/sbin/dovecot").is_file()
}

fn is_root() -> bool {
    process::output(process::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
