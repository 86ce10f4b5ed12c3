//! `fuzz`: feeds what must bear any input with all kinds of it, chosen by which branches they reach.
//!
//! The targets are built with the flags of `cargo fuzz --sanitizer none`, which the pinned compiler knows: neither another
//! toolchain nor a tool is needed, only the C++ compiler for LLVM's fuzzer. Inputs that reach something new are kept in
//! `target/fuzz/corpus`, beside those that stand in the repository; one that a target cannot bear, in `fuzz/artifacts`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::machine::Checkout;
use crate::{packages, process};

/// Runs of each target in `cargo xtask test`.
const SHORT_RUNS: u32 = 200_000;
/// And the time after which a busy machine is not kept any longer, in seconds.
const SHORT_SECONDS: u64 = 10;
/// The largest input, in bytes; a frame's limit is met by what is made of it.
const LONGEST_INPUT: u32 = 4096;

/// What lets the fuzzer see which branches an input takes and what it is compared with (cargo-fuzz 0.13, src/project.rs).
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "--cfg=fuzzing",
];

/// Options of the chore.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// One target; without it, all of them in turn
    target: Option<String>,
    /// How long each runs
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u64,
    /// Runs a kept input once more
    #[arg(long, value_name = "FILE", requires = "target")]
    replay: Option<PathBuf>,
}

/// How much is tried.
#[derive(Debug, Clone, Copy)]
struct Effort {
    runs: Option<u32>,
    seconds: u64,
}

/// Runs one target, or all, for a time.
///
/// # Errors
///
/// When there is no such target, they do not build, or one finds an input that it cannot bear.
pub fn fuzz(checkout: &Checkout, options: &Options) -> Result<()> {
    let fuzz = Fuzz::prepare(checkout)?;
    let targets = fuzz.targets()?;
    let chosen = match &options.target {
        Some(name) if targets.contains(name) => vec![name.clone()],
        Some(name) => bail!("there is no target {name}; there are {}", targets.join(", ")),
        None => targets,
    };
    fuzz.build()?;
    if let (Some(file), [target]) = (&options.replay, &chosen[..]) {
        return process::run(fuzz.program(target).arg(file));
    }
    let effort = Effort { runs: None, seconds: options.seconds };
    chosen.iter().try_for_each(|target| fuzz.run(target, effort))
}

/// The check: format, lints, and a short run of every target.
///
/// # Errors
///
/// When one of them fails.
pub fn check(checkout: &Checkout) -> Result<()> {
    let fuzz = Fuzz::prepare(checkout)?;
    process::run(fuzz.cargo("fmt").args(["--check", "--", "--color", "never"]))?;
    process::run(fuzz.compiling("clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    fuzz.build()?;
    let effort = Effort { runs: Some(SHORT_RUNS), seconds: SHORT_SECONDS };
    fuzz.targets()?.iter().try_for_each(|target| fuzz.run(target, effort))
}

/// The crate of the targets, which is a workspace of its own.
struct Fuzz<'a> {
    checkout: &'a Checkout,
    /// The machine's own triple. Named, so that the flags reach neither build scripts nor macros.
    triple: String,
}

impl<'a> Fuzz<'a> {
    fn prepare(checkout: &'a Checkout) -> Result<Self> {
        packages::need_cxx()?;
        let mut rustc = process::command("rustc");
        let described = process::output(rustc.current_dir(checkout.root()).arg("-vV"))?;
        let triple = described.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(Self { checkout, triple: triple.context("rustc does not say what it runs on")?.to_owned() })
    }

    /// The names of the targets: those of the files in `fuzz/fuzz_targets`.
    fn targets(&self) -> Result<Vec<String>> {
        let directory = self.checkout.path("fuzz/fuzz_targets");
        let files =
            fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
        let mut names = Vec::new();
        for file in files {
            names.extend(file?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
        names.sort();
        Ok(names)
    }

    fn build(&self) -> Result<()> {
        process::run_patiently(self.compiling("build").arg("--bins"), "building the fuzz targets")
    }

    /// Cargo for a step that compiles: with counters, into a directory of its own, so that nothing of the workspace is
    /// compiled again.
    fn compiling(&self, subcommand: &str) -> Command {
        let mut cargo = self.cargo(subcommand);
        cargo
            .args(["--quiet", "--release", "--target", &self.triple, "--target-dir"])
            .arg(self.directory())
            .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"));
        cargo
    }

    fn cargo(&self, subcommand: &str) -> Command {
        process::cargo(self.checkout, &[subcommand, "--manifest-path", "fuzz/Cargo.toml"])
    }

    fn directory(&self) -> PathBuf {
        self.checkout.path("target/fuzz")
    }

    fn program(&self, target: &str) -> Command {
        process::command(self.directory().join(&self.triple).join("release").join(target))
    }

    fn run(&self, target: &str, effort: Effort) -> Result<()> {
        let found = self.directory().join("corpus").join(target);
        let artifacts = self.checkout.path("fuzz/artifacts").join(target);
        for directory in [&found, &artifacts] {
            fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
        let mut program = self.program(target);
        program
            .current_dir(self.checkout.root())
            .arg(found)
            .arg(self.checkout.path("fuzz/corpus").join(target))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args([format!("-max_total_time={}", effort.seconds), format!("-max_len={LONGEST_INPUT}")])
            .args(["-verbosity=0", "-print_final_stats=1"]);
        if let Some(runs) = effort.runs {
            program.arg(format!("-runs={runs}"));
        }
        // It says much, and what it says matters only when it has found something.
        let log = self.directory().join("corpus").join(format!("{target}.log"));
        let output = fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        program.stdout(output.try_clone()?).stderr(output);
        let ran = process::run(&mut program);
        let said = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
        if ran.is_err() {
            eprintln!("{}", findings(&said));
        } else if let Some(runs) = runs(&said) {
            println!("{target}: {runs} runs");
        }
        ran.with_context(|| replay(target, &artifacts))
    }
}

/// How many inputs were tried, from what the fuzzer says at its end.
fn runs(said: &str) -> Option<u64> {
    let runs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    runs.trim().parse().ok()
}

/// What the fuzzer says of an input that it keeps: all from the panic on.
fn findings(said: &str) -> &str {
    let from = said.find("\nthread ").or_else(|| said.find("==")).unwrap_or_default();
    said[from..].trim()
}

/// What to do with an input that was kept.
fn replay(target: &str, artifacts: &Path) -> String {
    format!(
        "{target} cannot bear an input; run it again with `cargo xtask fuzz {target} --replay {}/FILE`",
        artifacts.display()
    )
}

#[cfg(test)]
mod tests {
    use super::{findings, runs};

    #[test]
    fn what_matters_is_found_in_what_the_fuzzer_says() {
        let said =
            "#2\tINITED cov: 9\n\nthread '<unnamed>' panicked at fuzz/src/texts.rs:1:2:\nlost\n==7== ERROR\n";
        assert!(findings(said).starts_with("thread '<unnamed>' panicked"));
        assert_eq!(runs(said), None);
        assert_eq!(runs("Done\nstat::number_of_executed_units: 200000\n"), Some(200_000));
    }
}
