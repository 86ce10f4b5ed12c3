//! How long until unseen replies are e-mailed, as far as the desk can know: by the server's clock, as its greeting told it.

use std::time::Duration;

use causette_client::timer;
use causette_shared::time::Timestamp;
use leptos::prelude::*;

use super::desk::Desk;

/// A mail that is due is under way for about so long; after that it waits for the mail server.
const UNDER_WAY: Duration = Duration::from_secs(15);

/// How far a follow-up is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Countdown {
    /// It waits for its time, in words: "0:42".
    Waits(String),
    /// It is being sent.
    UnderWay,
    /// It is due for longer than sending takes: there is no mail server, or it does not answer.
    Overdue,
}

impl Countdown {
    /// What a follow-up that is due at `due` is at.
    #[must_use]
    pub fn at(now: Timestamp, due: Timestamp) -> Self {
        if due > now {
            return Self::Waits(remaining(due.since(now)));
        }
        if now.since(due) < UNDER_WAY { Self::UnderWay } else { Self::Overdue }
    }
}

/// When the countdown reads differently: at the next whole second before it is due.
#[must_use]
pub fn next_change(now: Timestamp, due: Timestamp) -> Duration {
    let rest = (due.0 - now.0).rem_euclid(1_000);
    // Never in the same instant again: timers may come early by a rounding.
    Duration::from_millis(rest.unsigned_abs().max(20))
}

/// "0:42", "12:05", "1:02:03": whole seconds, rounded up, so that it says 0:01 until it is due.
fn remaining(rest: Duration) -> String {
    let seconds = rest.as_millis().div_ceil(1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

impl Desk {
    /// The server's clock now.
    #[must_use]
    pub fn server_now(self) -> Timestamp {
        Timestamp(timer::now().0.saturating_add(self.skew.get_untracked()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> String {
        match Countdown::at(Timestamp(0), Timestamp(millis)) {
            Countdown::Waits(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn seconds_are_rounded_up_and_hours_shown_when_there_are_any() {
        assert_eq!([at(1), at(1_000), at(1_001), at(41_500)], ["0:01", "0:01", "0:02", "0:42"]);
        assert_eq!([at(60_000), at(725_000), at(3_723_000)], ["1:00", "12:05", "1:02:03"]);
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn what_is_due_is_under_way_and_then_waits() {
        let due = Timestamp(1_000);
        assert_eq!(Countdown::at(Timestamp(1_000), due), Countdown::UnderWay);
        assert_eq!(Countdown::at(Timestamp(15_999), due), Countdown::UnderWay);
        assert_eq!(Countdown::at(Timestamp(16_000), due), Countdown::Overdue);
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn it_changes_at_each_whole_second() {
        let next = |now| next_change(Timestamp(now), Timestamp(10_000)).as_millis();
        assert_eq!([next(9_400), next(8_250), next(10_600)], [600, 750, 400]);
        assert_eq!([next(9_000), next(10_000), next(9_995)], [20, 20, 20]);
    }
}
