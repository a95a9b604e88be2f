//! When a session takes so long that a second one is worth its price.

/// Sessions of an agent type that have to have ended well before their times say anything.
const ENOUGH: usize = 5;

/// Of a hundred tasks, how many may have a second session ("The Tail at Scale", CACM 2013, pays about that).
const PERCENT: usize = 5;

/// Hedges that a run of this many tasks may start: 5 %, rounded down.
pub fn allowance(tasks: usize) -> u32 {
    u32::try_from(tasks * PERCENT / 100).unwrap_or(u32::MAX)
}

/// How long sessions that ended well took, in milliseconds, shortest first.
#[derive(Clone, Debug, Default)]
pub struct Durations(Vec<u64>);

impl Durations {
    /// One more of them.
    pub fn enter(&mut self, took_ms: u64) {
        let place = self.0.partition_point(|known| *known <= took_ms);
        self.0.insert(place, took_ms);
    }

    /// The time, in milliseconds, after which a session counts as late: the 95th percentile, by nearest rank.
    pub fn late_after_ms(&self) -> Option<u64> {
        let rank = (self.0.len() * 95).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().filter(|_| self.0.len() >= ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twentieth_of_the_tasks_and_the_95th_percentile() {
        assert_eq!([19, 20, 100, 200].map(allowance), [0, 1, 5, 10]);
        let late = |times: &mut dyn Iterator<Item = u64>| {
            let mut durations = Durations::default();
            times.for_each(|took| durations.enter(took));
            durations.late_after_ms()
        };
        assert_eq!(late(&mut [1, 2, 3, 4].into_iter()), None);
        assert_eq!(late(&mut [5, 1, 4, 2, 3].into_iter()), Some(5));
        assert_eq!(late(&mut (1..=100).rev()), Some(95));
    }
}
