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
    use crate::sync::{Link, LinkEffect};
    use crate::time::Timestamp;

    const CLIENTS: usize = 2_000;
    /// When all of them lose the server.
    const LOSS: Timestamp = Timestamp(1_000_000);

    /// Numbers that look random and are the same for the same seed (SplitMix64: G. Steele et al., OOPSLA 2014).
    fn numbers(seed: u64) -> impl FnMut() -> u32 {
        let mut state = seed;
        move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed >> 32) as u32
        }
    }

    /// How long after the server's return each client tries and gets through, ascending. Until then its attempts are
    /// refused at once, as those at a port that nobody listens at.
    fn returns(away: Duration, mut random: impl FnMut() -> u32) -> Vec<Duration> {
        let back = LOSS.after(away);
        let mut times: Vec<Duration> = (0..CLIENTS)
            .map(|_| {
                let mut link = Link::new();
                let connected = LOSS.before(Duration::from_secs(60));
                link.start(connected);
                link.opened(connected);
                link.closed(LOSS, random());
                loop {
                    let now = link.next_timeout().expect("a client that lost its server tries again");
                    link.timeout(now, random());
                    assert_eq!(std::iter::from_fn(|| link.poll_effect()).last(), Some(LinkEffect::Connect));
                    if now >= back {
                        return now.since(back);
                    }
                    link.closed(now, random());
                }
            })
            .collect();
        times.sort_unstable();
        times
    }

    /// The most that come within any `window`.
    fn most_within(window: Duration, times: &[Duration]) -> usize {
        let within = |first: &Duration| times.partition_point(|time| *time < *first + window);
        let counts = times.iter().enumerate().map(|(index, first)| within(first) - index);
        counts.max().unwrap_or_default()
    }

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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_herd_is_back_within_15_seconds_however_long_the_server_was_away(seed: u64, away_ms in 0u64..120_000) {
            let times = returns(Duration::from_millis(away_ms), numbers(seed));
            prop_assert_eq!(times.len(), CLIENTS);
            prop_assert!(times.last().is_some_and(|last| *last <= Duration::from_secs(15)));
        }

        /// The third wait of a client, of one to two seconds, is the one in which a server that was away for two seconds
        /// returns: a tenth of the herd comes in each tenth of a second, and chance adds to it.
        #[test]
        fn a_herd_comes_back_spread(seed: u64) {
            let times = returns(Duration::from_secs(2), numbers(seed));
            let most = most_within(Duration::from_millis(100), &times);
            prop_assert!(most <= CLIENTS * 15 / 100, "{} of {} came within 100 ms", most, CLIENTS);
        }
    }
}
