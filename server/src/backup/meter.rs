//! How far a long task has come: counted where the work is done, shown elsewhere.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts what is done of a total.
#[derive(Debug, Default)]
pub struct Meter {
    total: AtomicU64,
    done: AtomicU64,
    bytes: AtomicU64,
    settling: AtomicBool,
}

impl Meter {
    /// Says how much there is to do.
    pub fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// So much more is done.
    pub fn advance(&self, done: u64) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }

    /// So many more bytes were written.
    pub fn count_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// From here on it is done or not, and giving up would only mean not to know which.
    pub fn settle(&self) {
        self.settling.store(true, Ordering::Relaxed);
    }

    /// Whether it is too late to give up.
    #[must_use]
    pub fn is_settling(&self) -> bool {
        self.settling.load(Ordering::Relaxed)
    }

    /// How much there is to do; 0 while that is not known.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// How much of it is done.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// The bytes that were written.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
