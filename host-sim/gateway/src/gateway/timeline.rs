//! Where a call stands in time, and in the order of its events.

use super::clock_skew::{ClockSkew, Jump};

/// The clock, and the number of the next event.
#[derive(Debug)]
pub(super) struct Timeline {
    now_ms: u64,
    next_seq: u64,
    skew: ClockSkew,
    /// The last event was one that came before its time.
    fired_early: bool,
}

impl Timeline {
    pub(super) fn new(now_ms: u64) -> Self {
        Self { now_ms, next_seq: 0, skew: ClockSkew::default(), fired_early: false }
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The time that is so much later.
    pub(super) fn after(&self, delay_ms: u64) -> u64 {
        self.now_ms.saturating_add(delay_ms)
    }

    /// Moves the clock on; it never goes back.
    pub(super) fn reach(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
    }

    /// Events that were handed out.
    pub(super) fn events(&self) -> u64 {
        self.next_seq
    }

    pub(super) fn begin_again(&mut self) {
        self.next_seq = 0;
    }

    pub(super) fn jump(&mut self, jump: Jump) {
        self.skew.jump(self.now_ms, jump);
    }

    /// When the shown clock shows this, on the host's own.
    pub(super) fn when(&self, told_ms: u64) -> u64 {
        self.skew.when(told_ms)
    }

    /// Counts the next event. Its number.
    pub(super) fn count(&mut self, fired_early: bool) -> u64 {
        let number = self.next_seq;
        self.next_seq += 1;
        self.fired_early = fired_early;
        number
    }

    /// What the clock shows now.
    pub(super) fn shown_ms(&mut self) -> u64 {
        self.skew.show(self.now_ms)
    }

    pub(super) fn fired_early(&self) -> bool {
        self.fired_early
    }
}
