//! The states of a session, its inputs and its effects. The table is at the top of `machine`.

use crate::host::{HistoryPage, HostError, Receipt, SessionEnd};
use crate::session::ending::{Ending, StopReason, Verdict};

/// What can happen to a session.
#[derive(Clone, Debug)]
pub enum Input {
    /// The spawn call was answered, or the search for its session has ended.
    Spawned(Result<Receipt, HostError>),
    /// The host's list has the session; its receipt is asked for.
    Listed,
    /// The session left the host's queue.
    Started,
    /// The host reports its end.
    Ended(SessionEnd),
    /// A page of its transcript was read.
    History(Result<HistoryPage, HostError>),
    /// The cancel call was answered.
    Cancelled(Result<(), HostError>),
    /// The engine wants it to end.
    Stop(StopReason),
    /// The time of `Machine::wake_at` has come.
    TimerFired,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make the spawn call, with the same idempotency key as before.
    Spawn,
    /// Search the host's list for it; `Input::Spawned` brings the outcome.
    Search,
    /// Read a page of its transcript.
    Read {
        /// Messages to skip, counted from the newest.
        offset: u32,
        /// Whether messages of tools are wanted.
        tools: bool,
    },
    /// Make the cancel call.
    Cancel,
    /// The host has no room, or is locked for a moment: the task goes back to the queue as if it had never been taken.
    Requeue(HostError),
    /// The session is over.
    End(Box<Ending>),
}

/// What an input led to. A session wants at most one thing at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The input changes nothing in this state.
    Ignored,
    /// It was taken in; nothing is to be done.
    Taken,
    /// It was taken in, and this is to be done.
    Wants(Effect),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// `asks`: spawn calls so far, all with one key. `doubt`: one of them may have taken effect. `pausing`: the next one is
    /// due when the timer fires; else an answer is owed.
    Spawning {
        asks: u32,
        doubt: bool,
        pausing: bool,
        stop: Option<StopReason>,
    },
    /// A spawn call may have taken effect, and the host's list is searched. `verdict`: if the session is not there.
    Searching {
        verdict: Verdict,
        stop: Option<StopReason>,
    },
    Queued,
    Running,
    /// Its answer is read from the transcript. `pausing`: the next read is due when the timer fires.
    Reading {
        offset: u32,
        pages: u32,
        failures: u32,
        reread: bool,
        pausing: bool,
    },
    /// `pausing`: the next cancel call is due when the timer fires.
    Cancelling {
        reason: StopReason,
        tries: u32,
        pausing: bool,
    },
    /// It no longer runs and has no answer. `reading`: its transcript is read for a partial one; else its end is waited for.
    Closing {
        verdict: Verdict,
        wants_partial: bool,
        reading: bool,
    },
    Ended,
}

/// The limits of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Seconds that it may run, at least 1.
    pub timeout_seconds: u32,
    /// Seconds after its receipt that it may wait in the host's queue while no session of the run moves.
    pub start_timeout_seconds: u32,
    /// Whether the host reports starts. If not, the time of a session counts from its receipt.
    pub starts_reported: bool,
    /// Whether its transcript is read for what its tools did.
    pub tools_wanted: bool,
}
