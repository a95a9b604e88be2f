//! Whoever wants to see what is said during a call.

use std::sync::{Arc, Mutex, PoisonError};

use parallel_agents_engine::host::Command;

use crate::host::Delivery;
use crate::truth::Truth;

/// Sees every command, wait, event and truth in the order in which they come; changes nothing.
pub trait Observer: Send {
    /// The call asked for something at `at_ms`.
    fn command(&mut self, _at_ms: u64, _command: &Command) {}

    /// The call waits for the next event.
    fn waits(&mut self, _at_ms: u64, _until_ms: Option<u64>) {}

    /// The call is told something.
    fn event(&mut self, _delivery: &Delivery) {}

    /// Something is so, whatever the call is told.
    fn truth(&mut self, _truth: &Truth) {}

    /// The call is over.
    fn closed(&mut self, _at_ms: u64, _came_back: bool) {}
}

/// An observer that somebody else wants to ask afterwards.
impl<O: Observer> Observer for Arc<Mutex<O>> {
    fn command(&mut self, at_ms: u64, command: &Command) {
        self.lock().unwrap_or_else(PoisonError::into_inner).command(at_ms, command);
    }

    fn waits(&mut self, at_ms: u64, until_ms: Option<u64>) {
        self.lock().unwrap_or_else(PoisonError::into_inner).waits(at_ms, until_ms);
    }

    fn event(&mut self, delivery: &Delivery) {
        self.lock().unwrap_or_else(PoisonError::into_inner).event(delivery);
    }

    fn truth(&mut self, truth: &Truth) {
        self.lock().unwrap_or_else(PoisonError::into_inner).truth(truth);
    }

    fn closed(&mut self, at_ms: u64, came_back: bool) {
        self.lock().unwrap_or_else(PoisonError::into_inner).closed(at_ms, came_back);
    }
}
