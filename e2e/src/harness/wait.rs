//! Waiting for a condition.

use std::time::Duration;

/// How long a condition may take. Two browsers share two cores here, so it is far longer than anything should take.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The pause between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// Why something could not be looked at.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Looks until there is something to return. A look that fails counts as "not yet": pages change under the driver's
/// hands, and what was found a moment ago may be gone.
///
/// # Panics
/// It takes longer than `PATIENCE`; the message says what was waited for and what the last look met.
pub async fn wait_for<T>(what: &str, look: impl AsyncFnMut() -> Result<Option<T>, Problem>) -> T {
    wait_for_at_most(PATIENCE, what, look).await
}

/// Looks until the answer is yes.
///
/// # Panics
/// It takes longer than `PATIENCE`.
pub async fn wait_until(what: &str, mut look: impl AsyncFnMut() -> Result<bool, Problem>) {
    wait_for(what, async || Ok(look().await?.then_some(()))).await;
}

/// Looks until the answer is yes, for what takes its time by design.
///
/// # Panics
/// It takes longer than `patience`.
pub async fn wait_until_at_most(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<bool, Problem>,
) {
    wait_for_at_most(patience, what, async || Ok(look().await?.then_some(()))).await;
}

/// Looks until there is something to return, with a patience of its own: for what is promised to take its time.
///
/// # Panics
/// It takes longer than `patience`.
pub async fn wait_for_at_most<T>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>, Problem>,
) -> T {
    let mut last = None;
    let looking = async {
        loop {
            match look().await {
                Ok(Some(found)) => return found,
                Ok(None) => last = None,
                Err(problem) => last = Some(problem),
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    match tokio::time::timeout(patience, looking).await {
        Ok(found) => found,
        Err(_) => match last {
            Some(problem) => {
                panic!("waited {patience:?} in vain: {what} (the last look failed: {problem:?})")
            }
            None => panic!("waited {patience:?} in vain: {what}"),
        },
    }
}
