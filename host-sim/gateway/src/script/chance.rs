//! Chance that depends on what is asked and not on when.
//!
//! Every draw comes from a generator keyed by the identity of an attempt, so neither the order of calls nor another task
//! can change it. Each purpose has a stream of its own: a longer text never shifts a latency.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What is drawn for. The number is the stream, so it must never be reused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Whether the attempt goes well.
    Fate = 0,
    /// How long it takes.
    Latency = 1,
    /// What a good answer says.
    Text = 2,
    /// How an answer is spoilt, or which failure it is.
    Damage = 3,
    /// Whether the gateway or the provider does something to it.
    Fault = 4,
    /// What its tools say.
    Tools = 5,
}

/// The chance of one attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance {
    key: u64,
}

impl Chance {
    /// The chance of one attempt of one task.
    pub(super) fn of(seed: u64, agent_type: &str, task_id: &str, model: &str, attempt: u32) -> Self {
        let mut hash = Fnv::new();
        hash.add(&seed.to_le_bytes());
        for part in [agent_type, task_id, model] {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            hash.add(&(part.len() as u64).to_le_bytes());
            hash.add(part.as_bytes());
        }
        hash.add(&attempt.to_le_bytes());
        Self { key: hash.0 }
    }

    /// The dice for one purpose, always from the start.
    pub(super) fn dice(self, purpose: Purpose) -> Dice {
        let mut rng = ChaCha8Rng::seed_from_u64(self.key);
        rng.set_stream(purpose as u64);
        Dice(rng)
    }
}

/// A repeatable sequence of draws.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// A number below `bound`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // Multiply and shift: its bias is below bound / 2^64, and it does not depend on any library's sampling.
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// A number from `low` to `high`, both included; `low` if they are the wrong way round.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// An index into something of this length; 0 if it is empty.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// One of the items; none if there are none.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.index(items.len());
        items.get(index)
    }

    /// A number from 0 up to, but not including, 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A draw from the standard normal distribution, cut at six deviations.
    ///
    /// Twelve uniform draws are close enough, need no logarithm, and cannot give an outlier that stalls a run.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// FNV-1a. It only has to separate names; the generator does the mixing.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(chance: Chance) -> u64 {
        chance.dice(Purpose::Text).below(1_000_000)
    }

    #[test]
    fn every_part_of_the_identity_counts() {
        let base = draw(Chance::of(1, "ab", "c", "m", 1));
        assert_eq!(base, draw(Chance::of(1, "ab", "c", "m", 1)));
        for other in [
            Chance::of(2, "ab", "c", "m", 1),
            Chance::of(1, "a", "bc", "m", 1),
            Chance::of(1, "ab", "d", "m", 1),
            Chance::of(1, "ab", "c", "n", 1),
            Chance::of(1, "ab", "c", "m", 2),
        ] {
            assert_ne!(base, draw(other), "{other:?}");
        }
    }

    #[test]
    fn draws_stay_the_same_from_release_to_release() {
        let mut dice = Chance::of(7, "code_reviewer", "task-1", "standard", 1).dice(Purpose::Fate);
        let drawn: Vec<u64> = (0..4).map(|_| dice.below(1_000)).collect();
        assert_eq!(drawn, PINNED, "recorded runs would no longer repeat");
    }

    const PINNED: [u64; 4] = [855, 45, 379, 33];

    #[test]
    fn bounds_hold() {
        let mut dice = Chance::of(0, "", "", "", 0).dice(Purpose::Latency);
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.between(9, 3), 9);
        for _ in 0..1_000 {
            assert!((3..=9).contains(&dice.between(3, 9)));
            assert!((0.0..1.0).contains(&dice.unit()));
            assert!(dice.normal().abs() <= 6.0);
        }
    }
}
