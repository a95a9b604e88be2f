//! Moments and victims that come again with their seed.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A linear congruential generator (Knuth, MMIX).
#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same seed draws the same numbers.
    pub fn new(seed: u64) -> Self {
        let mut chance = Self(seed);
        chance.next();
        chance
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A time within these milliseconds.
    pub fn time(&mut self, milliseconds: Range<u64>) -> Duration {
        let span = milliseconds.end.saturating_sub(milliseconds.start);
        Duration::from_millis(milliseconds.start + self.below(span))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// A seed that was not used before.
pub fn new_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(7, |passed| passed.as_millis() as u64 % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_come_again_with_their_seed() {
        let drawn = |seed| {
            let mut chance = Chance::new(seed);
            (0..50).map(|_| chance.time(100..300).as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        assert!(drawn(7).iter().all(|milliseconds| (100..300).contains(milliseconds)));
    }
}
