//! Whoever wants to see what is said during a call.

use std::sync::{Arc, Mutex, PoisonError};

use parallel_agents_engine::host::{Command, Event};

use crate::ledger::Ledger;
use crate::outside::{Next, Outside};
use crate::trace::Trace;

/// Sees every command and every event as it passes; changes nothing.
pub trait Watcher: Send {
    /// The component asked for something at `at_ms`.
    fn command(&mut self, at_ms: u64, command: &Command);

    /// The component is told something.
    fn event(&mut self, event: &Event);
}

/// A watcher that somebody else wants to ask afterwards.
impl<W: Watcher> Watcher for Arc<Mutex<W>> {
    fn command(&mut self, at_ms: u64, command: &Command) {
        self.lock().unwrap_or_else(PoisonError::into_inner).command(at_ms, command);
    }

    fn event(&mut self, event: &Event) {
        self.lock().unwrap_or_else(PoisonError::into_inner).event(event);
    }
}

/// An outside with watchers.
pub struct Watched {
    outside: Box<dyn Outside>,
    watchers: Vec<Box<dyn Watcher>>,
}

impl Watched {
    /// An outside that nobody watches yet.
    pub fn new(outside: impl Outside) -> Self {
        Self { outside: Box::new(outside), watchers: Vec::new() }
    }

    /// The same with one more watcher; they are told in this order.
    #[must_use]
    pub fn by(mut self, watcher: impl Watcher + 'static) -> Self {
        self.watchers.push(Box::new(watcher));
        self
    }
}

impl Outside for Watched {
    fn perform(&mut self, command: Command) {
        for watcher in &mut self.watchers {
            watcher.command(self.outside.now_ms(), &command);
        }
        self.outside.perform(command);
    }

    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next {
        let next = self.outside.poll(now_ms, until_ms);
        if let Next::Event(event) = &next {
            for watcher in &mut self.watchers {
                watcher.event(event);
            }
        }
        next
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        self.outside.append(lines)
    }

    fn waiting(&mut self, until_ms: Option<u64>) {
        self.outside.waiting(until_ms);
    }

    fn now_ms(&self) -> u64 {
        self.outside.now_ms()
    }

    fn ask_to_stop(&mut self, now_ms: u64, reason: String) {
        self.outside.ask_to_stop(now_ms, reason);
    }

    fn close(&mut self, came_back: bool) {
        self.outside.close(came_back);
    }

    fn width(&self) -> Option<u32> {
        self.outside.width()
    }

    fn ledger(&self) -> &Ledger {
        self.outside.ledger()
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        self.outside.ledger_mut()
    }

    fn trace(&self) -> &Trace {
        self.outside.trace()
    }
}
