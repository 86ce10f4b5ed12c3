//! Lines of JSON: orders from the test, and what it is told.

use std::io::{BufRead as _, Write as _};

use serde::Deserialize;
use serde_json::Value;

/// What the test orders.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Say a message of the bridge to the page.
    Say(Value),
    /// Evaluate an expression in the page, under a number that its result comes back with.
    Run(u64, String),
    /// Show or hide the window.
    Show(bool),
    /// Make the window as large, in logical pixels: width, height.
    Resize(f64, f64),
    /// End.
    Quit(()),
}

/// The orders on standard input, until it ends or holds what is none.
pub fn orders() -> impl Iterator<Item = Order> {
    let lines = std::io::stdin().lock().lines();
    lines.map_while(|line| serde_json::from_str(&line.ok()?).inspect_err(|error| eprintln!("{error}")).ok())
}

/// Tells the test something.
pub fn print(told: &Value) {
    // A test that is gone needs no telling; the end of standard input ends the app.
    let _ = writeln!(std::io::stdout(), "{told}");
}
