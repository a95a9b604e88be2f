//! The states of a session, what moves it and what it wants. The table is at the top of `machine`.

use crate::host::{HistoryPage, HostError, Receipt, SessionEnd};
use crate::session::ending::{Ending, StopReason};
use crate::task::{TaskError, TaskStatus};

/// What can happen to a session.
#[derive(Clone, Debug)]
pub enum Input {
    /// The spawn request was answered.
    Spawned(Result<Receipt, HostError>),
    /// The host lists it, and is asked for its receipt.
    Listed,
    /// It left the host's queue.
    Started,
    /// It ended.
    Ended(SessionEnd),
    /// Its transcript was read.
    History(Result<HistoryPage, HostError>),
    /// The cancel request was answered.
    Stopped(Result<(), HostError>),
    /// It shall end.
    Stop(StopReason),
    /// Its timer ran out.
    TimeIsUp,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Spawn it, with the same key as before.
    Spawn,
    /// Look whether the host has it although it did not say so; `Spawned` brings what was found.
    Find,
    /// Read its transcript from here.
    Read {
        /// Messages to skip, from the newest.
        offset: u32,
        /// With the messages of tools.
        tools: bool,
    },
    /// Stop it.
    Cancel,
    /// The host has no room, or is locked for a moment: the task goes back to the queue as if it had never been taken.
    Requeue(HostError),
    /// It is over.
    Settle(Box<Ending>),
}

#[derive(Debug, PartialEq)]
pub(super) enum State {
    /// `asks`: with the same key. `doubt`: one of them may have taken effect.
    Spawning {
        asks: u32,
        doubt: bool,
        pausing: bool,
        stop: Option<StopReason>,
    },
    /// A spawn call may have taken effect, and asking again does not tell. `verdict`: if it is not found.
    Finding {
        verdict: (TaskStatus, TaskError),
        stop: Option<StopReason>,
    },
    Queued,
    Running,
    Reading {
        offset: u32,
        pages: u32,
        failures: u32,
        reread: bool,
        pausing: bool,
    },
    Stopping {
        reason: StopReason,
        tries: u32,
        pausing: bool,
    },
    /// It no longer runs and did not answer. `reading`: its transcript is read for what it had said, else its end is still to
    /// be told.
    Parting {
        verdict: (TaskStatus, TaskError),
        wants_words: bool,
        reading: bool,
    },
    Ended,
}

/// What a session is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// From its start; at least 1.
    pub timeout_seconds: u32,
    /// From its receipt, while nothing moves.
    pub start_timeout_seconds: u32,
    /// The host says when it starts; if not, its time counts from the receipt.
    pub starts_reported: bool,
    /// Its transcript is read for what its tools did.
    pub tools_wanted: bool,
}
