//! A host whose sessions answer at once.

use std::collections::VecDeque;
use std::sync::Arc;

use parallel_agents_engine::host::{
    Command, Completion, Event, EventKind, FinishReason, Host, HostFacts, ItemResult, Receipt, Reply, SessionEnd,
    SessionOutcome, SpawnOptions,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::problem::CallError;

/// Answers each prompt with what a function makes of it; at once, and in the order of the spawns.
pub struct Answering<F> {
    answer: F,
    events: VecDeque<EventKind>,
    seq: u64,
    /// The prompts of all sessions.
    pub prompts: Vec<SpawnOptions>,
    /// What was told of items.
    pub items: Vec<ItemResult>,
}

impl<F: FnMut(&str, &str) -> String> Answering<F> {
    /// `answer` gets the task id and the prompt.
    pub fn new(answer: F) -> Self {
        let facts = HostFacts {
            name: "test".to_owned(),
            seed: 7,
            max_concurrent: None,
            reports_starts: false,
            keeps_journal: false,
            limits: None,
        };
        Self {
            answer,
            events: VecDeque::from([EventKind::Opened(facts)]),
            seq: 0,
            prompts: Vec::new(),
            items: Vec::new(),
        }
    }
}

impl<F: FnMut(&str, &str) -> String> Host for Answering<F> {
    fn perform(&mut self, command: Command) {
        if let Command::Item(item) = &command {
            self.items.push(item.clone());
        }
        let Command::Spawn(request, options) = command else { return };
        let session_key = SessionKey::new(format!("s{}", self.prompts.len()));
        let id = options.label.split(' ').nth(1).expect("a task id").to_owned();
        let text = (self.answer)(&id, &options.task);
        self.prompts.push(Arc::unwrap_or_clone(options));
        let receipt =
            Receipt { session_key: session_key.clone(), run_id: String::new(), applied_model: None, tool_free: true };
        self.events.push_back(EventKind::Answered { request, outcome: Ok(Reply::Spawned(receipt)) });
        self.events.push_back(EventKind::SessionEnded(SessionEnd {
            session: session_key,
            outcome: SessionOutcome::Completed,
            completion: Some(Completion { text, truncated: false, finish: FinishReason::Stop }),
            usage: None,
            model: None,
        }));
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        let what = self.events.pop_front().unwrap_or(EventKind::TimerFired);
        let at_ms = if what == EventKind::TimerFired { until_ms.unwrap_or(0) } else { 0 };
        self.seq += 1;
        Ok(Event { seq: self.seq - 1, at_ms, what })
    }
}
