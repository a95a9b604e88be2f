//! Runs of the engine on a host whose sessions answer at once, so that nothing is measured but the engine.

use std::collections::VecDeque;
use std::sync::Arc;

use parallel_agents_engine::host::{
    Command, Completion, Event, EventKind, FinishReason, Host, HostFacts, JournalError, Receipt, Reply, SessionEnd,
    SessionOutcome,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::{OutputFormat, RunSpec, TaskSpec, Usage};
use serde_json::json;

/// An answer as models like to give it.
pub const ANSWER: &str = "Here is what I found.\n\n```json\n{\"summary\": \"fine\", \"score\": 8.5, \"issues\": [{\"line\": 3, \
                          \"text\": \"a name says nothing\"}, {\"line\": 9, \"text\": \"an error is dropped\"}]}\n```\n\nThat is all.";

/// What a host does beside running sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// As little as a host may say and keep.
    Bare,
    /// A journal; starts, models and usage are reported.
    Full,
}

/// A run of so many reviews, so many of them at once.
pub fn spec(tasks: usize, slots: u32) -> RunSpec {
    let task = TaskSpec {
        agent_type: "code_reviewer".to_owned(),
        task_description: "Review the function.".to_owned(),
        input_data: Some(json!({ "code": "fn add(a: i32, b: i32) -> i32 { a - b }" })),
        output_format: Some(OutputFormat::Json),
        output_schema: Some(Arc::new(json!({ "type": "object", "required": ["summary"] }))),
        ..TaskSpec::default()
    };
    RunSpec { tasks: vec![task; tasks], max_concurrent: Some(slots), ..RunSpec::default() }
}

/// What a host tells of itself that has room for all sessions.
pub fn facts(extent: Extent) -> HostFacts {
    HostFacts {
        name: "bench".to_owned(),
        seed: 7,
        max_concurrent: None,
        reports_starts: extent == Extent::Full,
        keeps_journal: extent == Extent::Full,
        limits: None,
    }
}

/// A host whose sessions answer at once.
pub struct Instantly {
    extent: Extent,
    happened: VecDeque<EventKind>,
    seq: u64,
    journal_bytes: usize,
    sessions: usize,
}

impl Instantly {
    /// A host that has not opened yet.
    pub fn new(extent: Extent) -> Self {
        Self {
            extent,
            happened: VecDeque::from([EventKind::Opened(facts(extent))]),
            seq: 0,
            journal_bytes: 0,
            sessions: 0,
        }
    }

    /// What happens next, if anything does.
    pub fn happens(&mut self) -> Option<EventKind> {
        self.happened.pop_front()
    }

    /// An event of its own time.
    pub fn event(&mut self, what: EventKind) -> Event {
        let seq = self.seq;
        self.seq += 1;
        Event { seq, at_ms: seq, what }
    }

    /// Bytes of the journal that were kept.
    pub fn journal_bytes(&self) -> usize {
        self.journal_bytes
    }

    /// Sessions that were spawned.
    pub fn sessions(&self) -> usize {
        self.sessions
    }
}

impl Host for Instantly {
    fn perform(&mut self, command: Command) {
        let Command::Spawn(request, options) = command else { return };
        self.sessions += 1;
        let is_full = self.extent == Extent::Full;
        let session = SessionKey::new(format!("agent:main:subagent:{request}"));
        let model = is_full.then(|| "openai/gpt-5".to_owned());
        let receipt = Receipt {
            session_key: session.clone(),
            run_id: String::new(),
            applied_model: model.clone(),
            tool_free: options.tool_free,
        };
        self.happened.push_back(EventKind::Answered { request, outcome: Ok(Reply::Spawned(receipt)) });
        if is_full {
            self.happened.push_back(EventKind::SessionStarted(session.clone()));
        }
        let usage = is_full.then_some(Usage { input_tokens: 900, output_tokens: 120 });
        let completion = Some(Completion { text: ANSWER.to_owned(), truncated: false, finish: FinishReason::Stop });
        let end = SessionEnd { session, outcome: SessionOutcome::Completed, completion, usage, model };
        self.happened.push_back(EventKind::SessionEnded(end));
    }

    async fn next_event(&mut self, _: Option<u64>) -> Result<Event, CallError> {
        let what = self.happens().unwrap_or(EventKind::TimerFired);
        Ok(self.event(what))
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.journal_bytes += lines.len();
        Ok(())
    }
}
