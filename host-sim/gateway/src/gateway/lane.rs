//! The lane in which sessions wait for their turn.

use std::collections::VecDeque;

use parallel_agents_engine::ids::SessionKey;

/// Runs a limited number of sessions at once; the others wait, first come, first served.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    width: usize,
    running: usize,
    waiting: VecDeque<SessionKey>,
}

impl Lane {
    /// An empty lane; a width of 0 counts as 1, since nothing could ever run in it.
    pub(super) fn new(width: u32) -> Self {
        Self { width: (width as usize).max(1), running: 0, waiting: VecDeque::new() }
    }

    /// Takes a place if one is free; otherwise the session waits for one.
    pub(super) fn enter(&mut self, session: &SessionKey) -> bool {
        if self.running < self.width {
            self.running += 1;
            return true;
        }
        self.waiting.push_back(session.clone());
        false
    }

    /// Gives a place back. The session that gets it next, if one waits.
    pub(super) fn leave(&mut self) -> Option<SessionKey> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.running = self.running.saturating_sub(1);
        }
        next
    }

    /// Takes a waiting session out of the queue.
    pub(super) fn forget(&mut self, session: &SessionKey) {
        self.waiting.retain(|waiting| waiting != session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_lane_hands_its_places_on_in_order() {
        let key = |name: &str| SessionKey::new(name);
        let mut lane = Lane::new(1);
        assert!(lane.enter(&key("a")));
        assert!(!lane.enter(&key("b")));
        assert!(!lane.enter(&key("c")));
        lane.forget(&key("b"));
        assert_eq!(lane.leave(), Some(key("c")));
        assert_eq!(lane.leave(), None);
        assert!(lane.enter(&key("d")), "the last place came back");
    }
}
