//! What a call can know of the time.
//!
//! A host's clock may be set on, set back or stand still, and its events are all that a call has to go by. So a call is held to
//! what they tell: between two events the difference that they show; nothing where the clock was set back; and of a wait that
//! seems to have lasted far longer than was asked for, what was asked for and [`SPARE_MS`] more. Every rule about time is held
//! against this reading, so that a clock that jumps switches none of them off. Where only the host's real time would break
//! one, that is counted as [`super::Excuse::ClockJumped`].

/// By so much a wait may last longer than was asked for before the rest counts as a clock that was set on, in milliseconds.
const SPARE_MS: u64 = 10_000;

/// The time of one call, in milliseconds since it opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KnownTime {
    known_ms: u64,
    real_ms: u64,
    /// What passed for the call and not in reality.
    gained_ms: u64,
    /// By so much less may have passed for a call that went on after a cut.
    doubt_ms: u64,
    /// What the last event told beyond the time until which the call wanted to wait.
    overshoot_ms: u64,
    /// What the real clock showed last.
    real_at: u64,
    /// After the last two events. None: there were none.
    last: Option<Reading>,
    before: Option<Reading>,
    /// After the last two events before a cut, while the call catches up.
    cut: [Option<Reading>; 2],
}

/// Where the time stood after an event.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// Since the call opened; after a cut, the least that can be meant.
    known_ms: u64,
    /// On the host's clock.
    told_ms: u64,
    /// Until when the call then wanted to wait, on the host's clock.
    until_ms: Option<u64>,
}

impl Reading {
    /// What passes for the call from here to a time on the host's clock.
    fn until(self, told_ms: u64) -> u64 {
        let passed = told_ms.saturating_sub(self.told_ms);
        if passed <= SPARE_MS {
            return passed;
        }
        let asked = self.until_ms.map_or(0, |until| until.saturating_sub(self.told_ms));
        passed.min(asked.saturating_add(SPARE_MS))
    }
}

impl KnownTime {
    /// The call waits until a time on the host's clock.
    pub(super) fn waits(&mut self, until_ms: Option<u64>) {
        if let Some(last) = &mut self.last {
            last.until_ms = until_ms;
        }
    }

    /// An event tells the time `told_ms`, and really it is `real_ms`.
    pub(super) fn tell(&mut self, told_ms: u64, real_ms: u64) {
        let (mut passed, mut least) = (0, 0);
        if let Some(last) = self.last {
            passed = last.until(told_ms);
            let asked = last.until_ms.map_or(u64::MAX, |until| until.saturating_sub(last.told_ms));
            self.overshoot_ms = passed.saturating_sub(asked);
            let really = real_ms.saturating_sub(self.real_at);
            self.real_ms = self.real_ms.saturating_add(really);
            self.gained_ms = self.gained_ms.saturating_add(passed.saturating_sub(really));
            least = self.least_ms().saturating_add(passed);
        }
        // What the host told while the call caught up may have been told to it in one event.
        for cut in self.cut.into_iter().flatten() {
            least = least.min(cut.known_ms.saturating_add(cut.until(told_ms)));
        }
        self.known_ms = self.known_ms.saturating_add(passed);
        self.doubt_ms = self.known_ms.saturating_sub(least);
        self.real_at = real_ms;
        self.before = self.last.replace(Reading { known_ms: least, told_ms, until_ms: None });
    }

    /// The call was cut off and goes on. Its journal ends with the last event, or with the one before.
    pub(super) fn goes_on(&mut self) {
        self.cut = [self.before, self.last];
    }

    /// The call has caught up with what happened before it went on.
    pub(super) fn has_caught_up(&mut self) {
        self.cut = [None; 2];
    }

    /// The least that may have passed for the call since it opened: less than [`Self::known_ms`] only after a cut.
    pub(super) fn least_ms(&self) -> u64 {
        self.known_ms.saturating_sub(self.doubt_ms)
    }

    /// Since the call opened, as far as it can know.
    pub(super) fn known_ms(&self) -> u64 {
        self.known_ms
    }

    /// Since the call opened, in reality.
    pub(super) fn real_ms(&self) -> u64 {
        self.real_ms
    }

    /// What passed for the call so far and not in reality: time in which it could not do what it would have done.
    pub(super) fn gained_ms(&self) -> u64 {
        self.gained_ms
    }

    /// What the last event told beyond the time until which the call wanted to wait: it could not have come back before.
    pub(super) fn overshoot_ms(&self) -> u64 {
        self.overshoot_ms
    }

    /// What the host's clock showed last.
    pub(super) fn told_ms(&self) -> u64 {
        self.last.map_or(0, |last| last.told_ms)
    }

    /// A time on the host's clock, in milliseconds since the call opened, as the call can know it at the least.
    pub(super) fn least_at(&self, told_ms: u64) -> u64 {
        self.least_ms().saturating_add(told_ms.saturating_sub(self.told_ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After these events, between which the call waits until a time.
    fn after(waits: Option<u64>, events: &[(u64, u64)]) -> KnownTime {
        let mut time = KnownTime::default();
        for (told, real) in events {
            time.tell(*told, *real);
            time.waits(waits);
        }
        time
    }

    #[test]
    fn a_right_clock_is_believed() {
        let time = after(Some(70_000), &[(5_000, 5_000), (60_000, 60_000)]);
        assert_eq!((time.known_ms(), time.real_ms(), time.gained_ms()), (55_000, 55_000, 0));
        assert_eq!((time.told_ms(), time.least_at(61_000)), (60_000, 56_000));
    }

    #[test]
    fn a_clock_that_is_set_back_hides_what_passed() {
        let time = after(None, &[(5_000, 5_000), (4_000, 9_000), (4_500, 9_500)]);
        assert_eq!((time.known_ms(), time.real_ms(), time.gained_ms()), (500, 4_500, 0));
    }

    #[test]
    fn of_a_clock_that_is_set_on_little_more_counts_than_was_asked_for() {
        let time = after(Some(7_000), &[(5_000, 5_000), (3_605_000, 5_000)]);
        assert_eq!((time.known_ms(), time.gained_ms(), time.overshoot_ms()), (12_000, 12_000, 10_000));
        assert_eq!(after(None, &[(0, 0), (3_600_000, 0)]).known_ms(), 10_000);
    }

    #[test]
    fn what_jumps_while_a_call_catches_up_may_have_passed_or_not() {
        let catches_up = |has_caught_up: bool| {
            let mut time = after(Some(6_000), &[(4_000, 4_000), (5_000, 5_000)]);
            time.goes_on();
            time.tell(3_605_000, 5_000);
            if has_caught_up {
                time.has_caught_up();
            }
            // Back again.
            time.tell(5_500, 5_500);
            time.tell(5_600, 5_600);
            (time.known_ms(), time.least_ms())
        };
        assert_eq!(catches_up(false), (12_100, 1_600), "it may have been told of the last event only");
        assert_eq!(catches_up(true), (12_100, 12_100));
    }
}
