//! The three hosts of a journal as one, so that the code of a call is compiled once.

use super::lines::Journal;
use super::recorder::Recorder;
use super::replay::Replay;
use super::resumed::Resumed;
use crate::host::{Command, Event, Host};
use crate::problem::CallError;

/// A host through which a call can be told anew.
pub enum Journaled<H> {
    /// The call begins, and is written down.
    Recorded(Box<Recorder<H>>),
    /// The call goes on.
    Resumed(Box<Resumed<H>>),
    /// The call is gone through again.
    Replayed(Box<Replay>),
}

impl<H: Host> Journaled<H> {
    /// For a call that begins; the arguments are those that the JSON door takes for it.
    pub fn new(host: H, function: &str, arguments: String) -> Self {
        Self::Recorded(Box::new(Recorder::new(host, function, arguments)))
    }

    /// For a call that goes on.
    pub fn resumed(host: H, journal: Journal) -> Self {
        Self::Resumed(Box::new(Resumed::new(journal, host)))
    }

    /// Takes in what the call came back with, and writes that it did.
    ///
    /// # Errors
    /// What the call was refused for, or `E_NONDETERMINISM`: its journal goes on where it came back.
    pub fn close<R>(&mut self, result: Result<R, CallError>) -> Result<R, CallError> {
        match self {
            Self::Recorded(recorder) => recorder.close(),
            Self::Resumed(resumed) if result.is_ok() => resumed.close()?,
            Self::Replayed(replay) if result.is_ok() => replay.close()?,
            Self::Resumed(_) | Self::Replayed(_) => {}
        }
        result
    }
}

impl<H: Host> Host for Journaled<H> {
    fn perform(&mut self, command: Command) {
        match self {
            Self::Recorded(recorder) => recorder.perform(command),
            Self::Resumed(resumed) => resumed.perform(command),
            Self::Replayed(replay) => replay.perform(command),
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        match self {
            Self::Recorded(recorder) => recorder.next_event(until_ms).await,
            Self::Resumed(resumed) => resumed.next_event(until_ms).await,
            Self::Replayed(replay) => replay.next_event(until_ms).await,
        }
    }
}
