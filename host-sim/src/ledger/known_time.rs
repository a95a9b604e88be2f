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
    /// What the host's clock and the real one showed last. None: nothing was told yet.
    last: Option<(u64, u64)>,
    /// Until when the call wanted to wait, on the host's clock.
    until_ms: Option<u64>,
}

impl KnownTime {
    /// The call waits until a time on the host's clock.
    pub(super) fn waits(&mut self, until_ms: Option<u64>) {
        self.until_ms = until_ms;
    }

    /// An event tells the time `told_ms`, and really it is `real_ms`.
    pub(super) fn tell(&mut self, told_ms: u64, real_ms: u64) {
        if let Some((told_before, real_before)) = self.last {
            let mut passed = told_ms.saturating_sub(told_before);
            if passed > SPARE_MS {
                let asked = self.until_ms.map_or(0, |until| until.saturating_sub(told_before));
                passed = passed.min(asked.saturating_add(SPARE_MS));
            }
            let really = real_ms.saturating_sub(real_before);
            self.known_ms = self.known_ms.saturating_add(passed);
            self.real_ms = self.real_ms.saturating_add(really);
            self.gained_ms = self.gained_ms.saturating_add(passed.saturating_sub(really));
        }
        self.last = Some((told_ms, real_ms));
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

    /// What the host's clock showed last.
    pub(super) fn told_ms(&self) -> u64 {
        self.last.map_or(0, |(told_ms, _)| told_ms)
    }

    /// A time on the host's clock, in milliseconds since the call opened as it can know it.
    pub(super) fn known_at(&self, told_ms: u64) -> u64 {
        self.known_ms.saturating_add(told_ms.saturating_sub(self.told_ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(waits: Option<u64>, events: &[(u64, u64)]) -> KnownTime {
        let mut time = KnownTime::default();
        time.waits(waits);
        events.iter().for_each(|(told, real)| time.tell(*told, *real));
        time
    }

    #[test]
    fn a_right_clock_is_believed() {
        let time = after(Some(70_000), &[(5_000, 5_000), (60_000, 60_000)]);
        assert_eq!((time.known_ms(), time.real_ms(), time.gained_ms()), (55_000, 55_000, 0));
        assert_eq!((time.told_ms(), time.known_at(61_000)), (60_000, 56_000));
    }

    #[test]
    fn a_clock_that_is_set_back_hides_what_passed() {
        let time = after(None, &[(5_000, 5_000), (4_000, 9_000), (4_500, 9_500)]);
        assert_eq!((time.known_ms(), time.real_ms(), time.gained_ms()), (500, 4_500, 0));
    }

    #[test]
    fn of_a_clock_that_is_set_on_little_more_counts_than_was_asked_for() {
        let time = after(Some(7_000), &[(5_000, 5_000), (3_605_000, 5_000)]);
        assert_eq!((time.known_ms(), time.gained_ms()), (12_000, 12_000));
        assert_eq!(after(None, &[(0, 0), (3_600_000, 0)]).known_ms(), 10_000);
    }
}
