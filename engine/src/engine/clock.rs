//! The time of the run, taken from the host's events.

use crate::policy::clock_jump::CLOCK_JUMP_MS;

/// How long after the deadline everything is given up that has not stopped; what is still there is reported as leaked.
const CLEANUP_GRACE_MS: u64 = 30_000;

/// Milliseconds since `opened`, never running backwards, and what is due by them for the whole run.
#[derive(Debug)]
pub(super) struct Clock {
    now: u64,
    /// The time of the last event on the host's clock.
    host_now: u64,
    /// The number from which on events are new.
    next_seq: u64,
    deadline_seconds: u32,
    give_up_at: u64,
}

impl Clock {
    pub(super) fn new(deadline_seconds: u32) -> Self {
        let give_up_at = u64::from(deadline_seconds) * 1_000 + CLEANUP_GRACE_MS;
        Self { now: 0, host_now: 0, next_seq: 0, deadline_seconds, give_up_at }
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }

    pub(super) fn host_now(&self) -> u64 {
        self.host_now
    }

    /// A time of this clock on the host's one.
    pub(super) fn on_host(&self, at: u64) -> u64 {
        self.host_now.saturating_add(at.saturating_sub(self.now))
    }

    /// Notes the number of an event. False: the event was reported before.
    pub(super) fn is_new(&mut self, seq: u64) -> bool {
        let is_new = seq >= self.next_seq;
        if is_new {
            self.next_seq = seq.saturating_add(1);
        }
        is_new
    }

    /// The run begins at this time of the host.
    pub(super) fn open(&mut self, host_now: u64) {
        self.host_now = host_now;
    }

    /// Whether the host's clock would jump to this time, so that `advance` needs to know how long a wait was asked for.
    pub(super) fn jumps_to(&self, host_now: u64) -> bool {
        host_now.saturating_sub(self.host_now) > CLOCK_JUMP_MS
    }

    /// Goes on to this time of the host. No wait lasts much longer than was asked for; what lies beyond that is a jump of
    /// the host's clock. A clock that was set back counts on from where it stands now.
    pub(super) fn advance(&mut self, host_now: u64, asked_until: Option<u64>) {
        let mut passed = host_now.saturating_sub(self.host_now);
        if passed > CLOCK_JUMP_MS {
            let asked = asked_until.map_or(0, |until| until.saturating_sub(self.host_now));
            passed = passed.min(asked.saturating_add(CLOCK_JUMP_MS));
        }
        self.now = self.now.saturating_add(passed);
        self.host_now = host_now;
    }

    pub(super) fn deadline_seconds(&self) -> u32 {
        self.deadline_seconds
    }

    /// When the run is stopped.
    pub(super) fn deadline(&self) -> u64 {
        u64::from(self.deadline_seconds) * 1_000
    }

    /// When everything is given up that has not ended.
    pub(super) fn give_up_at(&self) -> u64 {
        self.give_up_at
    }

    /// The run is being stopped: its sessions get no more than some time to end.
    pub(super) fn stop(&mut self) {
        self.give_up_at = self.give_up_at.min(self.now + CLEANUP_GRACE_MS);
    }
}
