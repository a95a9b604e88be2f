//! Room for sessions: taken with the spawn call, given back when the session is known to be over.

/// Counts sessions against the caps of the request and of the host.
#[derive(Debug)]
pub struct Slots {
    ceiling: u32,
    cap: u32,
    taken: u32,
    peak: u32,
    /// Taken by sessions that may be alive although nobody waits for them any more.
    lost: u32,
    /// Sessions that ended since the host was last full.
    successes: u32,
}

impl Slots {
    /// Room for `ceiling` sessions; at least one.
    pub fn new(ceiling: u32) -> Self {
        let ceiling = ceiling.max(1);
        Self { ceiling, cap: ceiling, taken: 0, peak: 0, lost: 0, successes: 0 }
    }

    /// From now on there is room for so many; what is taken stays.
    pub fn resize(&mut self, ceiling: u32) {
        self.ceiling = ceiling.max(1);
        self.cap = self.cap.min(self.ceiling);
    }

    /// Whether another session may be spawned.
    pub fn has_room(&self) -> bool {
        self.taken < self.cap
    }

    /// Takes a slot. Counted at the call and not at its answer: a host that answers slowly cannot be overrun.
    pub fn take(&mut self) {
        self.taken += 1;
        self.peak = self.peak.max(self.taken);
    }

    /// A session is over. After as many of them as there is room for, one more is tried again on a host that was full.
    pub fn give_back(&mut self) {
        self.taken = self.taken.saturating_sub(1);
        self.successes += 1;
        if self.successes >= self.cap && self.cap < self.ceiling {
            self.cap += 1;
            self.successes = 0;
        }
    }

    /// The session that was just asked for does not come to be; that says nothing about room.
    pub fn put_back(&mut self) {
        self.taken = self.taken.saturating_sub(1);
    }

    /// The host refused the session that was just asked for: what is alive besides it is all there is room for.
    pub fn host_is_full(&mut self) {
        self.taken = self.taken.saturating_sub(1);
        self.cap = self.beside_lost(self.taken);
        self.successes = 0;
    }

    /// A session would not stop. Its slot stays taken, since the cap is a promise about sessions and not about tasks.
    pub fn lose(&mut self) {
        self.lost += 1;
        self.cap = self.beside_lost(self.cap);
    }

    /// A cap with a place beside the sessions that would not stop: a host that was full may have room again, and only one more
    /// session finds that out.
    fn beside_lost(&self, cap: u32) -> u32 {
        cap.max(self.lost.saturating_add(1)).min(self.ceiling)
    }

    /// A session that would not stop is over after all.
    pub fn regain(&mut self) {
        self.lost = self.lost.saturating_sub(1);
        self.give_back();
    }

    /// Whether sessions that would not stop hold all the room there is.
    pub fn all_lost(&self) -> bool {
        !self.has_room() && self.taken == self.lost
    }

    /// Sessions that a task waits for.
    pub fn in_use(&self) -> u32 {
        self.taken.saturating_sub(self.lost)
    }

    /// The most that were alive at once.
    pub fn peak(&self) -> u32 {
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_ceiling() {
        let mut slots = Slots::new(2);
        slots.take();
        slots.take();
        assert!(!slots.has_room());
        for _ in 0..10 {
            slots.give_back();
            slots.take();
        }
        assert_eq!((slots.has_room(), slots.peak(), slots.in_use()), (false, 2, 2));
    }

    #[test]
    fn a_full_host_is_asked_for_less_and_slowly_for_more_again() {
        let mut slots = Slots::new(4);
        (0..4).for_each(|_| slots.take());
        slots.host_is_full();
        slots.host_is_full();
        assert_eq!((slots.in_use(), slots.has_room()), (2, false));
        slots.give_back();
        slots.take();
        assert!(!slots.has_room(), "one end makes room for one start");
        slots.give_back();
        slots.take();
        assert!(slots.has_room(), "after a whole round one more is tried");
    }

    #[test]
    fn a_session_that_would_not_stop_keeps_its_slot() {
        let mut slots = Slots::new(1);
        slots.take();
        slots.lose();
        assert_eq!((slots.has_room(), slots.all_lost(), slots.in_use()), (false, true, 0));
        slots.regain();
        assert_eq!((slots.has_room(), slots.all_lost()), (true, false));
    }

    #[test]
    fn lost_sessions_hold_no_more_than_their_own_room_of_a_host_that_was_full() {
        let mut slots = Slots::new(10);
        (0..2).for_each(|_| slots.take());
        slots.host_is_full();
        slots.lose();
        assert_eq!((slots.has_room(), slots.all_lost()), (true, false));
        slots.take();
        slots.host_is_full();
        assert_eq!((slots.has_room(), slots.all_lost()), (true, false));
    }

    #[test]
    fn one_session_is_always_allowed() {
        let mut slots = Slots::new(0);
        slots.take();
        slots.host_is_full();
        assert!(slots.has_room());
    }
}
