//! How long an agent takes.

use super::chance::Dice;

/// No simulated session is longer than this: a day, the longest timeout that a task may have.
pub(super) const LONGEST_MS: u64 = 86_400_000;

/// A distribution of milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Latency {
    /// Always the same.
    Constant(u64),
    /// Anything between the two, both included.
    Uniform(u64, u64),
    /// Half of the draws are below the median; `sigma` is the deviation of the logarithm.
    Lognormal {
        /// Half of the draws are below it.
        median_ms: u64,
        /// 0 gives the median every time; 0.4 is typical of models.
        sigma: f64,
    },
}

impl Latency {
    /// Draws a latency, at most [`LONGEST_MS`].
    pub(super) fn draw(&self, dice: &mut Dice) -> u64 {
        let drawn = match *self {
            Self::Constant(ms) => ms,
            Self::Uniform(low, high) => dice.between(low, high),
            // `libm` gives the same bits on every platform, which the system's own `exp` does not promise.
            Self::Lognormal { median_ms, sigma } => {
                (median_ms as f64 * libm::exp(sigma * dice.normal())).round() as u64
            }
        };
        drawn.min(LONGEST_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::{Chance, Purpose};
    use super::*;

    fn draws(latency: &Latency) -> Vec<u64> {
        let mut dice = Chance::of(3, "a", "b", "c", 1).dice(Purpose::Latency);
        let mut drawn: Vec<u64> = (0..2_001).map(|_| latency.draw(&mut dice)).collect();
        drawn.sort_unstable();
        drawn
    }

    #[test]
    fn a_constant_is_constant() {
        assert!(draws(&Latency::Constant(12)).iter().all(|ms| *ms == 12));
    }

    #[test]
    fn a_uniform_draw_reaches_both_ends() {
        let drawn = draws(&Latency::Uniform(10, 13));
        assert_eq!((drawn[0], drawn[2_000]), (10, 13));
    }

    #[test]
    fn a_lognormal_draw_has_its_median_and_a_longer_tail_above() {
        let drawn = draws(&Latency::Lognormal { median_ms: 10_000, sigma: 0.4 });
        let median = drawn[1_000];
        assert!((9_500..10_500).contains(&median), "{median}");
        assert!(drawn[1_980] - median > median - drawn[20]);
    }

    #[test]
    fn nothing_takes_longer_than_a_day() {
        let drawn = draws(&Latency::Lognormal { median_ms: LONGEST_MS, sigma: 2.0 });
        assert_eq!(drawn[2_000], LONGEST_MS);
    }
}
