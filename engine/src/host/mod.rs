//! What the engine and its host say to each other: requests go out, events come in.
//!
//! These types mirror `wit/sessions.wit`, `wit/events.wit` and `wit/journal.wit`, where each field is documented; `boundary::convert` is the
//! only place that knows both. They exist so that the engine compiles and is tested without WebAssembly. Nothing in this
//! module decides anything.

mod bounds;
mod events;
mod journal;
mod sessions;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{RequestId, SessionKey};
use crate::problem::CallError;

pub use bounds::{MAX_TEXT_BYTES, bounded};
pub use events::{
    Completion, Event, EventKind, FailureKind, HostFacts, ItemResult, OperatorLimits, Progress, SessionEnd,
    SessionOutcome,
};
pub use journal::JournalError;
pub use sessions::{
    AnswerForm, FinishReason, HistoryPage, HistoryQuery, HostError, ListFilter, Message, MessageRole, Receipt, Reply,
    SessionPage, SessionRow, SessionState, SpawnOptions, ToolUse,
};

/// What the engine wants done. Carrying it out never fails: the answer is an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Spawn a sub-session.
    Spawn(RequestId, Arc<SpawnOptions>),
    /// Read a page of the host's list of sessions.
    List(RequestId, ListFilter),
    /// Read a transcript.
    History(RequestId, HistoryQuery),
    /// Stop a session.
    Cancel(RequestId, SessionKey),
    /// Attach to a session of this run whose receipt this call does not have. The digests in journals are of its first name.
    #[serde(rename = "Watch")]
    Attach(RequestId, SessionKey),
    /// Delete a session.
    Delete(RequestId, SessionKey),
    /// Show that the status of a task has changed.
    Progress(Progress),
    /// Hand over what became of an item, which is kept nowhere else.
    Item(ItemResult),
}

impl Command {
    /// The request that it makes, if it is answered.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Spawn(request, _)
            | Self::List(request, _)
            | Self::History(request, _)
            | Self::Cancel(request, _)
            | Self::Attach(request, _)
            | Self::Delete(request, _) => Some(*request),
            Self::Progress(_) | Self::Item(_) => None,
        }
    }
}

/// A host, as the driver sees it: carries out commands at once and waits for the next event.
///
/// The wasm boundary implements it over the WIT imports, `host-sim` over its backends.
pub trait Host {
    /// Hands a command over; must not wait.
    fn perform(&mut self, command: Command);

    /// Waits for the next event, at most until `until_ms` on the host's clock. An error ends the call.
    fn next_event(&mut self, until_ms: Option<u64>) -> impl Future<Output = Result<Event, CallError>>;

    /// Adds lines to the call's journal. Only hosts whose facts say `keeps_journal` are asked to.
    fn append(&mut self, _lines: &str) -> Result<(), JournalError> {
        Ok(())
    }
}

impl<H: Host> Host for &mut H {
    fn perform(&mut self, command: Command) {
        (**self).perform(command);
    }

    fn next_event(&mut self, until_ms: Option<u64>) -> impl Future<Output = Result<Event, CallError>> {
        (**self).next_event(until_ms)
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        (**self).append(lines)
    }
}
