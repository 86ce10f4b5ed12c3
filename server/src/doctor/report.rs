//! What was found, and what to do about it.

use std::fmt;

use serde::Serialize;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It works.
    Ok,
    /// It was not looked at, and why.
    Skipped,
    /// It works, or may work, and somebody should look at it.
    Warning,
    /// It does not work.
    Failed,
}

/// One thing that was looked at. No text in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it stands.
    pub level: Level,
    /// What was found, on one line.
    pub found: String,
    /// What to do, where there is something to do.
    pub advice: Option<String>,
}

impl Finding {
    /// It works.
    #[must_use]
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, found.into(), None)
    }

    /// It was not looked at.
    #[must_use]
    pub fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self::new(check, Level::Skipped, why.into(), None)
    }

    /// Somebody should look at it.
    #[must_use]
    pub fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, Level::Warning, found.into(), Some(advice.into()))
    }

    /// It does not work.
    #[must_use]
    pub fn failed(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, Level::Failed, found.into(), Some(advice.into()))
    }

    fn new(check: &'static str, level: Level, found: String, advice: Option<String>) -> Self {
        let one_line = |text: String| text.replace(['\r', '\n'], " ");
        Self { check, level, found: one_line(found), advice: advice.map(one_line) }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    findings: &'a [Finding],
}

impl Report {
    /// Whether nothing has failed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.level < Level::Failed)
    }

    /// The report as JSON: `{"ok": …, "findings": [{"check", "level", "found", "advice"}, …]}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let document = Document { ok: self.is_sound(), findings: &self.findings };
        serde_json::to_string_pretty(&document).expect("text and words can be written as JSON")
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        for Finding { check, level, found, advice } in &self.findings {
            writeln!(f, "{level:<8} {check:<15} {found}")?;
            if let Some(advice) = advice {
                writeln!(f, "{:25}{advice}", "")?;
            }
        }
        match (count(Level::Failed), count(Level::Warning)) {
            (0, 0) => write!(f, "\nEverything that was looked at works."),
            (0, warnings) => write!(f, "\nNothing has failed; {warnings} to look at."),
            (failed, _) => write!(f, "\n{failed} failed."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_no_failure_and_advice_stands_below() {
        let mut report = Report { findings: vec![Finding::warning("outbox", "2\nwait", "look")] };
        assert!(report.is_sound());
        assert_eq!(
            report.to_string(),
            "warning  outbox          2 wait\n                         look\n\nNothing has failed; 1 to look at."
        );
        report.findings.push(Finding::failed("database", "gone", "find it"));
        assert!(!report.is_sound());
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("it is JSON");
        assert_eq!(
            (json["ok"].as_bool(), json["findings"][1]["level"].as_str()),
            (Some(false), Some("failed"))
        );
    }
}
