//! How far the clock that the host shows is from its own. What happens goes by the host's own clock.

/// An hour, in milliseconds: by this much a clock jumps.
const JUMP_MS: i64 = 3_600_000;

/// How far the shown clock is from the gateway's own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClockSkew {
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

impl ClockSkew {
    /// Sets the clock wrong from now on, by [`JUMP_MS`] or by as much as has passed since it was last read.
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

    /// The time that the clock shows, in milliseconds. Only a jump may set it back.
    pub(super) fn show(&mut self, now_ms: u64) -> u64 {
        let told = now_ms.saturating_add_signed(self.ahead_ms);
        self.last_told = told;
        told
    }

    /// When it shows `told_ms`, on the gateway's own clock.
    pub(super) fn when(&self, told_ms: u64) -> u64 {
        told_ms.saturating_add_signed(self.ahead_ms.saturating_neg())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_add_up_and_the_clock_never_shows_less_than_nothing() {
        let mut clock = ClockSkew::default();
        assert_eq!((clock.show(5_000), clock.show(5_200)), (5_000, 5_200));
        clock.jump(5_000, Jump::Backwards);
        assert_eq!((clock.show(5_000), clock.show(5_010), clock.when(10)), (0, 10, 5_010));
        clock.jump(6_000, Jump::Still);
        assert_eq!(clock.show(6_000), 10);
        clock.jump(6_000, Jump::Forwards);
        assert_eq!((clock.show(6_000), clock.when(3_600_010)), (3_600_010, 6_000));
    }
}
