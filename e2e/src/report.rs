//! Figures beside their goals, as a table in Markdown, and where they were taken.

use std::fmt;
use std::process::Command;

use crate::harness::environment;

/// Figures in the order in which they were taken.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    beside: String,
}

struct Row {
    what: String,
    figure: String,
    goal: String,
    verdict: &'static str,
}

/// Several runs of one measurement.
pub struct Runs(Vec<f64>);

impl Runs {
    /// Takes the runs in any order.
    ///
    /// # Panics
    /// There are none.
    #[must_use]
    pub fn new(mut runs: Vec<f64>) -> Self {
        assert!(!runs.is_empty(), "nothing was measured");
        runs.sort_by(f64::total_cmp);
        Self(runs)
    }

    /// The one in the middle.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (best, worst) = (self.0[0], self.0[self.0.len() - 1]);
        write!(out, "{:.0} ms (best {best:.0}, worst {worst:.0}, {} runs)", self.median(), self.0.len())
    }
}

impl Report {
    /// Adds a figure that is to stay at or below its goal.
    pub fn add(&mut self, what: &str, figure: impl fmt::Display, goal: &str, is_met: bool) {
        let verdict = if is_met { "met" } else { "**missed**" };
        eprintln!("{what}: {figure} (goal {goal})");
        let (what, figure, goal) = (what.to_owned(), figure.to_string(), goal.to_owned());
        self.rows.push(Row { what, figure, goal, verdict });
    }

    /// Adds a figure that has no goal.
    pub fn note(&mut self, what: &str, figure: impl fmt::Display) {
        eprintln!("{what}: {figure}");
        let (what, figure, goal) = (what.to_owned(), figure.to_string(), "–".to_owned());
        self.rows.push(Row { what, figure, goal, verdict: "" });
    }

    /// Notes what else it was taken with: a browser, a system.
    pub fn set_beside(&mut self, version: String) {
        self.beside = version;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Commit {}, {} build, {}, {}.\n", commit(), build(), machine(), self.beside)?;
        writeln!(out, "| what | figure | goal | |\n| --- | --- | --- | --- |")?;
        for Row { what, figure, goal, verdict } in &self.rows {
            writeln!(out, "| {what} | {figure} | {goal} | {verdict} |")?;
        }
        Ok(())
    }
}

/// Which build of the server it was, as the directory of its binary tells.
#[must_use]
pub fn build() -> String {
    let binary = environment::server_binary();
    let directory = binary.parent().and_then(|directory| directory.file_name());
    directory.map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The commit, with a mark where files differ from it.
#[must_use]
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").arg("-C").arg(environment::workspace()).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if changed { format!("{commit} with changes") } else { commit }
}

/// Processor and number of cores, as far as the machine tells.
#[must_use]
pub fn machine() -> String {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unnamed processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {model}")
}

/// The system by its own name.
#[must_use]
pub fn system() -> String {
    let facts = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = facts.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| std::env::consts::OS.to_owned(), |name| name.trim_matches('"').to_owned())
}
