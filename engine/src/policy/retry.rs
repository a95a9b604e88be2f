//! How long to wait before the same thing is tried again.

use super::chance;

/// The first pause may be as long as this when a request names no other, in milliseconds.
pub const DEFAULT_BASE_MS: u64 = 1_000;

/// No pause is drawn from more than this when a request names no other, in milliseconds.
pub const DEFAULT_MAX_MS: u64 = 60_000;

/// Retries of one task when a request names no number.
pub const DEFAULT_RETRIES: u32 = 1;

/// Sessions of one task that may fail for a rate limit and are tried again without costing a retry: the limit is the
/// provider's request for fewer requests at once, which admission follows, and says nothing about the task.
pub const MAX_RATE_LIMITED: u32 = 3;

/// Sessions of one task that a restart of the host may cut off and that are done again without costing a retry: an
/// interruption is not the task's failure. A host that restarts without end still ends the run.
pub const MAX_INTERRUPTED: u32 = 10;

/// Sessions of one task that a server may turn away because it is not ready, such as one that loads its model, at no cost.
/// With the default pauses that is eight minutes at least, and longer where the server names longer waits.
pub const MAX_NOT_READY: u32 = 20;

/// Times that one task is put back because the host is locked for a moment or limits the rate of spawns, before that
/// counts as a failure. No session came to be, so nothing was spent.
pub const MAX_BUSY: u32 = 6;

/// How long pauses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Bound of the first pause.
    pub base_ms: u64,
    /// Bound of every pause.
    pub max_ms: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base_ms: DEFAULT_BASE_MS, max_ms: DEFAULT_MAX_MS }
    }
}

impl Backoff {
    /// The pause before retry `number` (from 1) of a task: drawn evenly from 0 to a bound that doubles ("full jitter", AWS
    /// Architecture Blog 2015), and never shorter than the host asks for.
    pub fn pause_ms(&self, seed: u64, task: &str, number: u32, retry_after_ms: Option<u64>) -> u64 {
        let doubled = self.base_ms.saturating_mul(1_u64 << number.saturating_sub(1).min(30));
        let drawn = chance::draw(seed, task, u64::from(number), doubled.min(self.max_ms));
        match retry_after_ms {
            // Everybody who was refused comes back at the named time; the draw spreads them out behind it.
            Some(asked) => asked.saturating_add(drawn),
            None => drawn,
        }
    }
}

/// Retries that a whole run may use when the request names no number: a tenth of its tasks (Google SRE's retry ratio), but
/// two at least, so that small runs have any.
pub fn default_budget(tasks: usize) -> u32 {
    u32::try_from(tasks.div_ceil(10)).unwrap_or(u32::MAX).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_are_bounded_and_follow_what_the_host_asks_for() {
        let backoff = Backoff { base_ms: 1_000, max_ms: 5_000 };
        for seed in 0..200 {
            for (number, bound) in [(1, 1_000), (2, 2_000), (3, 4_000), (4, 5_000), (60, 5_000)] {
                assert!(backoff.pause_ms(seed, "task", number, None) <= bound);
                let asked = backoff.pause_ms(seed, "task", number, Some(30_000));
                assert!((30_000..=30_000 + bound).contains(&asked));
            }
        }
        let drawn: std::collections::BTreeSet<u64> =
            (0..50).map(|n| backoff.pause_ms(1, &format!("task-{n}"), 1, None)).collect();
        assert!(drawn.len() > 40, "tasks do not come back together");
    }

    #[test]
    fn a_tenth_but_two_at_least() {
        assert_eq!([1, 20, 21, 200].map(default_budget), [2, 2, 3, 20]);
    }
}
