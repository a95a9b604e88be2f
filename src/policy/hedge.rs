//! When a session takes so long that a second one is worth its price.

/// Sessions of an agent type that have to have ended well before their times say anything.
const ENOUGH: usize = 5;

/// Of a hundred tasks, how many may have a second session ("The Tail at Scale", CACM 2013, pays about that).
const PERCENT: usize = 5;

/// Hedges that a run of this many tasks may start: 5 %, rounded down.
pub fn allowance(tasks: usize) -> u32 {
    u32::try_from(tasks * PERCENT / 100).unwrap_or(u32::MAX)
}

/// The time, in milliseconds, after which a session counts as late: the 95th percentile of those that ended well.
pub fn late_after_ms(durations: &[u64]) -> Option<u64> {
    if durations.len() < ENOUGH {
        return None;
    }
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    // Nearest rank.
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twentieth_of_the_tasks_and_the_95th_percentile() {
        assert_eq!([19, 20, 100, 200].map(allowance), [0, 1, 5, 10]);
        assert_eq!(late_after_ms(&[1, 2, 3, 4]), None);
        assert_eq!(late_after_ms(&[5, 1, 4, 2, 3]), Some(5));
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(late_after_ms(&hundred), Some(95));
    }
}
