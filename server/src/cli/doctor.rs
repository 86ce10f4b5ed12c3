//! `causette doctor`.

use std::io::Write as _;
use std::time::Duration;

use super::CommandError;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::doctor::{RoundTrip, examine};

/// Looks at everything and prints what was found.
pub(super) async fn doctor(config: Config, mail: bool, wait_s: u64, json: bool) -> Result<(), CommandError> {
    let wait = Duration::from_secs(wait_s);
    let round_trip = if mail { RoundTrip::Wanted { wait } } else { RoundTrip::NotWanted };
    let report = examine(&config, &SystemClock, round_trip).await;
    let text = if json { report.to_json() } else { report.to_string() };
    // A reader that has seen enough, like `head`, is no failure.
    let _ = writeln!(std::io::stdout(), "{text}");
    if report.is_sound() { Ok(()) } else { Err(CommandError::Reported) }
}
