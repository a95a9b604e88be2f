//! Writes down a call while it runs.

use std::collections::BTreeMap;

use parallel_agents_engine::host::{
    Command, EventKind, HistoryPage, HostFacts, MessageRole, Reply, SessionEnd, SessionOutcome, SpawnOptions,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use serde_json::Value;

use super::format::{FORMAT, Head, Latencies, RecordedOutcome, RecordedSession, Recording, VERSION};
use crate::host::Delivery;
use crate::observer::Observer;
use crate::script::prompt::Prompt;

/// The name of model servers among hosts.
pub const MODEL_SERVER: &str = "openai";

/// An observer that keeps what a recording needs.
#[derive(Debug, Default)]
pub struct Recorder {
    facts: Option<HostFacts>,
    opened_ms: u64,
    /// Requests that wait for their answer.
    asked: BTreeMap<RequestId, Asked>,
    sessions: Vec<RecordedSession>,
    by_key: BTreeMap<SessionKey, usize>,
    attempts: BTreeMap<(String, String), u32>,
    took: BTreeMap<Kind, Vec<u64>>,
}

#[derive(Debug)]
struct Asked {
    at_ms: u64,
    kind: Kind,
    /// The session that is to be spawned, or whose transcript is read.
    subject: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Spawn,
    Read,
    Cancel,
    Delete,
}

impl Recorder {
    /// The recording of a call that is over.
    pub fn finish(&self, function: &str, arguments: &str, reply: Option<Value>) -> Recording {
        let median = |kind: Kind| median(self.took.get(&kind).cloned().unwrap_or_default());
        let facts = self.facts.as_ref();
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            function: function.to_owned(),
            arguments: arguments.to_owned(),
            host: facts.map(|facts| facts.name.clone()).unwrap_or_default(),
            seed: facts.map_or(0, |facts| facts.seed),
            host_cap: facts.and_then(|facts| facts.max_concurrent),
            reports_starts: facts.is_some_and(|facts| facts.reports_starts),
            latencies: Latencies {
                spawn_ms: median(Kind::Spawn),
                read_ms: median(Kind::Read),
                cancel_ms: median(Kind::Cancel),
                delete_ms: median(Kind::Delete),
            },
        };
        Recording { head, sessions: self.sessions.clone(), reply }
    }

    fn spawn(&mut self, at_ms: u64, options: &SpawnOptions) -> usize {
        let (agent_type, task_id) = match Prompt::parse(&options.task) {
            Some(prompt) => (prompt.agent_type, prompt.task_id),
            None => (String::new(), options.label.clone()),
        };
        self.sessions.push(RecordedSession {
            agent_type,
            task_id,
            attempt: 0,
            model_asked: options.model.clone(),
            model: None,
            asked_ms: at_ms,
            started_ms: at_ms,
            ended_ms: None,
            outcome: RecordedOutcome::Stopped,
            usage: None,
        });
        self.sessions.len() - 1
    }

    fn answered(&mut self, at_ms: u64, request: RequestId, reply: Option<&Reply>, why_not: String) {
        let Some(asked) = self.asked.remove(&request) else { return };
        self.took.entry(asked.kind).or_default().push(at_ms.saturating_sub(asked.at_ms));
        let Some((index, session)) = asked.subject.and_then(|at| Some((at, self.sessions.get_mut(at)?))) else {
            return;
        };
        match reply {
            Some(Reply::Spawned(receipt)) => {
                let attempts = self.attempts.entry((session.agent_type.clone(), session.task_id.clone())).or_default();
                *attempts += 1;
                session.attempt = *attempts;
                session.started_ms = at_ms;
                session.model.clone_from(&receipt.applied_model);
                self.by_key.insert(receipt.session_key.clone(), index);
            }
            Some(Reply::History(page)) => complete(&mut session.outcome, page),
            Some(_) => {}
            None if asked.kind == Kind::Spawn => session.outcome = RecordedOutcome::Refused(why_not),
            None => {}
        }
    }

    fn ended(&mut self, at_ms: u64, end: &SessionEnd) {
        let Some(session) = self.by_key.get(&end.session).and_then(|at| self.sessions.get_mut(*at)) else { return };
        if session.ended_ms.is_some() {
            return;
        }
        session.ended_ms = Some(at_ms);
        session.usage = end.usage;
        session.model = end.model.clone().or(session.model.take());
        session.outcome = match (&end.outcome, &end.completion) {
            (SessionOutcome::Completed, Some(whole)) if !whole.truncated => {
                RecordedOutcome::Answered(whole.text.clone())
            }
            (SessionOutcome::Completed, part) => RecordedOutcome::AnsweredInPart(
                part.as_ref().map(|completion| completion.text.clone()).unwrap_or_default(),
            ),
            (SessionOutcome::Failed { kind, message, retry_after_ms }, _) => {
                RecordedOutcome::Failed { kind: *kind, message: message.clone(), retry_after_ms: *retry_after_ms }
            }
            (SessionOutcome::TimedOut, _) => RecordedOutcome::TimedOut,
            (SessionOutcome::Cancelled | SessionOutcome::Interrupted, _) => RecordedOutcome::Stopped,
        };
    }
}

impl Observer for Recorder {
    fn command(&mut self, at_ms: u64, command: &Command) {
        let since = at_ms.saturating_sub(self.opened_ms);
        let (request, kind, subject) = match command {
            Command::Spawn(request, options) => (request, Kind::Spawn, Some(self.spawn(since, options))),
            Command::History(request, query) => (request, Kind::Read, self.by_key.get(&query.session_key).copied()),
            Command::List(request, _) => (request, Kind::Read, None),
            Command::Cancel(request, _) => (request, Kind::Cancel, None),
            Command::Delete(request, _) => (request, Kind::Delete, None),
            Command::Attach(..) | Command::Progress(_) | Command::Item(_) => return,
        };
        self.asked.insert(*request, Asked { at_ms: since, kind, subject });
    }

    fn event(&mut self, Delivery { event, .. }: &Delivery) {
        let since = event.at_ms.saturating_sub(self.opened_ms);
        match &event.what {
            EventKind::Opened(facts) => {
                self.opened_ms = event.at_ms;
                self.facts = Some(facts.clone());
            }
            EventKind::Answered { request, outcome } => {
                let why_not = outcome.as_ref().err().map(|error| format!("{error:?}")).unwrap_or_default();
                self.answered(since, *request, outcome.as_ref().ok(), why_not);
            }
            // A model server takes a request when it is sent; how long it lets it wait is part of its pace.
            EventKind::SessionStarted(_) if self.facts.as_ref().is_some_and(|facts| facts.name == MODEL_SERVER) => {}
            EventKind::SessionStarted(key) => {
                if let Some(session) = self.by_key.get(key).and_then(|at| self.sessions.get_mut(*at)) {
                    session.started_ms = since;
                }
            }
            EventKind::SessionEnded(end) => self.ended(since, end),
            EventKind::StopRequested { .. } | EventKind::TimerFired => {}
        }
    }
}

/// Takes the whole answer from a transcript, if that has it.
fn complete(outcome: &mut RecordedOutcome, page: &HistoryPage) {
    let whole = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
    if let (RecordedOutcome::AnsweredInPart(_), Some(message)) = (&*outcome, whole)
        && !message.truncated
    {
        *outcome = RecordedOutcome::Answered(message.text.clone());
    }
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
