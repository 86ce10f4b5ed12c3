//! Puts the table and the picture into the documentation.

use std::io;

use causette_e2e::harness::environment;
use causette_e2e::report::Report;

const PAGE: &str = "docs/benchmarks.md";
const PICTURE: &str = "docs/images/load.svg";
/// What stands before and after the table on the page.
const FROM: &str = "<!-- load: `cargo xtask load --write` writes from here … -->\n";
const TO: &str = "<!-- … to here -->\n";

/// Writes both.
///
/// # Errors
/// A file cannot be read or written, or the page has no place for the table.
pub fn write(report: &Report, picture: &str) -> io::Result<()> {
    let page = environment::workspace().join(PAGE);
    let text = std::fs::read_to_string(&page)?;
    let text = replace(&text, &report.to_string())
        .ok_or_else(|| io::Error::other(format!("{PAGE} has no place for the table")))?;
    std::fs::write(&page, text)?;
    std::fs::write(environment::workspace().join(PICTURE), picture)?;
    eprintln!("wrote {PAGE} and {PICTURE}");
    Ok(())
}

fn replace(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(FROM)?;
    let (_, after) = rest.split_once(TO)?;
    Some(format!("{before}{FROM}\n{table}\n{TO}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = format!("# Title\n{FROM}old\n{TO}after\n");
        let replaced = replace(&page, "new\n");
        assert_eq!(replaced, Some(format!("# Title\n{FROM}\nnew\n\n{TO}after\n")));
        assert_eq!(replace("no marks", "new"), None);
    }
}
