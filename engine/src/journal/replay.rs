//! A host that tells what is written down, and compares what follows with what followed then.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::digest::CommandDigest;
use super::lines::Entry;
use crate::host::{Command, Event, EventKind, Host, HostError, HostFacts, Receipt, Reply};
use crate::ids::{RequestId, SessionKey};
use crate::problem::{CallError, Problem};
use crate::task::Cleanup;

/// What a call had under way when its journal ends.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// The host's only source of chance. None: the journal ends before the call was opened.
    pub(super) seed: Option<u64>,
    /// What the host was and allowed, as it was told last.
    pub(super) facts: Option<HostFacts>,
    /// A session was asked for, whatever came of that: one in doubt may be there without a receipt or a request.
    pub(super) has_spawned: bool,
    /// Requests without an answer.
    pub(super) requests: BTreeMap<RequestId, Command>,
    /// Labels of spawn calls of which no answer has said whether there is a session. There may be no request for it, as between
    /// two of them the call pauses.
    pub(super) in_doubt: BTreeSet<String>,
    /// Sessions that were given to this call and are not deleted.
    pub(super) sessions: BTreeSet<SessionKey>,
    /// Those of them whose end was not told and that were not stopped.
    pub(super) live: BTreeSet<SessionKey>,
    /// Sessions whose end was told.
    pub(super) ended: BTreeSet<SessionKey>,
    /// Sessions are deleted once all tasks have ended.
    pub(super) deletes: bool,
    /// What was to be shown after the last event; nobody knows whether it was.
    pub(super) progress: Vec<Command>,
    /// The number and the time of the last event.
    pub(super) last: (u64, u64),
}

impl Open {
    fn told(&mut self, event: &Event) {
        self.last = (event.seq, event.at_ms);
        match &event.what {
            EventKind::Opened(facts) => {
                self.seed = Some(facts.seed);
                self.facts = Some(facts.clone());
            }
            EventKind::Answered { request, outcome } => {
                let asked = self.requests.remove(request);
                if let Some(Command::Spawn(_, options)) = &asked {
                    match outcome {
                        Ok(Reply::Spawned(receipt)) if self.is_news(receipt) => {
                            self.in_doubt.remove(&options.label);
                        }
                        Ok(_) | Err(HostError::InDoubt(_)) => {
                            self.in_doubt.insert(options.label.clone());
                        }
                        Err(_) => {}
                    }
                }
                match (asked, outcome) {
                    (_, Ok(Reply::Spawned(receipt) | Reply::Attached(receipt))) if receipt.names_a_session() => {
                        self.sessions.insert(receipt.session_key.clone());
                        self.live.insert(receipt.session_key.clone());
                    }
                    (Some(Command::Cancel(_, session)), Ok(Reply::Cancelled)) => {
                        self.live.remove(&session);
                    }
                    (Some(Command::Delete(_, session)), Ok(Reply::Deleted)) => {
                        self.sessions.remove(&session);
                        self.live.remove(&session);
                    }
                    _ => {}
                }
            }
            EventKind::SessionEnded(end) => {
                self.live.remove(&end.session);
                self.ended.insert(end.session.clone());
            }
            EventKind::SessionStarted(_) | EventKind::StopRequested { .. } | EventKind::TimerFired => {}
        }
    }

    /// Whether a receipt names a session that no other task was given.
    fn is_news(&self, receipt: &Receipt) -> bool {
        receipt.names_a_session() && !self.sessions.contains(&receipt.session_key)
    }

    fn asked(&mut self, commands: Vec<Command>) {
        self.progress.clear();
        for command in commands {
            if let Command::Spawn(_, options) = &command {
                self.has_spawned = true;
                self.deletes |= options.cleanup == Cleanup::Delete;
            }
            if let Command::Delete(_, session) = &command {
                // Nobody waits for its last words any more, and after a resume they would be read behind the deletion.
                let is_of_it =
                    |asked: &Command| matches!(asked, Command::History(_, query) if query.session_key == *session);
                self.requests.retain(|_, asked| !is_of_it(asked));
            }
            match (command.request(), &command) {
                (Some(request), _) => drop(self.requests.insert(request, command)),
                (None, Command::Progress(_)) => self.progress.push(command),
                // Items are handed over as the journal is gone through.
                (None, _) => {}
            }
        }
    }
}

/// Tells the steps of a journal one after the other and asks nothing of anybody.
#[derive(Debug)]
pub struct Replay {
    steps: VecDeque<Entry>,
    /// The call came back at the end of the journal.
    complete: bool,
    /// What the step that was told last led to then.
    due: Option<Vec<CommandDigest>>,
    commands: Vec<Command>,
    told: u64,
    compared: u64,
    open: Open,
    /// Everything was told.
    is_over: bool,
}

impl Replay {
    /// A replay that begins with the first step. `complete`: the journal says that the call came back.
    pub fn new(steps: Vec<Entry>, complete: bool) -> Self {
        Self {
            steps: steps.into(),
            complete,
            due: None,
            commands: Vec::new(),
            told: 0,
            compared: 0,
            open: Open::default(),
            is_over: false,
        }
    }

    /// Steps that were told.
    pub fn steps(&self) -> u64 {
        self.told
    }

    /// Commands that were the same.
    pub fn commands(&self) -> u64 {
        self.compared
    }

    /// The next event that is written down. None: the journal ends here, and so far all was the same.
    ///
    /// # Errors
    /// `E_NONDETERMINISM`: what followed from the last event is not what followed then.
    pub(super) fn advance(&mut self) -> Result<Option<Event>, CallError> {
        self.compare()?;
        let Some(step) = self.steps.pop_front() else {
            if self.complete {
                let what = "the call came back here, and now it goes on";
                return Err(self.differs("", what));
            }
            self.is_over = true;
            return Ok(None);
        };
        self.open.told(&step.event);
        self.told += 1;
        self.due = Some(step.commands);
        Ok(Some(step.event))
    }

    /// Compares what followed from the last event.
    ///
    /// # Errors
    /// `E_NONDETERMINISM`, which names the first command that differs.
    pub(super) fn compare(&mut self) -> Result<(), CallError> {
        let commands = std::mem::take(&mut self.commands);
        let Some(due) = self.due.take() else { return Ok(()) };
        let digests: Vec<CommandDigest> = commands.iter().map(CommandDigest::of).collect();
        let longer = due.len().max(digests.len());
        if let Some(index) = (0..longer).find(|index| due.get(*index) != digests.get(*index)) {
            let words = |digest: Option<&CommandDigest>| digest.map_or("nothing", CommandDigest::words).to_owned();
            let (then, now) = (words(due.get(index)), words(digests.get(index)));
            let what = if then == now {
                format!("`{then}` has other options now")
            } else {
                format!("the journal has `{then}`, and now follows `{now}`")
            };
            return Err(self.differs(&format!("/commands/{index}"), &what));
        }
        self.compared += digests.len() as u64;
        self.open.asked(commands);
        Ok(())
    }

    /// Whether everything was told, and asked for more.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Checks that a call which came back now also came back then.
    ///
    /// # Errors
    /// `E_NONDETERMINISM`.
    pub(super) fn close(&mut self) -> Result<(), CallError> {
        self.compare()?;
        if self.steps.is_empty() {
            return Ok(());
        }
        Err(self.differs("", "the call went on here, and now it comes back"))
    }

    /// What was under way at the end.
    pub(super) fn into_open(self) -> Open {
        self.open
    }

    fn differs(&self, place: &str, what: &str) -> CallError {
        let step = self.told.saturating_sub(1);
        let message = format!("step {step} does not lead where it led when the journal was written: {what}");
        let hint = "the journal belongs to another version of the component, or the host told something else";
        let path = format!("/steps/{step}{place}");
        CallError::invalid(vec![Problem::new("E_NONDETERMINISM", path, message).hint(hint)])
    }
}

impl Host for Replay {
    fn perform(&mut self, command: Command) {
        self.commands.push(command);
    }

    async fn next_event(&mut self, _until_ms: Option<u64>) -> Result<Event, CallError> {
        let ended = || CallError::HostProtocol("the journal ends here".to_owned());
        self.advance()?.ok_or_else(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::HistoryQuery;

    #[test]
    fn a_transcript_is_not_asked_for_again_once_its_session_was_to_be_deleted() {
        let read = |request, key: &str| {
            let session_key = SessionKey::new(key);
            Command::History(
                RequestId(request),
                HistoryQuery { session_key, offset: 0, limit: 1, include_tools: false },
            )
        };
        let mut open = Open::default();
        open.asked(vec![read(1, "a"), read(2, "b")]);
        open.asked(vec![Command::Delete(RequestId(3), SessionKey::new("a"))]);
        assert_eq!(open.requests.keys().map(|request| request.0).collect::<Vec<_>>(), [2, 3]);
    }
}
