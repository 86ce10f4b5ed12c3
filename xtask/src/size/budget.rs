//! The limits: bytes as they travel, and what the stories measure.

use std::fmt;

use anyhow::Result;
use serde::Deserialize;

/// The content of snippet/budget.toml.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The loader with a site's settings in it.
    pub loader_brotli: usize,
    /// All that the first opening of the widget fetches.
    pub widget_open_brotli: usize,
    /// Wasm and glue of the widget alone.
    pub widget_code_brotli: usize,
    /// All that the first opening of the desk fetches.
    pub desk_open_brotli: usize,
    /// The sum of layout shifts that the loader may cause. Measured in a browser, by the stories.
    pub layout_shift: f64,
    /// The tasks over 50 ms that the loader may cause. Measured in a browser, by the stories.
    pub long_tasks: usize,
}

impl Budget {
    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// When a limit is missing, unknown or no number.
    pub fn read(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }
}

/// A limit and what was weighed against it.
#[derive(Debug)]
pub struct Limit {
    /// Its name in the file.
    pub name: &'static str,
    limit: usize,
    weight: usize,
}

impl Limit {
    /// A weight against its limit.
    pub fn new(name: &'static str, limit: usize, weight: usize) -> Self {
        Self { name, limit, weight }
    }

    /// Whether it weighs more than it may.
    pub fn is_passed(&self) -> bool {
        self.weight > self.limit
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, limit, weight } = self;
        if self.is_passed() {
            write!(out, "{name:<20} {weight:>7} of {limit:>7}: {} too many", weight - limit)
        } else {
            write!(out, "{name:<20} {weight:>7} of {limit:>7}: {} to spare", limit - weight)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Limit};

    #[test]
    fn every_limit_has_to_be_there_and_no_other() {
        let text = "loader_brotli = 1\nwidget_open_brotli = 2\nwidget_code_brotli = 3\ndesk_open_brotli = 4\n\
             layout_shift = 0\nlong_tasks = 0\n";
        assert_eq!(Budget::read(text).expect("is complete").widget_code_brotli, 3);
        assert!(Budget::read("loader_brotli = 1").is_err());
        assert!(Budget::read(&format!("{text}widget_brotli = 5")).is_err());
    }

    #[test]
    fn a_limit_may_be_reached_but_not_passed() {
        assert!(!Limit::new("loader_brotli", 4096, 4096).is_passed());
        let limit = Limit::new("loader_brotli", 4096, 4097);
        assert!(limit.is_passed());
        assert!(limit.to_string().ends_with("4097 of    4096: 1 too many"), "{limit}");
    }
}
