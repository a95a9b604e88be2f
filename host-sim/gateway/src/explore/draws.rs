//! Chance for random runs.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A repeatable sequence of draws.
#[derive(Clone, Debug)]
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A sequence of its own, so that more draws in one part of a run do not change another part.
    pub(super) fn branch(&mut self) -> Self {
        Self::new(self.0.next_u64())
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = u128::from(high.saturating_sub(low)) + 1;
        // Multiply and shift: the bias is far below what anybody could notice.
        low + ((u128::from(self.0.next_u64()) * span) >> 64) as u64
    }

    /// Whether something happens that happens `per_cent` times in a hundred.
    pub(super) fn happens(&mut self, per_cent: u64) -> bool {
        self.between(0, 99) < per_cent
    }

    /// One of the items, of which there has to be one.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.between(0, items.len() as u64 - 1) as usize]
    }
}
