//! How often a call to the host is made again, and how long its answer is waited for.

/// Calls for one purpose, the first one included.
pub const MAX_TRIES: u32 = 5;

/// How long the answer to one call is waited for, in milliseconds.
pub const ANSWER_TIMEOUT_MS: u64 = 10_000;

/// The pause in milliseconds before try `tries + 1`, or None after the last one: 0.5 s, 1 s, 2 s, 4 s. OpenClaw's "still
/// active; try again" is over within a second.
pub fn pause_after(tries: u32) -> Option<u64> {
    (tries < MAX_TRIES).then(|| 500_u64 << tries.saturating_sub(1).min(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let pauses: Vec<Option<u64>> = (1..=MAX_TRIES).map(pause_after).collect();
        assert_eq!(pauses, [Some(500), Some(1_000), Some(2_000), Some(4_000), None]);
    }
}
