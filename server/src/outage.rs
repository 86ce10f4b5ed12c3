//! Whether the disk fails: found out by whoever writes, told once and not by each of them, and seen by `/readyz`.
//!
//! A full disk takes small writes in between, where a file has room already. So an outage is over when a write succeeds
//! some time after the last one that failed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use causette_shared::time::Timestamp;

use crate::store::StoreError;

/// Longer than clients wait before they try again.
const OVER_AFTER: Duration = Duration::from_secs(4);
/// In place of a time: nothing has failed.
const NEVER: i64 = i64::MIN;

/// What is known of the disk.
pub struct Outage {
    /// When the last write failed.
    failed_at: AtomicI64,
}

impl Default for Outage {
    fn default() -> Self {
        Self { failed_at: AtomicI64::new(NEVER) }
    }
}

impl Outage {
    /// Whether the disk fails, as far as is known.
    pub fn lasts(&self) -> bool {
        self.failed_at.load(Ordering::Relaxed) != NEVER
    }

    /// Takes note of a write that failed, and logs the first of an outage.
    pub fn note_failure(&self, error: &StoreError, now: Timestamp) {
        if self.failed_at.swap(now.0, Ordering::Relaxed) == NEVER {
            let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
            let cause = causes.last().map(ToString::to_string);
            tracing::error!(%error, cause, "the disk fails: nothing is taken until it works again");
        }
    }

    /// Takes note of a write that succeeded, and logs the end of an outage.
    pub fn note_write(&self, now: Timestamp) {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        if failed_at == NEVER || now.since(Timestamp(failed_at)) < OVER_AFTER {
            return;
        }
        // Another failure may have come between.
        let ended = self.failed_at.compare_exchange(failed_at, NEVER, Ordering::Relaxed, Ordering::Relaxed);
        if ended.is_ok() {
            tracing::info!("the disk works again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_ends_with_a_write_some_time_after_the_last_failure() {
        let outage = Outage::default();
        let failure = StoreError::Corrupt { column: "any" };
        outage.note_write(Timestamp(0));
        assert!(!outage.lasts());
        outage.note_failure(&failure, Timestamp(1_000));
        outage.note_write(Timestamp(4_999));
        assert!(outage.lasts());
        outage.note_failure(&failure, Timestamp(2_500));
        outage.note_write(Timestamp(6_499));
        assert!(outage.lasts());
        outage.note_write(Timestamp(6_500));
        assert!(!outage.lasts());
    }
}
