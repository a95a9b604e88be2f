//! What a driver of a call needs of whatever answers it: a host under observation.

use std::any::Any;

use parallel_agents_engine::host::{Command, JournalError};

use crate::checker::Checker;
use crate::clock::StopSwitch;
pub use crate::host::{JournalSink, Next};
use crate::trace::Trace;

/// The other side of a call's imports: it carries out commands, has events, and keeps account of both.
pub trait Backend: Any + Send {
    /// Takes a command. What comes of it is told later.
    fn perform(&mut self, command: Command);

    /// The next event at `now_ms`, or until when there is none. With `until_ms` it is `timer-fired` at that time.
    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next;

    /// Adds whole lines to the journal of the call.
    ///
    /// # Errors
    /// It keeps none, or they could not be written.
    fn append(&mut self, lines: &str) -> Result<(), JournalError>;

    /// Notes that the next event is waited for; called once per wait.
    fn waiting(&mut self, until_ms: Option<u64>);

    /// The time on the host's clock, in milliseconds.
    fn now_ms(&self) -> u64;

    /// Asks the call at `now_ms` to stop the whole run.
    fn ask_to_stop(&mut self, now_ms: u64, reason: String);

    /// Ends the call: notes whether it came back or broke off, and stops whatever is still alive.
    fn close(&mut self, came_back: bool);

    /// Sessions that the host says it runs at once. None: it does not say.
    fn width(&self) -> Option<u32>;

    /// Whether the call was cut off here, so that nobody hears what it comes back with.
    fn is_cut_off(&self) -> bool;

    /// The account of the call.
    fn checker(&self) -> &Checker;

    /// The account, to tell it what the call was allowed.
    fn checker_mut(&mut self) -> &mut Checker;

    /// Everything that was said, as text.
    fn trace(&self) -> &Trace;
}

/// Like [`Backend::poll`], after passing on what a switch was thrown for.
pub fn poll_with_stop(backend: &mut dyn Backend, now_ms: u64, until_ms: Option<u64>, stop: &StopSwitch) -> Next {
    if let Some(reason) = stop.take_reason() {
        backend.ask_to_stop(now_ms, reason);
    }
    backend.poll(now_ms, until_ms)
}
