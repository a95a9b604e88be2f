//! A host that first tells what is written down and then goes on for real.

use super::lines::{Journal, Writer};
use super::recorder::Recorder;
use super::recovery::Recovery;
use super::replay::Replay;
use crate::host::{Command, Event, Host};
use crate::problem::CallError;

enum Phase<H> {
    Past(Box<Replay>, H),
    Present(Box<Recorder<Recovery<H>>>),
    /// Only while one phase is turned into the other.
    Between,
}

/// A call that was cut off and goes on.
pub struct Resumed<H> {
    phase: Phase<H>,
    writer: Writer,
    complete: bool,
}

impl<H: Host> Resumed<H> {
    /// Goes through the journal first; only then is the host asked for anything.
    pub fn new(journal: Journal, host: H) -> Self {
        let replay = Replay::new(journal.steps, journal.complete);
        Self { phase: Phase::Past(Box::new(replay), host), writer: journal.writer, complete: journal.complete }
    }

    /// Writes that the call came back.
    ///
    /// # Errors
    /// `E_NONDETERMINISM`: it came back before the end of its journal.
    pub fn close(&mut self) -> Result<(), CallError> {
        match &mut self.phase {
            Phase::Past(replay, host) => {
                replay.close()?;
                if !self.complete {
                    // Cut off just before this line.
                    let _ = host.append(self.writer.end(replay.steps()));
                }
            }
            Phase::Present(recorder) => recorder.close(),
            Phase::Between => {}
        }
        Ok(())
    }
}

impl<H: Host> Host for Resumed<H> {
    fn perform(&mut self, command: Command) {
        match &mut self.phase {
            Phase::Past(replay, host) => {
                // The host may have been cut off before it kept this, and nobody else has it.
                if let Command::Item(item) = &command {
                    host.perform(Command::Item(item.clone()));
                }
                replay.perform(command);
            }
            Phase::Present(recorder) => recorder.perform(command),
            Phase::Between => {}
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        if let Phase::Past(replay, _) = &mut self.phase
            && let Some(event) = replay.advance()?
        {
            return Ok(event);
        }
        let mut recorder = match std::mem::replace(&mut self.phase, Phase::Between) {
            Phase::Present(recorder) => recorder,
            Phase::Past(replay, host) => {
                let steps = replay.steps();
                let recovery = Recovery::begin(host, replay.into_open()).await?;
                let writer = recovery.keeps_journal.then(|| self.writer.clone());
                Box::new(Recorder::after(recovery, writer, steps))
            }
            Phase::Between => return Err(CallError::HostProtocol("an earlier event was given up".to_owned())),
        };
        let event = recorder.next_event(until_ms).await;
        self.phase = Phase::Present(recorder);
        event
    }
}
