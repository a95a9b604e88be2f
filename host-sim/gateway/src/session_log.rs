//! What the host saw of each session, for whoever reads a report: the prompt, the times and the answer.
//!
//! The component's report has none of the prompts, since they would make it many times as long.

use std::collections::BTreeMap;

use parallel_agents_engine::host::{Command, EventKind, MessageRole, Reply, SessionEnd, SessionOutcome, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::Usage;
use serde::Serialize;

use crate::changes::{Changed, Changes};
use crate::host::Delivery;
use crate::observer::Observer;

/// One session that was asked for. Times are milliseconds since the call began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SessionRecord {
    /// None: nothing came of the spawn call.
    pub session_key: Option<String>,
    /// As the host lists it. Long names are cut in it.
    pub label: String,
    /// The task that it is for. None: its idempotency key does not say.
    pub task_id: Option<String>,
    /// Which session of that task it is, counted from 1.
    pub number: Option<u32>,
    /// The whole prompt.
    pub prompt: String,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The spawn call.
    pub asked_ms: u64,
    /// The session left the host's queue. None: the host never said so.
    pub started_ms: Option<u64>,
    /// None: its end was never told.
    pub ended_ms: Option<u64>,
    /// How it ended, in the words of a report.
    pub outcome: Option<&'static str>,
    /// None: the host did not say.
    pub usage: Option<Usage>,
    /// The longest that was told of its answer.
    pub answer: Option<String>,
    /// Something of the answer is missing.
    pub answer_is_cut: bool,
}

/// A watcher that keeps a record of every session.
#[derive(Debug, Default)]
pub struct SessionLog {
    opened_ms: u64,
    records: Vec<SessionRecord>,
    /// A key that is asked for again is the same session.
    by_idempotency_key: BTreeMap<String, usize>,
    spawns: BTreeMap<RequestId, usize>,
    readings: BTreeMap<RequestId, SessionKey>,
    by_session: BTreeMap<SessionKey, usize>,
    changes: Changes,
}

impl SessionLog {
    /// The sessions in the order in which they were asked for.
    pub fn records(&self) -> &[SessionRecord] {
        &self.records
    }

    /// How often something was seen.
    pub fn changes(&self) -> u64 {
        self.changes.count()
    }

    /// What was seen after so many changes, of at most so many sessions.
    pub fn since(&self, change: u64, most: usize) -> Changed<'_, SessionRecord> {
        self.changes.since(change, most, &self.records)
    }

    fn passed(&self, at_ms: u64) -> u64 {
        at_ms.saturating_sub(self.opened_ms)
    }

    fn spawn(&mut self, at_ms: u64, request: RequestId, options: &SpawnOptions) {
        let place = *self.by_idempotency_key.entry(options.idempotency_key.clone()).or_insert(self.records.len());
        self.spawns.insert(request, place);
        if place < self.records.len() {
            return;
        }
        let (task_id, number) = task_of(&options.idempotency_key).unzip();
        self.records.push(SessionRecord {
            label: options.label.clone(),
            task_id: task_id.map(str::to_owned),
            number,
            prompt: options.task.clone(),
            model: options.model.clone(),
            asked_ms: self.passed(at_ms),
            ..SessionRecord::default()
        });
        self.changes.note(place);
    }

    /// The record of a session that something was seen of.
    fn record(&mut self, session: &SessionKey) -> Option<&mut SessionRecord> {
        let place = *self.by_session.get(session)?;
        self.changes.note(place);
        self.records.get_mut(place)
    }

    fn answered(&mut self, request: RequestId, reply: &Reply) {
        match reply {
            Reply::Spawned(receipt) => {
                let Some(place) = self.spawns.get(&request).copied() else { return };
                self.by_session.insert(receipt.session_key.clone(), place);
                self.changes.note(place);
                if let Some(record) = self.records.get_mut(place) {
                    record.session_key = Some(receipt.session_key.to_string());
                }
            }
            Reply::History(page) => {
                let Some(session) = self.readings.remove(&request) else { return };
                let last = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
                if let (Some(record), Some(message)) = (self.record(&session), last) {
                    record.hear(&message.text, message.truncated);
                }
            }
            Reply::Attached(_) | Reply::Listed(_) | Reply::Cancelled | Reply::Deleted => {}
        }
    }

    fn ended(&mut self, at_ms: u64, end: &SessionEnd) {
        let ended_ms = self.passed(at_ms);
        let Some(record) = self.record(&end.session) else { return };
        record.ended_ms.get_or_insert(ended_ms);
        record.outcome.get_or_insert(in_words(&end.outcome));
        record.usage = record.usage.or(end.usage);
        if let Some(completion) = &end.completion {
            record.hear(&completion.text, completion.truncated);
        }
    }
}

impl SessionRecord {
    /// A transcript is read when the text that came with the end was not whole, so the longer text counts.
    fn hear(&mut self, text: &str, is_cut: bool) {
        if self.answer.as_ref().is_none_or(|known| known.len() < text.len()) {
            self.answer = Some(text.to_owned());
            self.answer_is_cut = is_cut;
        }
    }
}

/// The task that a session is for, and its number, as its idempotency key names them: `RUN-TASK-NUMBER`.
fn task_of(idempotency_key: &str) -> Option<(&str, u32)> {
    let (_run, rest) = idempotency_key.split_once('-')?;
    let (task, number) = rest.rsplit_once('-')?;
    Some((task, number.parse().ok()?))
}

fn in_words(outcome: &SessionOutcome) -> &'static str {
    match outcome {
        SessionOutcome::Completed => "completed",
        SessionOutcome::Failed { .. } => "failed",
        SessionOutcome::TimedOut => "timeout",
        SessionOutcome::Cancelled => "cancelled",
        SessionOutcome::Interrupted => "interrupted",
    }
}

impl Observer for SessionLog {
    fn command(&mut self, at_ms: u64, command: &Command) {
        match command {
            Command::Spawn(request, options) => self.spawn(at_ms, *request, options),
            Command::History(request, query) => {
                self.readings.insert(*request, query.session_key.clone());
            }
            _ => {}
        }
    }

    fn event(&mut self, Delivery { event, .. }: &Delivery) {
        match &event.what {
            EventKind::Opened(_) => self.opened_ms = event.at_ms,
            EventKind::Answered { request, outcome: Ok(reply) } => self.answered(*request, reply),
            EventKind::SessionStarted(session) => {
                let started_ms = self.passed(event.at_ms);
                if let Some(record) = self.record(session) {
                    record.started_ms.get_or_insert(started_ms);
                }
            }
            EventKind::SessionEnded(end) => self.ended(event.at_ms, end),
            EventKind::Answered { outcome: Err(_), .. } | EventKind::StopRequested { .. } | EventKind::TimerFired => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::native;
    use crate::options::SimulationOptions;
    use crate::script::Script;
    use crate::simulation::Simulation;
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn every_session_is_there_with_its_prompt_times_and_whole_answer() {
        let script = "version = 1\ndefault_model = \"sim/standard\"\n[host]\nmax_concurrent = 1\ncompletion_chars = 100\n\
            [models.\"sim/standard\"]\n[[answers]]\ntemplate = '{{ \"0123456789\" * 50 }}'\n";
        let script = Script::from_toml(script).expect("a script");
        let request = r#"{"tasks": [
            {"agent_type": "content_writer_funny", "task_id": "one", "task_description": "Say it.", "output_format": "text"},
            {"agent_type": "content_writer_funny", "task_id": "number-2", "task_description": "Say it.", "output_format": "text"}
        ], "max_concurrent": 2}"#;
        let log = Arc::new(Mutex::new(SessionLog::default()));
        let options = SimulationOptions { announces_width: false, ..SimulationOptions::default() };
        let simulation = Simulation::new(script, 1, options).by(log.clone());
        let called = native::call("run_tasks", request, simulation, &Clock::virtual_time()).await;
        assert!(called.result.is_ok());
        let log = log.lock().expect("nobody panicked");
        assert_eq!(log.records().len(), 2);
        assert_eq!(log.since(0, 9).records.len(), 2, "each is told once, however often it has changed");
        assert!(log.changes() > 2 && log.since(log.changes(), 9).records.is_empty());
        let tasks: Vec<_> = log.records().iter().map(|record| (record.task_id.as_deref(), record.number)).collect();
        assert_eq!(tasks, [(Some("one"), Some(1)), (Some("number-2"), Some(1))]);
        for record in log.records() {
            assert!(record.prompt.contains("Say it.") && record.label.contains("content_writer_funny"));
            assert_eq!(
                (record.answer.as_deref(), record.answer_is_cut),
                (Some("0123456789".repeat(50).as_str()), false)
            );
            assert!(record.session_key.is_some() && Some(record.asked_ms) <= record.started_ms);
            assert!(record.started_ms < record.ended_ms);
            assert!(record.outcome == Some("completed") && record.usage.is_some_and(|usage| usage.output_tokens > 0));
        }
        // The second one waits in the queue of the gateway for the end of the first.
        let mut times: Vec<_> = log.records().iter().map(|record| (record.started_ms, record.ended_ms)).collect();
        times.sort_unstable();
        assert!(times[1].0 >= times[0].1, "{times:?}");
    }
}
