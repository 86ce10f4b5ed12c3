//! Time and randomness as parameters: the only place that reads the machine's clock or its entropy.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use causette_shared::id::ID_ENTROPY;
use causette_shared::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's wall clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::default().after(since)
    }
}

/// A clock that stands still until it is moved: for tests and for the seeds of the demo.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Makes a clock that shows `start`.
    #[must_use]
    pub const fn new(start: Timestamp) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves it forward.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.after(span);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The operating system gives no randomness: nothing that needs a secret or an id can go on.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoEntropy(#[from] getrandom::Error);

/// Returns `N` bytes of the operating system's generator.
///
/// # Errors
/// The operating system has none to give.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Returns the random part of an id.
///
/// # Errors
/// The operating system has none to give.
pub fn id_entropy() -> Result<[u8; ID_ENTROPY], NoEntropy> {
    random_bytes()
}
