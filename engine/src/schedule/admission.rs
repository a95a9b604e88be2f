//! How many sessions a model is given at once, and how quickly sessions are started.
//!
//! Each model has a limit of its own that halves when host or provider asks for fewer requests and grows by one after a
//! whole round without (additive increase, multiplicative decrease; Chiu and Jain, 1989). Starts are spread out while the
//! host shows that it is pressed.

use std::collections::BTreeMap;

use crate::policy::chance;

/// The first distance between two starts once the host shows signs of pressure, in milliseconds: four in a second.
const FIRST_INTERVAL_MS: u64 = 250;

/// No start is held back for longer than this on average, in milliseconds. Starts two seconds apart cured lost spawns on
/// OpenClaw (openclaw#87537).
const LONGEST_INTERVAL_MS: u64 = 2_000;

/// Sessions that the host has to take without complaint before the distance is halved again.
const SUCCESSES: u32 = 8;

/// A model's own limit.
#[derive(Clone, Copy, Debug)]
struct Lane {
    limit: u32,
    running: u32,
    successes: u32,
    not_before: u64,
    cut_at: u64,
}

/// The limits of all models, and the distance between starts.
#[derive(Debug)]
pub struct Admission {
    ceiling: u32,
    lanes: BTreeMap<String, Lane>,
    least_interval_ms: u64,
    interval_ms: u64,
    successes: u32,
    next_start: u64,
    starts: u64,
    seed: u64,
}

impl Admission {
    /// At most `ceiling` for each model; starts at least `interval_ms` apart on average.
    pub fn new(ceiling: u32, interval_ms: u64, seed: u64) -> Self {
        Self {
            ceiling: ceiling.max(1),
            lanes: BTreeMap::new(),
            least_interval_ms: interval_ms,
            interval_ms,
            successes: 0,
            next_start: 0,
            starts: 0,
            seed,
        }
    }

    /// Whether a session may be started at all now.
    pub fn may_start(&self, now: u64) -> bool {
        now >= self.next_start
    }

    /// Whether this model takes one more now.
    pub fn has_room(&self, model: &str, now: u64) -> bool {
        self.lanes.get(model).is_none_or(|lane| lane.running < lane.limit && now >= lane.not_before)
    }

    /// When asking again is worth it by the clock alone.
    pub fn wake_at(&self, now: u64) -> Option<u64> {
        let lanes = self.lanes.values().map(|lane| lane.not_before);
        lanes.chain([self.next_start]).filter(|at| *at > now).min()
    }

    /// A session is asked for.
    pub fn started(&mut self, model: &str, now: u64) {
        self.lane(model).running += 1;
        if self.interval_ms > 0 {
            // Half of it is fixed and half of it drawn twice over, so that the mean is the interval.
            let drawn = chance::draw(self.seed, "start", self.starts, self.interval_ms);
            self.next_start = now.saturating_add(self.interval_ms / 2).saturating_add(drawn);
        }
        self.starts += 1;
    }

    /// A session is over, or never came to be.
    pub fn over(&mut self, model: &str) {
        let lane = self.lane(model);
        lane.running = lane.running.saturating_sub(1);
    }

    /// A session of this model ended well: after a whole round of them one more is tried.
    pub fn went_well(&mut self, model: &str) {
        let ceiling = self.ceiling;
        let lane = self.lane(model);
        lane.successes += 1;
        if lane.successes >= lane.limit && lane.limit < ceiling {
            lane.limit += 1;
            lane.successes = 0;
        }
    }

    /// Fewer requests are asked for. Sessions that were started together and are refused together halve the limit once.
    pub fn rate_limited(&mut self, model: &str, started_at: u64, now: u64, retry_after_ms: Option<u64>) {
        let lane = self.lane(model);
        if started_at >= lane.cut_at {
            lane.limit = (lane.limit.min(lane.running.saturating_add(1)) / 2).max(1);
            lane.cut_at = now.max(1);
        }
        lane.successes = 0;
        lane.not_before = lane.not_before.max(now.saturating_add(retry_after_ms.unwrap_or(0)));
    }

    /// The host is pressed: starts are spread out.
    pub fn pressed(&mut self) {
        self.interval_ms =
            (self.interval_ms * 2).clamp(FIRST_INTERVAL_MS, LONGEST_INTERVAL_MS.max(self.least_interval_ms));
        self.successes = 0;
    }

    /// The host took a session without complaint.
    pub fn taken(&mut self) {
        self.successes += 1;
        if self.successes >= SUCCESSES && self.interval_ms > self.least_interval_ms {
            self.successes = 0;
            let halved = self.interval_ms / 2;
            let relaxed = if halved < FIRST_INTERVAL_MS { 0 } else { halved };
            self.interval_ms = relaxed.max(self.least_interval_ms);
        }
    }

    fn lane(&mut self, model: &str) -> &mut Lane {
        let limit = self.ceiling;
        let fresh = Lane { limit, running: 0, successes: 0, not_before: 0, cut_at: 0 };
        self.lanes.entry(model.to_owned()).or_insert(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_halves_once_for_a_burst_and_grows_back_by_one() {
        let mut admission = Admission::new(8, 0, 1);
        (0..8).for_each(|_| admission.started("m", 0));
        for _ in 0..8 {
            admission.over("m");
            admission.rate_limited("m", 0, 1_000, Some(5_000));
        }
        assert!(!admission.has_room("m", 5_999) && admission.has_room("m", 6_000) && admission.has_room("other", 0));
        assert_eq!(admission.wake_at(1_000), Some(6_000));
        let room = |admission: &mut Admission| {
            let before = admission.lane("m").running;
            let mut count = 0;
            while admission.has_room("m", 9_000) {
                admission.started("m", 9_000);
                count += 1;
            }
            admission.lane("m").running = before;
            count
        };
        assert_eq!(room(&mut admission), 4, "half of the eight that ran");
        (0..4).for_each(|_| admission.went_well("m"));
        assert_eq!(room(&mut admission), 5);
        admission.rate_limited("m", 9_000, 9_000, None);
        assert_eq!(room(&mut admission), 1, "half of the one that would have run");
    }

    #[test]
    fn starts_are_spread_out_while_the_host_is_pressed() {
        let mut admission = Admission::new(8, 0, 1);
        admission.started("m", 0);
        assert!(admission.may_start(0), "nothing is held back without a reason");
        admission.pressed();
        admission.started("m", 1_000);
        let next = admission.wake_at(1_000).expect("a time");
        assert!((1_125..=1_375).contains(&next), "{next}");
        (0..10).for_each(|_| admission.pressed());
        assert_eq!(admission.interval_ms, LONGEST_INTERVAL_MS);
        (0..SUCCESSES * 4).for_each(|_| admission.taken());
        assert_eq!(admission.interval_ms, 0);
        for least in [600, 1_500] {
            let mut admission = Admission::new(8, least, 1);
            admission.pressed();
            (0..SUCCESSES * 8).for_each(|_| admission.taken());
            assert_eq!(admission.interval_ms, least, "never faster than the caller allowed");
        }
    }
}
