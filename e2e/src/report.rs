//! The table, and where it was taken.

use std::fmt;
use std::process::Command;

use causette_e2e::harness::environment;

/// Figures in the order in which they were taken.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    browser: String,
}

struct Row {
    what: String,
    figure: String,
    goal: &'static str,
    verdict: &'static str,
}

/// Several runs of one measurement.
pub struct Runs(Vec<f64>);

impl Runs {
    /// Takes the runs in any order.
    ///
    /// # Panics
    /// There are none.
    pub fn new(mut runs: Vec<f64>) -> Self {
        assert!(!runs.is_empty(), "nothing was measured");
        runs.sort_by(f64::total_cmp);
        Self(runs)
    }

    /// The one in the middle.
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
    pub fn add(&mut self, what: &str, figure: impl fmt::Display, goal: &'static str, is_met: bool) {
        let verdict = if is_met { "met" } else { "**missed**" };
        eprintln!("{what}: {figure} (goal {goal})");
        self.rows.push(Row { what: what.to_owned(), figure: figure.to_string(), goal, verdict });
    }

    /// Notes which browser it was.
    pub fn set_browser(&mut self, version: String) {
        self.browser = version;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Commit {}, {} build, {}, {}.\n", commit(), build(), machine(), self.browser)?;
        writeln!(out, "| what | figure | goal | |\n| --- | --- | --- | --- |")?;
        for Row { what, figure, goal, verdict } in &self.rows {
            writeln!(out, "| {what} | {figure} | {goal} | {verdict} |")?;
        }
        Ok(())
    }
}

/// Which build of the server it was, as the directory of its binary tells.
fn build() -> String {
    let binary = environment::server_binary();
    let directory = binary.parent().and_then(|directory| directory.file_name());
    directory.map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The commit, with a mark where files differ from it.
fn commit() -> String {
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
fn machine() -> String {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unnamed processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {model}")
}
