//! Chance from a seed, so that what a test did by chance can be told and tried again.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A source of numbers: SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014). Fit for choosing faults, and for nothing secret.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers that belong to a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another source, the `number`th that hangs on this one: what it draws does not change what this one draws.
    #[must_use]
    pub fn fork(&self, number: u64) -> Self {
        Self(Self(self.0 ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03)).draw())
    }

    /// Draws any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Draws one of 0 … `count` - 1; 0 where there is nothing to choose from. The bias of the remainder is below
    /// 2^-32 for the small counts of tests.
    pub fn below(&mut self, count: usize) -> usize {
        let count = count.max(1) as u64;
        usize::try_from(self.draw() % count).expect("it is below a usize")
    }

    /// Whether a thing happens that happens once in `count`.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// Draws a number of milliseconds.
    pub fn millis(&mut self, range: RangeInclusive<u64>) -> Duration {
        let span = range.end().saturating_sub(*range.start()).saturating_add(1);
        Duration::from_millis(range.start() + self.draw() % span.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_numbers() {
        // The first numbers of SplitMix64 for the seed 1234567, as Rosetta Code lists them.
        let mut chance = Chance::new(1_234_567);
        let drawn = [chance.draw(), chance.draw(), chance.draw()];
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn forks_differ_and_repeat() {
        let chance = Chance::new(7);
        assert_eq!(chance.fork(1).draw(), chance.fork(1).draw());
        assert_ne!(chance.fork(1).draw(), chance.fork(2).draw());
        assert_ne!(chance.fork(0).draw(), chance.clone().draw());
    }

    #[test]
    fn what_is_drawn_stays_in_its_range() {
        let mut chance = Chance::new(0);
        for _ in 0..1000 {
            assert!(chance.below(3) < 3);
            let pause = chance.millis(5..=7).as_millis();
            assert!((5..=7).contains(&pause));
        }
        assert_eq!(chance.below(0), 0);
    }
}
