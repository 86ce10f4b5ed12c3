//! Measured times, and the shares of them that stay below a time.

use std::fmt;
use std::time::Duration;

/// Measured times, ascending. All of them are kept, so that every quantile is exact.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Takes times in any order.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that `share` (0 to 1) of them do not exceed, by the nearest rank; zero where there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// How many fall into each `width` from zero on.
    pub fn histogram(&self, width: Duration) -> Vec<usize> {
        let mut counts = Vec::new();
        for time in &self.0 {
            let place = (time.as_nanos() / width.as_nanos().max(1)) as usize;
            if counts.len() <= place {
                counts.resize(place + 1, 0);
            }
            counts[place] += 1;
        }
        counts
    }

    /// Both together.
    pub fn join(&self, other: &Self) -> Self {
        Self::new(self.0.iter().chain(&other.0).copied().collect())
    }
}

/// `p50 4, p95 9, p99 14, max 31 ms`.
impl fmt::Display for Samples {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share| millis(self.quantile(share));
        write!(
            out,
            "p50 {:.0}, p95 {:.0}, p99 {:.0}, max {:.0} ms",
            at(0.5),
            at(0.95),
            at(0.99),
            millis(self.max())
        )
    }
}

/// A time in milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(millis: impl IntoIterator<Item = u64>) -> Samples {
        Samples::new(millis.into_iter().map(Duration::from_millis).collect())
    }

    #[test]
    fn quantiles_are_the_nearest_rank() {
        let hundred = samples((1..=100).rev());
        assert_eq!(hundred.quantile(0.5), Duration::from_millis(50));
        assert_eq!(hundred.quantile(0.99), Duration::from_millis(99));
        assert_eq!(hundred.quantile(1.0), hundred.max());
        assert_eq!(samples([7]).quantile(0.0), Duration::from_millis(7));
        assert_eq!(Samples::default().quantile(0.99), Duration::ZERO);
    }

    #[test]
    fn a_histogram_counts_every_sample_once() {
        assert_eq!(samples([0, 9, 10, 35]).histogram(Duration::from_millis(10)), [2, 1, 0, 1]);
        assert!(Samples::default().histogram(Duration::from_millis(10)).is_empty());
    }

    #[test]
    fn two_sets_join_in_order() {
        assert_eq!(samples([1, 5]).join(&samples([3])).quantile(0.5), Duration::from_millis(3));
    }
}
