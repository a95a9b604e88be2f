//! What answers the component's imports: a simulated gateway, or a real model server.

use std::any::Any;

use parallel_agents_engine::host::{Command, Event};

use crate::clock::StopSwitch;
use crate::ledger::Ledger;
use crate::trace::Trace;
use crate::world::World;

/// What the outside answers when it is asked for the next event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The event that is told next.
    Event(Event),
    /// Nothing can happen before this time by itself, in milliseconds on the outside's clock. Ask again then, or when the
    /// clock's bell rings.
    SleepUntil(u64),
    /// Nothing will ever happen; one sentence says what the caller did to get here. Asking again does not help.
    Stuck(String),
}

/// Where a journal goes as it is written. An error is one sentence.
pub type JournalSink = Box<dyn FnMut(&str) -> Result<(), String> + Send>;

/// The other side of the component's imports.
///
/// It never waits: it says until when nothing can happen, and whoever drives it waits for that time. It keeps a
/// [`Ledger`] and a [`Trace`] of what it was told and of what it told.
pub trait Outside: Any + Send {
    /// Takes a command. What comes of it is told later.
    fn perform(&mut self, command: Command);

    /// The next event at `now_ms`, or until when there is none. With `until_ms` it is `woke` at that time.
    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next;

    /// Adds whole lines to the journal of the call.
    ///
    /// # Errors
    /// It keeps none, or they could not be written.
    fn append(&mut self, lines: &str) -> Result<(), String>;

    /// Notes that the next event is waited for; called once per wait.
    fn waiting(&mut self, until_ms: Option<u64>);

    /// The time on the outside's clock, in milliseconds.
    fn now_ms(&self) -> u64;

    /// Asks the component at `now_ms` to stop the whole run.
    fn ask_to_stop(&mut self, now_ms: u64, reason: String);

    /// Ends the call: notes whether it came back or broke off, and stops whatever is still alive.
    fn close(&mut self, came_back: bool);

    /// Sessions that it says it runs at once. None: it does not say.
    fn width(&self) -> Option<u32>;

    /// Its own account of the call.
    fn ledger(&self) -> &Ledger;

    /// Its own account, to tell it what the call was allowed.
    fn ledger_mut(&mut self) -> &mut Ledger;

    /// Everything that was said, as text.
    fn trace(&self) -> &Trace;
}

/// Like [`Outside::poll`], after passing on what a switch was thrown for.
pub(crate) fn poll_with_stop(outside: &mut dyn Outside, now_ms: u64, until_ms: Option<u64>, stop: &StopSwitch) -> Next {
    if let Some(reason) = stop.take_reason() {
        outside.ask_to_stop(now_ms, reason);
    }
    outside.poll(now_ms, until_ms)
}

impl Outside for World {
    fn perform(&mut self, command: Command) {
        self.perform(command);
    }

    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next {
        self.poll(now_ms, until_ms)
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        self.append(lines)
    }

    fn waiting(&mut self, until_ms: Option<u64>) {
        self.waiting(until_ms);
    }

    fn now_ms(&self) -> u64 {
        self.now_ms()
    }

    fn ask_to_stop(&mut self, now_ms: u64, reason: String) {
        self.request_stop_at(now_ms.max(self.now_ms()), None, reason);
    }

    fn close(&mut self, came_back: bool) {
        self.close(came_back);
    }

    fn width(&self) -> Option<u32> {
        self.announced_width()
    }

    fn ledger(&self) -> &Ledger {
        self.ledger()
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        self.ledger_mut()
    }

    fn trace(&self) -> &Trace {
        self.trace()
    }
}
