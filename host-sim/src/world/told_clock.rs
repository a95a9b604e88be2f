//! What is wrong with the host itself: the clock that it shows, its waits, its imports. What happens goes by the world's own
//! clock.

use super::World;
use crate::script::Fault;

/// An hour, in milliseconds: by this much a clock jumps.
const JUMP_MS: i64 = 3_600_000;

/// How far the shown clock is from the world's own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ToldClock {
    ahead_ms: i64,
    last_told: u64,
}

/// What a clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    Forwards,
    Backwards,
    /// It shows the same time as before.
    Still,
}

impl ToldClock {
    /// Sets it wrong.
    pub(super) fn jump(&mut self, now_ms: u64, jump: Jump) {
        let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
        let ahead = match jump {
            Jump::Forwards => self.ahead_ms.saturating_add(JUMP_MS),
            Jump::Backwards => self.ahead_ms.saturating_sub(JUMP_MS),
            Jump::Still => i64::try_from(self.last_told).unwrap_or(i64::MAX).saturating_sub(now),
        };
        // No clock shows less than nothing.
        self.ahead_ms = ahead.max(now.saturating_neg());
    }

    /// What it shows.
    pub(super) fn show(&mut self, now_ms: u64) -> u64 {
        let told = now_ms.saturating_add_signed(self.ahead_ms);
        self.last_told = told;
        told
    }

    /// When it shows `told_ms`, on the world's own clock.
    pub(super) fn when(&self, told_ms: u64) -> u64 {
        told_ms.saturating_add_signed(self.ahead_ms.saturating_neg())
    }
}

impl World {
    /// Sets the shown clock wrong before an event, if that strikes. The first event tells the time as it is.
    pub(super) fn set_clock(&mut self, event: u64) {
        let per_mille = self.script.faults().clock_jumped;
        if event == 0 || !self.strikes(Fault::ClockJumped, "event", event as u32, per_mille) {
            return;
        }
        let jump = match Fault::ClockJumped.amount(self.seed, &event.to_string(), 3) {
            0 => Jump::Forwards,
            1 => Jump::Backwards,
            _ => Jump::Still,
        };
        self.clock.jump(self.now_ms, jump);
    }

    /// Whether the next wait ends before its time. Never twice in a row, so that there is an end.
    pub(super) fn wakes_early(&mut self) -> bool {
        let (nth, per_mille) = (self.next_seq as u32, self.script.faults().early_wake);
        !self.woke_early && self.strikes(Fault::EarlyWake, "wait", nth, per_mille)
    }

    /// Whether an import fails, now or before.
    pub(super) fn traps(&mut self) -> bool {
        let (nth, per_mille) = (self.calls.made as u32, self.script.faults().host_trap);
        self.is_trapped = self.is_trapped || self.strikes(Fault::HostTrap, "call", nth, per_mille);
        self.is_trapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_add_up_and_the_clock_never_shows_less_than_nothing() {
        let mut clock = ToldClock::default();
        assert_eq!((clock.show(5_000), clock.show(5_200)), (5_000, 5_200));
        clock.jump(5_000, Jump::Backwards);
        assert_eq!((clock.show(5_000), clock.show(5_010), clock.when(10)), (0, 10, 5_010));
        clock.jump(6_000, Jump::Still);
        assert_eq!(clock.show(6_000), 10);
        clock.jump(6_000, Jump::Forwards);
        assert_eq!((clock.show(6_000), clock.when(3_600_010)), (3_600_010, 6_000));
    }
}
