//! Who answers a call's commands: the simulated gateway here, a model server in another crate.

use parallel_agents_engine::host::{Command, Event, JournalError};

use crate::truth::Truth;

/// What a host answers when it is asked for the next event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<E = Event> {
    /// The event that is told next.
    Event(E),
    /// Nothing can happen before this time by itself, in milliseconds on the host's clock. Ask again then, or when the
    /// clock's bell rings.
    SleepUntil(u64),
    /// Nothing will ever happen; one sentence says what the caller did to get here. Asking again does not help.
    Stuck(String),
}

/// An event, and what its host knows about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// As the call is told it.
    pub event: Event,
    /// The real time of the host, which its clock may not show.
    pub real_ms: u64,
    /// Nothing happened; it is told all the same.
    pub is_extra: bool,
}

/// Where a journal goes as it is written.
pub type JournalSink = Box<dyn FnMut(&str) -> Result<(), JournalError> + Send>;

/// Carries out commands and has events for them.
///
/// It never waits: it says until when nothing can happen, and whoever drives it waits for that time.
pub trait SessionHost: Send {
    /// Takes a command; what comes of it is told later. False: it was lost before anybody heard it.
    fn perform(&mut self, command: Command) -> bool;

    /// The next event at `now_ms`, or until when there is none. With `until_ms` it is `timer-fired` at that time.
    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next<Delivery>;

    /// Adds whole lines to the journal of the call.
    ///
    /// # Errors
    /// It keeps none, or they could not be written.
    fn append(&mut self, lines: &str) -> Result<(), JournalError>;

    /// The time on its clock, in milliseconds.
    fn now_ms(&self) -> u64;

    /// The time at which it opened.
    fn opened_ms(&self) -> u64;

    /// Asks the call at `now_ms` to stop the whole run.
    fn ask_to_stop(&mut self, now_ms: u64, reason: String);

    /// Ends the call, which came back or broke off: stops whatever is still alive.
    fn close(&mut self, came_back: bool);

    /// Sessions that it says it runs at once. None: it does not say.
    fn width(&self) -> Option<u32>;

    /// Whether the call was cut off here, so that nobody hears what it comes back with.
    fn is_cut_off(&self) -> bool {
        false
    }

    /// What has become true since it was last asked, in order.
    fn take_truths(&mut self) -> Vec<Truth>;
}

impl SessionHost for Box<dyn SessionHost> {
    fn perform(&mut self, command: Command) -> bool {
        (**self).perform(command)
    }

    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next<Delivery> {
        (**self).poll(now_ms, until_ms)
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        (**self).append(lines)
    }

    fn now_ms(&self) -> u64 {
        (**self).now_ms()
    }

    fn opened_ms(&self) -> u64 {
        (**self).opened_ms()
    }

    fn ask_to_stop(&mut self, now_ms: u64, reason: String) {
        (**self).ask_to_stop(now_ms, reason);
    }

    fn close(&mut self, came_back: bool) {
        (**self).close(came_back);
    }

    fn width(&self) -> Option<u32> {
        (**self).width()
    }

    fn is_cut_off(&self) -> bool {
        (**self).is_cut_off()
    }

    fn take_truths(&mut self) -> Vec<Truth> {
        (**self).take_truths()
    }
}
