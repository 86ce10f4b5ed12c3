//! When a mail that was not taken is tried again.

use std::time::Duration;

use causette_shared::time::Timestamp;

/// Minutes before the second attempt, the third, and so on: about a day and a half together. RFC 5321 §4.5.4.1 wants half
/// an hour between attempts and four days; a reply in a conversation is worth nothing by then, and a server that asks
/// for patience (greylisting) wants some minutes only.
const MINUTES: [u64; 8] = [1, 5, 15, 60, 180, 360, 720, 720];

/// When to try again after so many attempts; `None` where it is given up. `jitter` is from 0 to 255: mails that failed
/// together do not come back together, but up to a quarter later.
#[must_use]
pub fn again_at(now: Timestamp, attempts: u32, jitter: u8) -> Option<Timestamp> {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = Duration::from_secs(60 * MINUTES.get(place)?);
    Some(now.after(pause + pause / 4 * u32::from(jitter) / 255))
}

/// How long a mail is tried all together, about a day and a half. One that waits longer for anything is given up too.
#[must_use]
pub fn patience() -> Duration {
    Duration::from_secs(60 * MINUTES.iter().sum::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let now = Timestamp(0);
        assert_eq!(again_at(now, 1, 0), Some(Timestamp(60_000)));
        assert_eq!(again_at(now, 1, 255), Some(Timestamp(75_000)));
        let pauses: Vec<_> = (1..=9).map(|attempts| again_at(now, attempts, 0)).collect();
        assert!(pauses[..8].is_sorted() && pauses[..8].iter().all(Option::is_some));
        assert_eq!(pauses[8], None);
        assert_eq!(again_at(now, u32::MAX, 0), None);
        assert!((34..=36).contains(&(patience().as_secs() / 3600)));
    }
}
