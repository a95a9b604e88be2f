//! What is going to happen, and in which order.
//!
//! One ordered map and nothing else: two things that fall into the same millisecond are ordered by a number that the
//! gateway draws from its seed, so that no engine sees an order that another one would not.

use std::collections::BTreeMap;

use parallel_agents_engine::host::{Command, EventKind};
use parallel_agents_engine::ids::{SessionKey, TaskId};

use super::faults::plan::SessionFault;

/// Something that is due at some time.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A request reaches the gateway and is answered.
    Request(Command),
    /// A session asks for a free place in the lane.
    Queue(SessionKey),
    /// The model of a session is done.
    Finish(SessionKey),
    /// The host's own time limit for a session.
    TimeLimit(SessionKey),
    /// Something happens to a session.
    SessionFault(SessionKey, SessionFault),
    /// Something is told later than it happened.
    Tell {
        what: Box<EventKind>,
        /// Nothing happened; it is told all the same.
        is_extra: bool,
    },
    /// Somebody wants the work stopped.
    StopRequest {
        /// None: the whole run.
        task: Option<TaskId>,
        /// For the report.
        reason: String,
    },
    /// Whoever called is gone.
    CallerGone,
}

/// Time, then the drawn number, then the order of entry for the case that two draws are equal.
type Place = (u64, u64, u64);

/// What is to happen, in the order in which it becomes due.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    items: BTreeMap<Place, Due>,
    entered: u64,
}

impl EventQueue {
    /// Enters something for `at_ms`; `draw` orders it among what is due in the same millisecond.
    pub(super) fn enter(&mut self, at_ms: u64, draw: u64, due: Due) {
        self.items.insert((at_ms, draw, self.entered), due);
        self.entered += 1;
    }

    /// Strikes out what was to happen to a session.
    pub(super) fn forget(&mut self, session: &SessionKey) {
        self.items.retain(|_, due| match due {
            Due::Queue(key) | Due::Finish(key) | Due::TimeLimit(key) | Due::SessionFault(key, _) => key != session,
            Due::Request(_) | Due::StopRequest { .. } | Due::CallerGone | Due::Tell { .. } => true,
        });
    }

    /// Strikes out what was asked and not yet looked at.
    pub(super) fn forget_requests(&mut self) {
        self.items.retain(|_, due| !matches!(due, Due::Request(_) | Due::StopRequest { .. }));
    }

    /// Everything that is entered, in order.
    pub(super) fn into_items(self) -> impl Iterator<Item = (u64, u64, Due)> {
        self.items.into_iter().map(|((at_ms, draw, _), due)| (at_ms, draw, due))
    }

    /// When the next thing is due. None: nothing is going to happen by itself.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.items.first_key_value().map(|((at_ms, _, _), _)| *at_ms)
    }

    /// Takes the next thing that is due at `now_ms` or before.
    pub(super) fn take_due(&mut self, now_ms: u64) -> Option<Due> {
        let first = self.items.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(name: &str) -> Due {
        Due::Finish(SessionKey::new(name))
    }

    fn order(event_queue: &mut EventQueue, now_ms: u64) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(Due::Finish(key)) = event_queue.take_due(now_ms) {
            names.push(key.to_string());
        }
        names
    }

    #[test]
    fn time_comes_first_then_the_draw_then_the_order_of_entry() {
        let mut event_queue = EventQueue::default();
        event_queue.enter(20, 0, finish("late"));
        event_queue.enter(10, 7, finish("second"));
        event_queue.enter(10, 3, finish("first"));
        event_queue.enter(10, 7, finish("third"));
        assert_eq!(event_queue.next_at(), Some(10));
        assert_eq!(order(&mut event_queue, 20), ["first", "second", "third", "late"]);
    }

    #[test]
    fn what_concerns_a_session_can_be_struck_out() {
        let mut event_queue = EventQueue::default();
        event_queue.enter(10, 0, finish("a"));
        event_queue.enter(20, 0, finish("b"));
        event_queue.forget(&SessionKey::new("a"));
        assert_eq!(order(&mut event_queue, 30), ["b"]);
    }

    #[test]
    fn nothing_is_taken_before_its_time() {
        let mut event_queue = EventQueue::default();
        event_queue.enter(10, 0, finish("a"));
        assert!(event_queue.take_due(9).is_none());
        assert!(event_queue.take_due(10).is_some());
        assert_eq!(event_queue.next_at(), None);
    }
}
