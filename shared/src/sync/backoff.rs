//! How long to wait before the next attempt.

use std::time::Duration;

/// The longest wait between two attempts: a herd is back within 15 s of a restart.
pub const RECONNECT_MAX: Duration = Duration::from_secs(10);
const RECONNECT_FIRST: Duration = Duration::from_millis(500);

/// Returns the wait before attempt number `attempt` (0 is the first after a loss), given 32 random bits.
///
/// Exponential with "equal jitter": half of the wait is fixed, half is drawn, so that clients that were cut together
/// do not return together (M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015).
#[must_use]
pub fn reconnect_delay(attempt: u32, random: u32) -> Duration {
    let whole = RECONNECT_FIRST.saturating_mul(1 << attempt.min(10)).min(RECONNECT_MAX);
    let half = whole / 2;
    let drawn = u64::from(random) * half.as_millis() as u64 / u64::from(u32::MAX);
    half + Duration::from_millis(drawn)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        assert_eq!(reconnect_delay(0, u32::MAX), Duration::from_millis(500));
        assert_eq!(reconnect_delay(1, u32::MAX), Duration::from_secs(1));
        assert_eq!(reconnect_delay(0, 0), Duration::from_millis(250));
        assert_eq!(reconnect_delay(u32::MAX, u32::MAX), RECONNECT_MAX);
    }

    proptest! {
        #[test]
        fn every_wait_is_at_least_half_and_at_most_the_limit(attempt: u32, random: u32) {
            let delay = reconnect_delay(attempt, random);
            prop_assert!(delay >= RECONNECT_FIRST / 2 && delay <= RECONNECT_MAX);
        }
    }
}
