//! The checks that cargo does: which packages together, with which programs around them.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::browser::Engine;
use crate::machine::{self, Checkout};
use crate::setup::{self, Tool};
use crate::{native, packages, process};

/// The crates that run in a browser only; the others are checked on this machine.
const BROWSER_CRATES: [&str; 3] = ["causette-client", "causette-widget", "causette-desk"];

/// The directories of the crates that run on this machine, but for the chores.
const HOST_DIRECTORIES: [&str; 3] = ["shared", "server", STORIES];

/// The directory of the stories, which are checks of their own.
const STORIES: &str = "e2e";

/// The stories that need no browser: they are the check `faults`.
const WITHOUT_BROWSER: [&str; 2] = ["engine", "faults"];

/// Failed stories that are told a second time. More are no accident.
const AGAIN: usize = 3;

/// The stories that are told in every engine.
const IN_EVERY_ENGINE: &str = "stories";
/// The stories in a real app, which needs more than a browser: they are the check `native`.
const NATIVE: &str = "native";

/// Checks for warnings in what runs on this machine.
pub fn lint_host(checkout: &Checkout) -> Result<()> {
    let mut cargo = process::cargo(checkout, &["clippy", "--quiet", "--workspace", "--all-targets"]);
    exclude(&mut cargo, &BROWSER_CRATES);
    process::run(cargo.args(["--", "-D", "warnings"]))
}

/// Checks for warnings in what runs in a browser.
pub fn lint_wasm(checkout: &Checkout) -> Result<()> {
    setup::add_wasm_target(checkout)?;
    let mut cargo = process::cargo(checkout, &["clippy", "--quiet", "--all-targets"]);
    select_browser_crates(&mut cargo);
    process::run(cargo.args(["--", "-D", "warnings"]))
}

/// Builds the server's binary and every test program on this machine.
pub fn build_server_and_tests(checkout: &Checkout) -> Result<()> {
    process::run(cargo_here(checkout, "build").args(["--quiet", "--bins", "--tests"]))
}

/// Builds an example of a crate on this machine.
pub fn build_example(checkout: &Checkout, name: &str) -> Result<()> {
    process::run(cargo_here(checkout, "build").args(["--quiet", "--example", name]))
}

/// Runs the stories in a browser, two at a time. What else drives a browser of its own runs beside Chromium's.
pub fn run_stories(checkout: &Checkout, engine: Engine) -> Result<()> {
    let mut stories = test_programs(checkout, |member| member == STORIES)?;
    stories.retain(|name| match engine {
        Engine::Chromium => !WITHOUT_BROWSER.contains(&name.as_str()) && name != NATIVE,
        Engine::Firefox | Engine::WebKit => name == IN_EVERY_ENGINE,
    });
    if stories.is_empty() {
        bail!("there are no stories in {STORIES}/tests");
    }
    let settings = engine.find_or_install()?.settings();
    let tell = |how: &[&str]| {
        let mut cargo = cargo_here(checkout, "test");
        cargo.arg("--no-fail-fast").envs(settings.clone());
        select_tests(&mut cargo, &stories);
        cargo.arg("--").args(how);
        cargo
    };
    let mut failed = Vec::new();
    let told = process::run_watched(&mut tell(&["--test-threads=2"]), |line| {
        failed.extend(failed_test(line).map(str::to_owned));
    });
    if told.is_ok() || failed.is_empty() || failed.len() > AGAIN {
        return told;
    }
    println!("told once more, alone, as a busy machine fails a few by its slowness: {}", failed.join(" "));
    let mut how = vec!["--test-threads=1", "--exact"];
    how.extend(failed.iter().map(String::as_str));
    process::run(&mut tell(&how))
}

/// The name in a line by which libtest says that a test has failed.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// Runs the stories in an app around the chat.
pub fn run_native(checkout: &Checkout) -> Result<()> {
    let app = native::build(checkout)?;
    let mut cargo = cargo_here(checkout, "test");
    select_tests(&mut cargo, &[NATIVE.to_owned()]);
    process::run(cargo.args(["--no-fail-fast", "--", "--test-threads=2"]).env("NATIVE_APP", app))
}

/// Runs the stories without a browser. Most of them wait most of the time, so that several fit side by side.
pub fn run_faults(checkout: &Checkout) -> Result<()> {
    packages::need_postgres()?;
    let mut cargo = cargo_here(checkout, "test");
    cargo.arg("--no-fail-fast");
    select_tests(&mut cargo, &WITHOUT_BROWSER.map(str::to_owned));
    process::run(cargo.args(["--", "--test-threads=6"]))
}

/// Runs the tests that kill the server, and shows what they print.
pub fn run_kills(checkout: &Checkout, given: &[(&str, String)]) -> Result<()> {
    packages::need_postgres()?;
    let mut cargo = cargo_here(checkout, "test");
    cargo.args(["--test", "faults", "--", "--nocapture", "kills::"]);
    process::run(cargo.envs(given.iter().map(|(name, value)| (name, value))))
}

/// Cargo for all that is neither this program nor for the browser, together: of other packages cargo would choose other
/// features for what they share, and compile most of it a second time. (So it would for this program; it goes alone,
/// as it was built.)
fn cargo_here(checkout: &Checkout, subcommand: &str) -> Command {
    let mut cargo = process::cargo(checkout, &[subcommand, "--workspace", "--exclude", "xtask"]);
    exclude(&mut cargo, &BROWSER_CRATES);
    cargo
}

/// Runs unit tests, integration tests and the examples in documentation, but not the stories.
pub fn run_host_tests(checkout: &Checkout) -> Result<()> {
    packages::need_postgres()?;
    packages::need_dovecot()?;
    let mut cargo = cargo_here(checkout, "test");
    cargo.args(["--quiet", "--no-fail-fast", "--lib", "--bins"]);
    select_tests(&mut cargo, &test_programs(checkout, |member| member != STORIES)?);
    // Each is run whatever becomes of the others; the first failure is the one that is told.
    let tests = process::run(&mut cargo);
    let examples = process::run(cargo_here(checkout, "test").args(["--quiet", "--doc"]));
    let chores = process::run(&mut process::cargo(checkout, &["test", "--quiet", "--package", "xtask"]));
    tests.and(examples).and(chores)
}

/// The integration tests of the crates on this machine: `tests/NAME.rs` and `tests/NAME/main.rs`.
fn test_programs(checkout: &Checkout, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for member in HOST_DIRECTORIES.into_iter().filter(|member| wanted(member)) {
        let directory = checkout.path(member).join("tests");
        if !directory.is_dir() {
            continue;
        }
        for entry in
            fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?
        {
            let path = entry?.path();
            let is_program =
                path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").is_file();
            if let Some(name) = path.file_stem().filter(|_| is_program) {
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn select_tests(cargo: &mut Command, names: &[String]) {
    for name in names {
        cargo.args(["--test", name]);
    }
}

/// Runs the tests of the crates that only live in a browser, in the dev profile: their own profile would optimise each
/// test program as a whole, which takes longer than running it.
pub fn run_wasm_tests(checkout: &Checkout) -> Result<()> {
    setup::add_wasm_target(checkout)?;
    let browser = Engine::Chromium.find_or_install()?;
    let runner = Tool::wasm_bindgen(checkout)?.directory()?;
    let mut cargo = process::cargo(checkout, &["test", "--tests", "--no-fail-fast"]);
    select_browser_crates(&mut cargo);
    cargo
        .env("PATH", machine::path_with(&runner)?)
        .envs(browser.settings())
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", checkout.path("xtask/webdriver.json"))
        // A test program that does not say where it runs would be given to Node, which need not be here.
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        // Seconds, for starting the driver and for one test program; the defaults are too short on a busy machine.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "30")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "180");
    process::run(&mut cargo)
}

fn select_browser_crates(cargo: &mut Command) {
    cargo.args(["--target", "wasm32-unknown-unknown"]);
    for name in BROWSER_CRATES {
        cargo.args(["--package", name]);
    }
}

fn exclude(cargo: &mut Command, names: &[&str]) {
    for name in names {
        cargo.args(["--exclude", name]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_failed_is_read_from_what_libtest_says() {
        assert_eq!(failed_test("test talk::both_ways ... FAILED"), Some("talk::both_ways"));
        for other in [
            "test talk::both_ways ... ok",
            "failures:",
            "test result: FAILED. 1 passed; 1 failed",
            "    talk::a",
        ] {
            assert_eq!(failed_test(other), None, "{other}");
        }
    }

    #[test]
    fn what_a_program_writes_is_read_and_its_end_told() {
        let mut lines = Vec::new();
        let mut shell = process::command("sh");
        let end = process::run_watched(shell.args(["-c", "echo one; printf 'two\\377'; exit 3"]), |line| {
            lines.push(line.to_owned());
        });
        assert!(end.is_err());
        assert_eq!(lines, ["one", "two\u{fffd}"]);
    }
}
