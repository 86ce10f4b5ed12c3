//! The clock and the timers of the browser: the only place here that reads the time.

use std::time::Duration;

use causette_shared::time::Timestamp;
use gloo_timers::callback::Timeout;

/// Returns the browser's wall clock. It may be wrong by hours; it is used for what is drawn and for waits, and the
/// server stamps the entries.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as i64)
}

/// One call in the future; dropping it cancels the call.
#[derive(Debug)]
#[must_use = "a timer that is dropped never fires"]
pub struct Timer(#[expect(dead_code, reason = "held for its Drop, which cancels the call")] Timeout);

impl Timer {
    /// Calls `then` once, after `delay`. Longer waits than a browser can count (24 days) are cut to that.
    pub fn after(delay: Duration, then: impl FnOnce() + 'static) -> Self {
        let millis = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX).min(i32::MAX as u32);
        Self(Timeout::new(millis, then))
    }
}
