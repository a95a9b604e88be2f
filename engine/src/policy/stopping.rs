//! How often and how patiently a session is asked to stop or to go away.

/// Tries for one session.
pub const MAX_TRIES: u32 = 5;

/// How long an answer to one try is waited for.
pub const PATIENCE_MS: u64 = 10_000;

/// The pause before try `tries + 1`, or None when it is enough: 0.5 s, 1 s, 2 s, 4 s. "Still active; try again" is cured
/// within a second on the gateway.
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
