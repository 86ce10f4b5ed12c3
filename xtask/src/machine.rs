//! The machine a chore runs on: where the checkout is, what the environment says, what time it is.
//!
//! Every other module asks here, so that what depends on the machine can be found in one place (clippy.toml).

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

/// One checkout of the project and cargo's target directory for it.
#[derive(Debug, Clone)]
pub struct Checkout {
    root: PathBuf,
    target: PathBuf,
}

impl Checkout {
    /// Finds the checkout that this program was built from.
    ///
    /// The target directory is the one that cargo has put the running program into, whichever way it was configured.
    ///
    /// # Errors
    ///
    /// When the program has been moved out of a target directory.
    pub fn find() -> Result<Self> {
        // Cargo names this package's directory at run time, which is true even where the checkout has been moved.
        let manifest =
            variable("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|path| path.ends_with("xtask"));
        let manifest = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let root = manifest.parent().context("the checkout has no root directory")?.to_owned();
        let program = env::current_exe().context("cannot tell where this program is")?;
        let target =
            program.ancestors().nth(2).context("this program is not in a target directory")?.to_owned();
        Ok(Self { root, target })
    }

    /// The directory with the workspace's Cargo.toml.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the checkout.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The tree that the server embeds. Always under the checkout, since the server names it relative to itself.
    pub fn web(&self) -> PathBuf {
        self.path("target/web")
    }

    /// What is kept between two builds of that tree: Trunk's output and the stamps.
    pub fn web_build(&self) -> PathBuf {
        self.path("target/web-build")
    }

    /// The server's binary, as cargo leaves it for a profile.
    pub fn server(&self, profile: Profile) -> PathBuf {
        let directory = match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        };
        self.target.join(directory).join(format!("causette{}", env::consts::EXE_SUFFIX))
    }
}

/// The cargo profile the server is built in. Widget and desk are always built in the profile `wasm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build; the profile of every test.
    Dev,
    /// What is shipped and measured.
    Release,
}

impl Profile {
    /// Reads a `--release` flag.
    pub fn from_flag(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }
}

/// A clock that has been started; it tells how long ago.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "a chore tells how long it took")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// An environment variable that is set and not empty.
pub fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The names of the variables that cargo sets for the program it runs and that a cargo run from inside it must not
/// inherit: build scripts watch some of them, and would run again in turn with a build started by hand.
pub fn variables_set_by_cargo() -> Vec<OsString> {
    let describes_package = |name: &OsStr| {
        name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name.starts_with("CARGO_BIN_")
        })
    };
    env::vars_os().map(|(name, _)| name).filter(|name| describes_package(name)).collect()
}

/// The names of the variables that say how cargo builds; the tools are built in a way of their own.
pub fn variables_that_steer_cargo() -> Vec<OsString> {
    let steers = |name: &OsStr| {
        name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_BUILD_")
                || name.starts_with("CARGO_PROFILE_")
                || name.starts_with("CARGO_TARGET_")
                || matches!(name, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "RUSTC_WORKSPACE_WRAPPER")
        })
    };
    env::vars_os().map(|(name, _)| name).filter(|name| steers(name)).collect()
}

/// The first program of this name in `PATH`.
pub fn find_in_path(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&variable("PATH")?).map(|directory| directory.join(&file)).find(|path| path.is_file())
}

/// `PATH` with a directory in front of it.
///
/// # Errors
///
/// When the directory's name holds the character that separates the entries of `PATH`.
pub fn path_with(directory: &Path) -> Result<OsString> {
    let path = variable("PATH").unwrap_or_default();
    let entries = std::iter::once(directory.to_owned()).chain(env::split_paths(&path));
    env::join_paths(entries).with_context(|| format!("{} cannot be an entry of PATH", directory.display()))
}

/// The directory where tools are cached: outside the checkouts, so that they share it.
///
/// # Errors
///
/// When neither `XTASK_TOOLS`, `XDG_CACHE_HOME` nor a home directory is set.
pub fn tools_directory() -> Result<PathBuf> {
    if let Some(directory) = variable("XTASK_TOOLS") {
        return std::path::absolute(directory).context("XTASK_TOOLS is not a path");
    }
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".cache")));
    let cache = cache.context("no place for the tools: set XTASK_TOOLS to a directory")?;
    Ok(cache.join("causette").join("tools"))
}

/// Where cargo keeps what it has downloaded.
///
/// # Errors
///
/// When neither `CARGO_HOME` nor a home directory is set.
pub fn cargo_home() -> Result<PathBuf> {
    let named = variable("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(home()?.join(".cargo"))).context("no home directory: set CARGO_HOME")
}

fn home() -> Option<PathBuf> {
    variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from)
}
