//! When the timers of sessions fire.
//!
//! A session in the host's queue is given up once nothing has moved there for long. Every session that starts or ends is such
//! a move, and so is one that runs, as there may be room for one only. So that a move does not have to touch every session
//! that waits, their alarms are kept as a time from the last move.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::AttemptIndex;

/// When the timer of a session fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alarm {
    /// In the run's time, if nothing moves until then.
    pub(super) at: u64,
    /// Milliseconds from each move. None: moves do not matter to it.
    pub(super) after_move: Option<u64>,
}

/// The alarms of all sessions, one for each at the most.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    by_time: BTreeSet<(u64, AttemptIndex)>,
    /// Those among them that the next move puts off, with time and timeout.
    joined: BTreeMap<AttemptIndex, (u64, u64)>,
    /// Those that a move has put off, by their timeout.
    by_timeout: BTreeSet<(u64, AttemptIndex)>,
    moved_at: u64,
}

impl Alarms {
    /// Sets the alarm of a session that has none.
    pub(super) fn set(&mut self, session: AttemptIndex, alarm: Alarm) {
        self.by_time.insert((alarm.at, session));
        if let Some(timeout) = alarm.after_move {
            self.joined.insert(session, (alarm.at, timeout));
        }
    }

    /// Takes back what was set.
    pub(super) fn clear(&mut self, session: AttemptIndex, alarm: Alarm) {
        self.by_time.remove(&(alarm.at, session));
        if let Some(timeout) = alarm.after_move {
            self.joined.remove(&session);
            self.by_timeout.remove(&(timeout, session));
        }
    }

    /// A session started or ended.
    pub(super) fn moved(&mut self, now: u64) {
        self.moved_at = now;
        while let Some((session, (at, timeout))) = self.joined.pop_first() {
            self.by_time.remove(&(at, session));
            self.by_timeout.insert((timeout, session));
        }
    }

    /// The next alarm.
    pub(super) fn first(&self) -> Option<(u64, AttemptIndex)> {
        let put_off = self.by_timeout.first().map(|(timeout, session)| (self.put_off(*timeout), *session));
        self.by_time.first().copied().into_iter().chain(put_off).min()
    }

    /// Takes the next alarm if its time has come.
    pub(super) fn take_due(&mut self, now: u64) -> Option<AttemptIndex> {
        let (at, session) = self.first().filter(|(at, _)| *at <= now)?;
        if self.by_time.remove(&(at, session)) {
            self.joined.remove(&session);
        } else {
            self.by_timeout.pop_first();
        }
        Some(session)
    }

    fn put_off(&self, timeout: u64) -> u64 {
        self.moved_at.saturating_add(timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUED: Alarm = Alarm { at: 130, after_move: Some(100) };

    fn alarms() -> Alarms {
        let mut alarms = Alarms::default();
        alarms.set(AttemptIndex(0), Alarm { at: 170, after_move: None });
        alarms.set(AttemptIndex(1), QUEUED);
        alarms
    }

    fn order(mut alarms: Alarms) -> Vec<(u64, usize)> {
        let next = || Some((alarms.first()?.0, alarms.take_due(u64::MAX)?.0));
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_move_puts_off_those_that_wait_in_the_queue_and_no_others() {
        assert_eq!(order(alarms()), [(130, 1), (170, 0)]);
        let mut moved = alarms();
        moved.moved(50);
        assert_eq!(moved.first(), Some((150, AttemptIndex(1))));
        moved.moved(90);
        moved.set(AttemptIndex(2), Alarm { at: 180, after_move: Some(100) });
        assert_eq!(order(moved), [(170, 0), (180, 2), (190, 1)]);
    }

    #[test]
    fn nothing_rings_before_its_time_or_once_it_was_taken_back() {
        let mut alarms = alarms();
        assert_eq!(alarms.take_due(129), None);
        alarms.moved(40);
        assert_eq!(alarms.take_due(139), None);
        alarms.clear(AttemptIndex(1), QUEUED);
        assert_eq!(order(alarms), [(170, 0)]);
    }
}
