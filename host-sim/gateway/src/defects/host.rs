//! The host of an engine with somebody in between.

use parallel_agents_engine::host::{Command, Event, Host, JournalError};
use parallel_agents_engine::problem::CallError;

use super::defect::Tamper;
use super::wire::Wire;

/// Changes what passes as a defect says.
pub(super) struct TamperedHost<H> {
    host: H,
    tamper: Tamper,
    wire: Wire,
    /// The commands since the last event.
    step: Vec<Command>,
    /// Events that were made up: the numbers of those that follow are higher by that.
    made_up: u64,
    /// The number of the next event.
    next_seq: u64,
}

impl<H: Host> TamperedHost<H> {
    pub fn new(host: H, tamper: Tamper, wire: Wire) -> Self {
        Self { host, tamper, wire, step: Vec::new(), made_up: 0, next_seq: 0 }
    }

    /// Hands over the commands of the last step.
    pub fn finish(&mut self) {
        let mut step = std::mem::take(&mut self.step);
        if let Tamper::Commands(change) = self.tamper {
            change(&mut step, &mut self.wire);
        }
        step.into_iter().for_each(|command| self.host.perform(command));
    }

    /// The next thing that only the engine is told.
    fn pretended(&mut self) -> Option<Event> {
        let what = self.wire.made_up.pop_front()?;
        self.made_up += 1;
        self.next_seq += 1;
        Some(Event { seq: self.next_seq - 1, at_ms: self.wire.now_ms, what })
    }
}

impl<H: Host> Host for TamperedHost<H> {
    fn perform(&mut self, command: Command) {
        self.wire.commanded(&command);
        self.step.push(command);
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        self.finish();
        if let Some(event) = self.pretended() {
            return Ok(event);
        }
        let until_ms = match self.tamper {
            Tamper::Wait(change) => change(until_ms, &self.wire),
            _ => until_ms,
        };
        let mut event = self.host.next_event(until_ms).await?;
        self.wire.told(&event);
        if let Tamper::Event(change) = self.tamper {
            change(&mut event.what, &mut self.wire);
        }
        event.seq += self.made_up;
        self.next_seq = self.next_seq.max(event.seq + 1);
        Ok(event)
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.host.append(lines)
    }
}
