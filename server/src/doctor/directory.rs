//! The configuration as a whole, and the directory where the data are: whether it can be written to, and how full its disk
//! is.

use std::path::{Path, PathBuf};

use crate::clock::random_bytes;
use crate::config::Config;
use crate::doctor::report::Finding;

const CHECK: &str = "data directory";
/// Less is no room to work in: SQLite's log alone grows to some dozens of MiB.
const FULL_BYTES: u64 = 100 * 1024 * 1024;
/// Less should be seen to.
const TIGHT_BYTES: u64 = 1024 * 1024 * 1024;

/// What the configuration says of itself; that it can be read was seen before.
pub(super) fn configuration(config: &Config) -> Finding {
    let database = match config.database().expose().split_once("://") {
        Some(("postgres" | "postgresql", _)) => "PostgreSQL",
        _ => "SQLite",
    };
    let proxies = match config.trusted_proxies.len() {
        0 => String::new(),
        count => format!(", {count} trusted proxies"),
    };
    Finding::ok("configuration", format!("listens on {}, data in {database}{proxies}", config.listen))
}

/// The directory where SQLite's file is; `None` where the data are elsewhere.
fn directory_of(config: &Config) -> Option<PathBuf> {
    let address = config.database();
    let file = address.expose().strip_prefix("sqlite://")?;
    let file = Path::new(file.split('?').next().unwrap_or(file));
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    Some(parent.unwrap_or(Path::new(".")).to_owned())
}

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let Some(directory) = directory_of(config) else {
        return vec![Finding::skipped(CHECK, "the data are in PostgreSQL")];
    };
    // Where it was started matters to who looks for it.
    let shown = std::path::absolute(&directory).unwrap_or_else(|_| directory.clone());
    let shown = shown.display();
    if !directory.is_dir() {
        let found = format!("{shown} does not exist");
        return vec![Finding::failed(
            CHECK,
            found,
            "the first `causette site add` or `causette serve` makes it; if there is an installation, look at \
             data_dir, database_url and where this was started",
        )];
    }
    let mut findings = vec![match try_to_write(&directory) {
        Ok(()) => Finding::ok(CHECK, format!("{shown} can be written to")),
        Err(error) => Finding::failed(
            CHECK,
            format!("{shown} cannot be written to: {error}"),
            "run this as the user who runs the server, and give them the directory",
        ),
    }];
    findings.push(match free_bytes(&directory) {
        None => Finding::skipped("disk", "this machine does not tell how much is free"),
        Some(free) if free < FULL_BYTES => Finding::failed(
            "disk",
            format!("{} free", size(free)),
            "make room: a full disk takes no messages",
        ),
        Some(free) if free < TIGHT_BYTES => {
            Finding::warning("disk", format!("{} free", size(free)), "make room before it is full")
        }
        Some(free) => Finding::ok("disk", format!("{} free", size(free))),
    });
    findings
}

/// Puts a small file there and takes it away.
fn try_to_write(directory: &Path) -> std::io::Result<()> {
    let random = u64::from_be_bytes(random_bytes().map_err(std::io::Error::other)?);
    let file = directory.join(format!(".causette-doctor-{random:016x}"));
    let written = std::fs::write(&file, "x");
    match std::fs::remove_file(&file) {
        Err(error) if written.is_ok() => Err(error),
        _ => written,
    }
}

/// The bytes that are free for us where a directory is.
fn free_bytes(directory: &Path) -> Option<u64> {
    let told = rustix::fs::statvfs(directory).ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize))
}

/// A size for people.
pub(super) fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_directory_is_that_of_the_file() {
        let of = |url: &str| {
            let toml = format!("database_url = \"{url}\"");
            let directory = tempfile::tempdir().expect("there is a temporary directory");
            let file = directory.path().join("causette.toml");
            std::fs::write(&file, toml).expect("it is written");
            directory_of(&Config::load(Some(&file)).expect("it is valid"))
        };
        assert_eq!(of("sqlite:///var/lib/chat.db?mode=rwc"), Some(PathBuf::from("/var/lib")));
        assert_eq!(of("sqlite://chat.db"), Some(PathBuf::from(".")));
        assert_eq!(of("postgres://me@db/chat"), None);
        assert_eq!(directory_of(&Config::default()), Some(PathBuf::from("data")));
    }

    #[test]
    fn a_disk_tells_what_is_free() {
        assert!(free_bytes(Path::new("/")).is_some_and(|free| free > 0));
        assert!(free_bytes(Path::new("/no/such/place")).is_none());
    }
}
