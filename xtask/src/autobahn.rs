//! `autobahn`: the WebSocket cases of the Autobahn test suite against the stack that the server uses.
//!
//! The cases are told by kosoku, a runner on PyPI, which is installed into `target/autobahn`; what they meet is
//! `server/examples/echo.rs`. They are told twice: with the limits of production, where the cases with messages of more
//! than 64 KiB have to be refused, and with that one limit raised, where nothing may fail.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::machine::{self, Checkout, Profile};
use crate::process::{self, Running};
use crate::test;

const KOSOKU: &str = "kosoku==0.1.0";

/// The sections of the suite, as its report names them.
const SECTIONS: [(&str, &str); 12] = [
    ("1", "Framing"),
    ("2", "Pings and pongs"),
    ("3", "Reserved bits"),
    ("4", "Opcodes"),
    ("5", "Fragmentation"),
    ("6", "UTF-8"),
    ("7", "Closing"),
    ("9", "Limits and performance"),
    ("10", "Miscellaneous"),
    ("12", "Compression, different payloads"),
    ("13", "Compression, different parameters"),
    ("", "all"),
];

/// How the suite judges a case, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Behavior {
    Ok,
    /// Right, but sooner or later than the suite would have it: where the standard leaves it open.
    #[serde(rename = "NON-STRICT")]
    NonStrict,
    /// The standard says nothing.
    Informational,
    /// The server has not offered what the case is about: compression.
    Unimplemented,
    #[serde(other)]
    Failed,
}

/// One case in `index.json`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    behavior: Behavior,
    behavior_close: Behavior,
}

/// Whether the limit of production stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Production,
    Raised,
}

/// Tells all cases twice, and prints how they ended.
///
/// # Errors
///
/// When Python or the runner is missing, or a case ends otherwise than it has to.
pub fn autobahn(checkout: &Checkout) -> Result<()> {
    let runner = install(checkout)?;
    test::build_example(checkout, "echo")?;
    let mut wrong = Vec::new();
    for limit in [Limit::Production, Limit::Raised] {
        let verdicts = tell(checkout, &runner, limit)?;
        print!("{}", table(&verdicts, limit));
        let unlike = verdicts.iter().filter(|(case, verdict)| !is_right(case, **verdict, limit));
        wrong.extend(unlike.map(|(case, verdict)| format!("{case} ({verdict:?}, {limit:?})")));
    }
    if !wrong.is_empty() {
        bail!("{} cases ended otherwise than they have to: {}", wrong.len(), wrong.join(", "));
    }
    Ok(())
}

/// The runner in a virtual environment of its own.
fn install(checkout: &Checkout) -> Result<PathBuf> {
    let venv = checkout.path("target/autobahn/venv");
    let runner = venv.join("bin/kosoku");
    if !runner.is_file() {
        let Some(python) = machine::find_in_path("python3") else {
            bail!("no Python for the runner: install it (Debian, Ubuntu: apt-get install python3-venv)");
        };
        println!("installing {KOSOKU} …");
        process::run(process::command(python).args(["-m", "venv"]).arg(&venv))?;
        let mut pip = process::command(venv.join("bin/pip"));
        process::run(pip.args(["install", "--quiet", "--disable-pip-version-check", KOSOKU]))?;
    }
    Ok(runner)
}

fn tell(checkout: &Checkout, runner: &PathBuf, limit: Limit) -> Result<BTreeMap<String, Verdict>> {
    let directory = checkout.server(Profile::Dev);
    let program = directory.parent().context("the server has no directory")?.join("examples/echo");
    let mut echo = process::command(program);
    if limit == Limit::Raised {
        echo.arg("--raised");
    }
    let mut echo = Running(echo.stdout(Stdio::piped()).spawn().context("cannot start the echo")?);
    let output = echo.0.stdout.take().context("the echo has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on ").context("the echo has not started")?;

    let reports = checkout.path("target/autobahn").join(format!("{limit:?}").to_lowercase());
    println!("telling the cases, limit: {limit:?} (some minutes) …");
    let mut kosoku = process::command(runner);
    kosoku.arg("--outdir").arg(&reports).arg(address).stdout(Stdio::null()).stderr(Stdio::null());
    // It ends with a failure where a case fails, and some have to: the report decides.
    let ended = kosoku.status().context("cannot start kosoku")?;
    let index =
        fs::read(reports.join("index.json")).with_context(|| format!("kosoku told nothing ({ended})"))?;
    let agents: BTreeMap<String, BTreeMap<String, Verdict>> =
        serde_json::from_slice(&index).context("the report is not as kosoku writes it")?;
    agents.into_values().next().context("the report is empty")
}

/// Whether a case sends a message of more than 64 KiB: from 256 KiB on in one frame (9.1, 9.2), 4 MiB in fragments (9.3,
/// 9.4), 1 MiB in chops (9.5, 9.6).
fn is_over_the_limit(case: &str) -> bool {
    let in_one_frame = (case.starts_with("9.1.") || case.starts_with("9.2.")) && !case.ends_with(".1");
    in_one_frame || ["9.3.", "9.4.", "9.5.", "9.6."].iter().any(|section| case.starts_with(section))
}

fn is_right(case: &str, verdict: Verdict, limit: Limit) -> bool {
    let refused = limit == Limit::Production && is_over_the_limit(case);
    let failed = verdict.behavior == Behavior::Failed;
    if refused { failed } else { !failed && verdict.behavior_close != Behavior::Failed }
}

/// The table of docs/autobahn.md: a row for each section.
fn table(verdicts: &BTreeMap<String, Verdict>, limit: Limit) -> String {
    let mut text =
        format!("{limit:?}\n| section | cases | passed | informational | not offered | refused |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for (number, name) in SECTIONS {
        let prefix = if number.is_empty() { String::new() } else { format!("{number}.") };
        let of_section: Vec<(&String, &Verdict)> =
            verdicts.iter().filter(|(case, _)| case.starts_with(&prefix)).collect();
        let count = |wanted: &[Behavior]| {
            of_section.iter().filter(|(_, verdict)| wanted.contains(&verdict.behavior)).count()
        };
        text.push_str(&format!(
            "| {number} {name} | {} | {} | {} | {} | {} |\n",
            of_section.len(),
            count(&[Behavior::Ok, Behavior::NonStrict]),
            count(&[Behavior::Informational]),
            count(&[Behavior::Unimplemented]),
            count(&[Behavior::Failed]),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Behavior, Limit, Verdict, is_over_the_limit, is_right};

    #[test]
    fn a_case_over_the_limit_has_to_be_refused_and_no_other() {
        let verdict = |behavior| Verdict { behavior, behavior_close: Behavior::Ok };
        for case in ["9.1.2", "9.2.6", "9.3.1", "9.6.6"] {
            assert!(is_over_the_limit(case), "{case}");
            assert!(is_right(case, verdict(Behavior::Failed), Limit::Production));
            assert!(!is_right(case, verdict(Behavior::Ok), Limit::Production));
            assert!(!is_right(case, verdict(Behavior::Failed), Limit::Raised));
        }
        for case in ["1.1.8", "9.1.1", "9.2.1", "9.7.6", "10.1.1"] {
            assert!(!is_over_the_limit(case), "{case}");
            assert!(!is_right(case, verdict(Behavior::Failed), Limit::Production));
        }
    }
}
