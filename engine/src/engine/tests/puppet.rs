//! A host that does exactly what a test tells it, and keeps its own count of sessions.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::host::{
    Command, Completion, Event, EventKind, FailureKind, FinishReason, HistoryPage, HostError, HostFacts, ItemResult,
    Message, MessageRole, Receipt, Reply, SessionEnd, SessionOutcome, SessionPage, SessionRow, SessionState,
};
use crate::ids::{RequestId, SessionKey};
use crate::plan::Plan;
use crate::task::{RunReport, TaskStatus, Usage};
use crate::workflow::{AsPlanned, Workflow};

/// A request that the engine made and nobody has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// With its idempotency key.
    Spawn(String),
    History(SessionKey),
    Cancel(SessionKey),
    Delete(SessionKey),
    Attach(SessionKey),
}

/// Engine and host in one hand.
pub struct Puppet {
    pub engine: Engine,
    pub now: u64,
    seq: u64,
    /// Unanswered requests, oldest first.
    pub open: BTreeMap<RequestId, Open>,
    /// Unanswered list requests. Waking refuses them, as a host that cannot list.
    pub lists: Vec<RequestId>,
    /// What lists were searched for.
    pub searched: Vec<String>,
    /// The statuses that were told, in order.
    pub told: Vec<(String, TaskStatus)>,
    /// Spawn commands seen.
    pub spawns: u32,
    /// Their prompts.
    pub prompts: Vec<String>,
    /// Their models and labels.
    pub asked: Vec<(Option<String>, String)>,
    /// What was handed over of items.
    pub items: Vec<ItemResult>,
    pub report: Option<RunReport>,
}

/// What a host tells of itself that reports no starts and has no cap of its own.
pub fn facts() -> HostFacts {
    HostFacts {
        name: "puppet".to_owned(),
        seed: 7,
        max_concurrent: None,
        reports_starts: false,
        keeps_journal: false,
        limits: None,
    }
}

/// A message that is whole.
pub fn say(role: MessageRole, text: &str) -> Message {
    Message { role, text: text.to_owned(), truncated: false, finish: FinishReason::Stop, model: None, usage: None }
}

impl Puppet {
    /// A host that says nothing about starts and has no cap of its own.
    pub fn open(plan: Plan) -> Self {
        Self::with(plan, facts())
    }

    /// A host that reports the starts of sessions.
    pub fn reporting_starts(plan: Plan) -> Self {
        Self::with(plan, HostFacts { reports_starts: true, ..facts() })
    }

    /// Accepts every session that is asked for, as `s1`, `s2`, …, has `end` end it, and wakes the engine while it pauses, until
    /// the run is over.
    pub fn play(&mut self, mut end: impl FnMut(&mut Self, &str)) {
        let mut number = 0;
        self.until_over(|puppet| {
            number += 1;
            let key = format!("s{number}");
            puppet.accept(&key);
            end(puppet, &key);
        });
    }

    /// Has `deal` deal with what is asked for, and wakes the engine while it pauses, until the run is over.
    pub fn until_over(&mut self, mut deal: impl FnMut(&mut Self)) {
        while self.report.is_none() {
            if self.open.is_empty() {
                self.wake();
            } else {
                deal(self);
            }
        }
    }

    pub fn with(plan: Plan, facts: HostFacts) -> Self {
        let mut puppet = Self {
            engine: Engine::new(plan),
            now: 5_000,
            seq: 0,
            open: BTreeMap::new(),
            lists: Vec::new(),
            searched: Vec::new(),
            told: Vec::new(),
            spawns: 0,
            prompts: Vec::new(),
            asked: Vec::new(),
            items: Vec::new(),
            report: None,
        };
        puppet.happens(EventKind::Opened(facts));
        puppet
    }

    pub fn happens(&mut self, what: EventKind) {
        self.happens_under(&mut AsPlanned, what);
    }

    /// The same, for a run with a workflow.
    pub fn happens_under(&mut self, workflow: &mut dyn Workflow, what: EventKind) {
        let event = Event { seq: self.seq, at_ms: self.now, what };
        self.seq += 1;
        for command in self.engine.step(event, workflow) {
            match command {
                Command::Spawn(id, options) => {
                    self.spawns += 1;
                    self.prompts.push(options.task.clone());
                    self.asked.push((options.model.clone(), options.label.clone()));
                    self.open.insert(id, Open::Spawn(options.idempotency_key.clone()));
                }
                Command::History(id, query) => drop(self.open.insert(id, Open::History(query.session_key))),
                Command::Cancel(id, session) => drop(self.open.insert(id, Open::Cancel(session))),
                Command::Attach(id, session) => drop(self.open.insert(id, Open::Attach(session))),
                Command::Delete(id, session) => drop(self.open.insert(id, Open::Delete(session))),
                Command::List(id, filter) => {
                    self.lists.push(id);
                    self.searched.extend(filter.search);
                }
                Command::Item(item) => self.items.push(item),
                Command::Progress(progress) => {
                    assert_eq!(progress.seq, self.told.len() as u64, "progress has no gaps");
                    self.told.push((progress.task.to_string(), progress.status));
                }
            }
        }
        if let Some(result) = self.engine.finished() {
            self.report = Some(result.expect("a report"));
        }
    }

    pub fn answer(&mut self, id: RequestId, outcome: Result<Reply, HostError>) {
        self.open.remove(&id);
        self.happens(EventKind::Answered { request: id, outcome });
    }

    /// Answers the oldest open request.
    pub fn answer_oldest(&mut self, outcome: Result<Reply, HostError>) {
        let id = *self.open.keys().next().expect("an open request");
        self.answer(id, outcome);
    }

    /// Answers the oldest read.
    pub fn answer_read(&mut self, outcome: Result<Reply, HostError>) {
        let read = self.open.iter().find(|(_, open)| matches!(open, Open::History(_)));
        let id = *read.expect("an open read").0;
        self.answer(id, outcome);
    }

    /// Answers the oldest list request with sessions that have these labels and states.
    pub fn lists(&mut self, rows: &[(&str, &str, SessionState)]) {
        let row = |(key, label, state): &(&str, &str, SessionState)| SessionRow {
            session_key: SessionKey::new(*key),
            label: Some((*label).to_owned()),
            state: *state,
            model: None,
            usage: None,
        };
        let sessions = rows.iter().map(row).collect();
        let list = self.lists.remove(0);
        self.answer(list, Ok(Reply::Listed(SessionPage { sessions, has_more: false })));
    }

    /// Accepts the oldest spawn as session `key`.
    pub fn accept(&mut self, key: &str) {
        let spawn = self.open.iter().find(|(_, open)| matches!(open, Open::Spawn(_)));
        let id = *spawn.expect("an open spawn").0;
        self.answer(id, Ok(receipt(key)));
    }

    /// A session ends with an answer.
    pub fn ends(&mut self, key: &str, text: &str) {
        let completion = Some(Completion { text: text.to_owned(), truncated: false, finish: FinishReason::Stop });
        self.ends_as(key, SessionOutcome::Completed, completion);
    }

    /// A session ends with an answer, and with what it took.
    pub fn ends_for(&mut self, key: &str, text: &str, tokens: u64, model: &str) {
        let session = SessionKey::new(key);
        let completion = Some(Completion { text: text.to_owned(), truncated: false, finish: FinishReason::Stop });
        let usage = Some(Usage { input_tokens: tokens, output_tokens: 0 });
        let model = Some(model.to_owned());
        let end = SessionEnd { session, outcome: SessionOutcome::Completed, completion, usage, model };
        self.happens(EventKind::SessionEnded(end));
    }

    /// A session fails for reasons of the provider's.
    pub fn breaks(&mut self, key: &str, kind: FailureKind) {
        self.ends_as(key, SessionOutcome::Failed { kind, message: "HTTP 500".to_owned(), retry_after_ms: None }, None);
    }

    pub fn ends_as(&mut self, key: &str, outcome: SessionOutcome, completion: Option<Completion>) {
        let session = SessionKey::new(key);
        self.happens(EventKind::SessionEnded(SessionEnd { session, outcome, completion, usage: None, model: None }));
    }

    /// Carries out the oldest request to stop a session: its end is told, and nothing stands in its transcript.
    pub fn stop_oldest(&mut self) {
        let cancel = self.open.iter().find_map(|(id, open)| match open {
            Open::Cancel(session) => Some((*id, session.clone())),
            _ => None,
        });
        let (id, session) = cancel.expect("a request to stop");
        self.answer(id, Ok(Reply::Cancelled));
        if self.report.is_none() {
            self.ends_as(session.as_str(), SessionOutcome::Cancelled, None);
        }
        if self.open.values().any(|open| *open == Open::History(session.clone())) {
            self.answer_read(Ok(says(&[])));
        }
    }

    /// Lets time pass until the engine wants to be woken, and wakes it.
    pub fn wake(&mut self) {
        self.wake_once();
        if let Some(list) = self.lists.pop() {
            self.answer(list, Err(HostError::Unsupported("no lists here".to_owned())));
            self.wake_once();
        }
    }

    pub fn wake_once(&mut self) {
        self.now = self.engine.wake_at().expect("a time to wake").max(self.now);
        self.happens(EventKind::TimerFired);
    }

    pub fn stop(&mut self) {
        self.happens(EventKind::StopRequested { task: None, reason: "enough".to_owned() });
    }

    pub fn done(&self) -> &RunReport {
        self.report.as_ref().expect("the run has ended")
    }

    /// Status and error code of each task.
    pub fn verdicts(&self) -> Vec<(TaskStatus, Option<&str>)> {
        let code = |error: &'_ Option<crate::task::TaskError>| error.is_some();
        self.done()
            .results
            .iter()
            .map(|result| {
                assert_eq!(code(&result.error), result.status != TaskStatus::Completed);
                (result.status, result.error.as_ref().map(|error| error.code.as_str()))
            })
            .collect()
    }
}

/// A transcript of one page.
pub fn says(words: &[&str]) -> Reply {
    let message = |text: &&str| Message {
        role: MessageRole::Assistant,
        text: (*text).to_owned(),
        truncated: false,
        finish: FinishReason::Stop,
        model: None,
        usage: None,
    };
    let messages = words.iter().map(message).collect();
    Reply::History(HistoryPage { messages, has_more: false, dropped_messages: 0, redacted: false })
}

pub fn receipt(key: &str) -> Reply {
    receipt_of(key, "mock/m1")
}

pub fn receipt_of(key: &str, model: &str) -> Reply {
    Reply::Spawned(Receipt {
        session_key: SessionKey::new(key),
        run_id: String::new(),
        applied_model: Some(model.to_owned()),
        tool_free: true,
    })
}
