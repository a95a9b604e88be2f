//! What the sessions of the host say, and how they end.

use arbitrary::Result;
use parallel_agents_engine::host::{
    Completion, EventKind, FailureKind, FinishReason, HistoryPage, HostError, Message, MessageRole, Reply, SessionEnd,
    SessionOutcome, SessionPage, SessionRow, SessionState,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::task::Usage;

use super::Plausible;
use crate::instance::instance;

/// Bytes of a text that no answer is.
const LONG: usize = 70_000;

impl Plausible<'_> {
    pub(super) fn list(&self) -> SessionPage {
        let rows = self.sessions.iter().map(|(key, session)| SessionRow {
            session_key: key.clone(),
            label: Some(session.asked.label.clone()),
            state: session.state,
            model: session.asked.model.clone(),
            usage: None,
        });
        SessionPage { sessions: rows.collect(), has_more: false }
    }

    pub(super) fn history(&mut self, key: &SessionKey, kind: bool) -> Result<std::result::Result<Reply, HostError>> {
        let Some(session) = self.sessions.get(key) else {
            return Ok(Err(HostError::NotFound("no such session".to_owned())));
        };
        let said = Message {
            role: MessageRole::Assistant,
            text: session.said.clone(),
            truncated: !kind && self.source.ratio(1, 8)?,
            finish: FinishReason::Stop,
            model: None,
            usage: None,
        };
        let used = Message { role: MessageRole::Tool, text: "read file".to_owned(), ..said.clone() };
        Ok(Ok(Reply::History(HistoryPage {
            messages: vec![used, said],
            has_more: false,
            dropped_messages: 0,
            redacted: false,
        })))
    }

    pub(super) fn ends(&mut self, key: SessionKey, kind: bool) -> Result<EventKind> {
        let prompt = self.sessions.get(&key).map(|session| session.asked.task.clone()).unwrap_or_default();
        let choice: u8 = if kind { 15 } else { self.source.int_in_range(0..=15)? };
        let failed =
            |kind: FailureKind| SessionOutcome::Failed { kind, message: "HTTP 500".to_owned(), retry_after_ms: None };
        let (outcome, state) = match choice {
            0 => (failed(FailureKind::Infrastructure), SessionState::Failed),
            1 => (failed(FailureKind::ContextOverflow), SessionState::Failed),
            2 => (SessionOutcome::TimedOut, SessionState::TimedOut),
            3 => (SessionOutcome::Interrupted, SessionState::Cancelled),
            _ => (SessionOutcome::Completed, SessionState::Completed),
        };
        let said = match choice {
            4 => String::new(),
            5 => "I cannot help with that.".to_owned(),
            6 => "{\"summary\": \"broken\",".to_owned(),
            7 => "x".repeat(LONG),
            _ => self.answer_to(&prompt)?,
        };
        let told = choice > 9;
        let completion = told.then(|| Completion { text: said.clone(), truncated: false, finish: FinishReason::Stop });
        if let Some(session) = self.sessions.get_mut(&key) {
            (session.state, session.said) = (state, said);
        }
        let usage = Some(Usage { input_tokens: 900, output_tokens: u64::from(choice) * 100 });
        Ok(EventKind::SessionEnded(SessionEnd { session: key, outcome, completion, usage, model: None }))
    }

    /// Something that fits the schema in the prompt, or a few words.
    fn answer_to(&mut self, prompt: &str) -> Result<String> {
        let schema = prompt.rsplit_once("```json\n").and_then(|(_, rest)| rest.split_once("\n```"));
        Ok(match schema.and_then(|(text, _)| serde_json::from_str(text).ok()) {
            Some(schema) => instance(&mut self.source, &schema)?.to_string(),
            None => "A few words.".to_owned(),
        })
    }
}
