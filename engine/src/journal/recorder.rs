//! A host that writes down what passes through it.

use std::collections::VecDeque;

use super::lines::{Header, Writer};
use crate::host::{Command, Event, EventKind, Host, HostError, JournalError, bounded};
use crate::problem::CallError;

enum Keeping {
    /// The header waits for the host to say whether it keeps a journal: what was called, and with what.
    Undecided(String, String),
    No,
    Yes(Writer),
    /// The host kept less than it was given. The journal ends there.
    Broken,
}

/// Stands between a process and its host. Before the host is asked for anything, the step that decided it is written.
pub struct Recorder<H> {
    host: H,
    keeping: Keeping,
    /// The event that was told last, if it is to be written, and what it led to so far.
    event: Option<Event>,
    commands: Vec<Command>,
    /// The number and the time of that event.
    last: (u64, u64),
    steps: u64,
    /// To be told before the host is asked again.
    told: VecDeque<EventKind>,
    /// Events that were told beside the host's own.
    added: u64,
}

impl<H: Host> Recorder<H> {
    /// For a call that begins; the arguments are those that the JSON door takes for it.
    pub fn new(host: H, function: &str, arguments: String) -> Self {
        Self::with(host, Keeping::Undecided(function.to_owned(), arguments), 0)
    }

    /// For a call that goes on after `steps` steps. No writer: the host keeps no journal any more.
    pub(super) fn after(host: H, writer: Option<Writer>, steps: u64) -> Self {
        Self::with(host, writer.map_or(Keeping::No, Keeping::Yes), steps)
    }

    fn with(host: H, keeping: Keeping, steps: u64) -> Self {
        Self { host, keeping, event: None, commands: Vec::new(), last: (0, 0), steps, told: VecDeque::new(), added: 0 }
    }

    /// Writes that the call came back. What was decided last is carried out first.
    pub fn close(&mut self) {
        self.flush();
        if let Keeping::Yes(writer) = &mut self.keeping {
            // The reply is on its way; without this line the journal merely says less.
            let _ = self.host.append(writer.end(self.steps));
        }
    }

    /// Writes the last step down, then has its commands carried out.
    fn flush(&mut self) {
        let commands = std::mem::take(&mut self.commands);
        match self.event.take().map(|event| self.write(event, &commands)) {
            None | Some(Ok(())) => commands.into_iter().for_each(|command| self.host.perform(command)),
            Some(Err(why)) => self.give_up(commands, &why),
        }
    }

    fn write(&mut self, event: Event, commands: &[Command]) -> Result<(), JournalError> {
        if let Keeping::Undecided(..) = self.keeping {
            let keeps = matches!(&event.what, EventKind::Opened(facts) if facts.keeps_journal);
            let fresh = if keeps { Keeping::Yes(Writer::start()) } else { Keeping::No };
            if let (Keeping::Undecided(function, arguments), Keeping::Yes(writer)) =
                (std::mem::replace(&mut self.keeping, fresh), &mut self.keeping)
            {
                let line = writer.header(&Header::new(&function, arguments));
                self.host.append(&line)?;
            }
        }
        let Keeping::Yes(writer) = &mut self.keeping else { return Ok(()) };
        self.steps += 1;
        self.host.append(writer.step(&event, commands))
    }

    /// What is not written down is not started, and what runs is stopped while that can still be told.
    fn give_up(&mut self, commands: Vec<Command>, why: &JournalError) {
        self.keeping = Keeping::Broken;
        let reason = format!("the journal cannot be written: {why}");
        self.told.push_back(EventKind::StopRequested { task: None, reason: reason.clone() });
        for command in commands {
            match command {
                Command::Spawn(request, _) => {
                    let outcome = Err(HostError::Forbidden(reason.clone()));
                    self.told.push_back(EventKind::Answered { request, outcome });
                }
                other => self.host.perform(other),
            }
        }
    }
}

impl<H: Host> Host for Recorder<H> {
    fn perform(&mut self, command: Command) {
        self.commands.push(command);
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        self.flush();
        let event = match self.told.pop_front() {
            Some(what) => {
                self.added += 1;
                Event { seq: self.last.0 + 1, at_ms: self.last.1, what }
            }
            None => {
                let event = bounded(self.host.next_event(until_ms).await?);
                Event { seq: event.seq.saturating_add(self.added), ..event }
            }
        };
        self.last = (event.seq, event.at_ms);
        let is_written = matches!(self.keeping, Keeping::Undecided(..) | Keeping::Yes(_));
        self.event = is_written.then(|| event.clone());
        Ok(event)
    }
}
