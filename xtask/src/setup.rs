//! The tools that building and testing need beyond the toolchain: found in `PATH` at their pinned version, or in a cache that all
//! checkouts share, or else installed into that cache.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::machine::{self, Checkout};
use crate::process;

/// A published package whose programs the chores call.
#[derive(Debug)]
pub struct Tool {
    package: &'static str,
    version: String,
    programs: &'static [&'static str],
    lock: Lock,
    minutes: u32,
}

/// Whether a package is built with the dependencies its authors have locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    Theirs,
    /// wasm-bindgen-cli 0.2.130 locks a release that has been withdrawn.
    Fresh,
}

impl Tool {
    /// Builds widget and desk. 0.22 needs a newer compiler.
    pub fn trunk() -> Self {
        Self {
            package: "trunk",
            version: "0.21.14".into(),
            programs: &["trunk"],
            lock: Lock::Theirs,
            minutes: 6,
        }
    }

    /// Checks licences, sources and advisories.
    pub fn cargo_deny() -> Self {
        Self {
            package: "cargo-deny",
            version: "0.20.2".into(),
            programs: &["cargo-deny"],
            lock: Lock::Theirs,
            minutes: 3,
        }
    }

    /// Drives Firefox, for the stories in it. It is not in Debian.
    pub fn geckodriver() -> Self {
        Self {
            package: "geckodriver",
            version: "0.37.1".into(),
            programs: &["geckodriver"],
            lock: Lock::Theirs,
            minutes: 3,
        }
    }

    /// Makes JavaScript glue for the wasm, and runs wasm tests. Its version is that of the library in Cargo.lock,
    /// since the two speak a private format.
    ///
    /// # Errors
    ///
    /// When Cargo.lock cannot be read or does not name wasm-bindgen.
    pub fn wasm_bindgen(checkout: &Checkout) -> Result<Self> {
        let lock = fs::read_to_string(checkout.path("Cargo.lock")).context("cannot read Cargo.lock")?;
        let programs = &["wasm-bindgen", "wasm-bindgen-test-runner"];
        let version = locked_version(&lock, "wasm-bindgen")?;
        Ok(Self { package: "wasm-bindgen-cli", version, programs, lock: Lock::Fresh, minutes: 2 })
    }

    /// The directory with the tool's programs, which are installed where they are missing.
    ///
    /// # Errors
    ///
    /// When the tool is missing and cannot be installed.
    pub fn directory(&self) -> Result<PathBuf> {
        let in_path =
            machine::find_in_path(self.programs[0]).and_then(|program| program.parent().map(Path::to_owned));
        if let Some(directory) = in_path.filter(|directory| self.is_in(directory)) {
            return Ok(directory);
        }
        let cache = machine::tools_directory()?;
        let directory = cache.join("bin");
        if !self.is_in(&directory) {
            self.install(&cache)?;
        }
        Ok(directory)
    }

    fn is_in(&self, directory: &Path) -> bool {
        self.programs.iter().all(|program| {
            let path = directory.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
            path.is_file()
                && process::output(process::command(path).arg("--version"))
                    .is_ok_and(|text| text.split_whitespace().any(|word| word == self.version))
        })
    }

    /// Builds the tool into the cache, while no other checkout does.
    fn install(&self, cache: &Path) -> Result<()> {
        let Self { package, version, minutes, .. } = self;
        fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
        let _lock = lock(&cache.join("lock"), "another checkout is installing tools; waiting for it …")?;
        if self.is_in(&cache.join("bin")) {
            return Ok(());
        }
        println!("installing {package} {version} (about {minutes} minutes, once on this machine) …");
        let build = cache.join("build");
        let mut cargo = process::command("cargo");
        for name in machine::variables_that_steer_cargo() {
            cargo.env_remove(name);
        }
        // Quick to build rather than quick to run: each runs for a second or two at a time. The working directory is
        // the cache, so that the workspace's .cargo/config.toml does not apply.
        cargo
            .current_dir(cache)
            .args(["install", "--quiet", "--no-default-features", "--root"])
            .arg(cache)
            .arg(format!("{package}@{version}"))
            .env("CARGO_TARGET_DIR", &build)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
        if self.lock == Lock::Theirs {
            cargo.arg("--locked");
        }
        process::run_patiently(&mut cargo, &format!("installing {package}"))?;
        // A gigabyte that only the next upgrade would use; the installed programs stand beside it.
        fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))?;
        if !self.is_in(&cache.join("bin")) {
            bail!("{package} {version} was installed, but does not run");
        }
        Ok(())
    }
}

/// Adds the wasm target and makes sure of the tools that building needs. What other engines need comes with their stories.
///
/// # Errors
///
/// When one of them is missing and cannot be installed.
pub fn setup(checkout: &Checkout) -> Result<()> {
    add_wasm_target(checkout)?;
    for tool in [Tool::wasm_bindgen(checkout)?, Tool::trunk()] {
        let directory = tool.directory()?;
        println!("{} {} in {}", tool.package, tool.version, directory.display());
    }
    Ok(())
}

/// Adds the standard library for wasm to the pinned toolchain when it is missing.
///
/// # Errors
///
/// When it is missing and rustup cannot add it.
pub fn add_wasm_target(checkout: &Checkout) -> Result<()> {
    let target = "wasm32-unknown-unknown";
    let mut rustc = process::command("rustc");
    let sysroot = process::output(rustc.current_dir(checkout.root()).args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).is_dir() {
        return Ok(());
    }
    println!("adding the target {target} …");
    process::run(process::command("rustup").current_dir(checkout.root()).args(["target", "add", target]))
        .with_context(|| format!("the toolchain lacks {target}; install it, or rustup"))
}

/// Takes a lock that other processes respect; it ends with the returned file. Says `waiting` when it has to wait.
///
/// # Errors
///
/// When the file cannot be made or locked.
pub fn lock(path: &Path, waiting: &str) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("{waiting}");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Ok(file)
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version(lock: &str, name: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct LockFile {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let lock: LockFile = toml::from_str(lock).context("Cargo.lock is not as cargo writes it")?;
    let package = lock.package.into_iter().find(|package| package.name == name);
    Ok(package.with_context(|| format!("Cargo.lock does not name {name}"))?.version)
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    const LOCK: &str = "version = 4\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";

    #[test]
    fn the_version_of_the_tool_is_that_of_the_library() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen").ok().as_deref(), Some("0.2.130"));
    }

    #[test]
    fn a_lock_without_the_library_is_an_error() {
        assert!(locked_version(LOCK, "trunk").is_err());
        assert!(locked_version("nonsense", "wasm-bindgen").is_err());
    }
}
