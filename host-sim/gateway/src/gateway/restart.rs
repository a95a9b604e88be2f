//! What a host finds when it comes back, and the next call on the same gateway.

use super::crash::Restart;
use super::event_queue::{Due, EventQueue};
use super::lane::Lane;
use super::state::Gateway;

impl Gateway {
    /// Readies the gateway for the next call: its sessions are there, with a fresh count of events.
    pub(crate) fn begin_again(&mut self) {
        self.event_queue = EventQueue::default();
        self.outbox.clear();
        self.time.begin_again();
    }

    /// Readies the gateway, after a call was cut off, for the one that resumes it.
    pub(crate) fn restart(&mut self, restart: Restart) {
        let future = std::mem::take(&mut self.event_queue);
        for (at_ms, draw, due) in future.into_items() {
            match due {
                Due::Request(command) if restart == Restart::Caller => self.answer(command),
                Due::Request(_) | Due::Tell { .. } => {}
                due => self.event_queue.enter(at_ms, draw, due),
            }
        }
        if restart == Restart::Gateway {
            self.lane = Lane::new(self.profile().max_concurrent);
        }
        self.sessions.lose_caller();
        if restart == Restart::Gateway {
            for key in self.sessions.live_keys() {
                self.interrupt(&key);
            }
        }
        self.outbox.clear();
        for (task, reason) in std::mem::take(&mut self.stops_told) {
            self.request_stop_at(self.time.now_ms(), task, reason);
        }
        self.journal.mend();
        self.calls.begin_again();
        self.time.begin_again();
    }
}
