//! Where each task of a call stands, as the call tells it while it lasts; for pages of runs that have no report yet.

use std::collections::BTreeMap;

use parallel_agents_engine::host::{Command, EventKind, Progress};
use serde::Serialize;

use crate::changes::{Changed, Changes};
use crate::host::Delivery;
use crate::observer::Observer;

/// The last that was told of one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskRecord {
    /// Its id in the request.
    pub task_id: String,
    /// Its agent type.
    pub agent_type: String,
    /// `pending`, `running`, or how it ended.
    pub status: &'static str,
    /// Since when, in milliseconds since the call began.
    pub at_ms: u64,
}

/// A watcher that keeps the last that was told of every task.
#[derive(Debug, Default)]
pub struct TaskLog {
    opened_ms: u64,
    now_ms: u64,
    records: Vec<TaskRecord>,
    places: BTreeMap<String, usize>,
    changes: Changes,
    /// Ended, running and all tasks of the run so far.
    counts: (u32, u32, u32),
}

impl TaskLog {
    /// The tasks in the order in which they were first told of.
    pub fn records(&self) -> &[TaskRecord] {
        &self.records
    }

    /// How often something was told.
    pub fn changes(&self) -> u64 {
        self.changes.count()
    }

    /// What was told after so many changes, of at most so many tasks.
    pub fn since(&self, change: u64, most: usize) -> Changed<'_, TaskRecord> {
        self.changes.since(change, most, &self.records)
    }

    /// Tasks that have ended, that run, and all of them so far.
    pub fn counts(&self) -> (u32, u32, u32) {
        self.counts
    }

    /// The time of the last thing that happened, in milliseconds since the call began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn note(&mut self, progress: &Progress) {
        let Progress { task, agent_type, status, ended, running, total, at_ms, .. } = progress;
        self.counts = (*ended, *running, *total);
        let record = TaskRecord {
            task_id: task.to_string(),
            agent_type: agent_type.to_string(),
            status: status.name(),
            at_ms: at_ms.saturating_sub(self.opened_ms),
        };
        let place = *self.places.entry(record.task_id.clone()).or_insert(self.records.len());
        self.changes.note(place);
        match self.records.get_mut(place) {
            Some(known) => *known = record,
            None => self.records.push(record),
        }
    }
}

impl Observer for TaskLog {
    fn command(&mut self, _at_ms: u64, command: &Command) {
        if let Command::Progress(progress) = command {
            self.note(progress);
        }
    }

    fn event(&mut self, Delivery { event, .. }: &Delivery) {
        if matches!(event.what, EventKind::Opened(_)) {
            self.opened_ms = event.at_ms;
        }
        self.now_ms = self.now_ms.max(event.at_ms.saturating_sub(self.opened_ms));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::clock::Clock;
    use crate::native;
    use crate::options::SimulationOptions;
    use crate::script::Script;
    use crate::simulation::Simulation;

    #[tokio::test]
    async fn every_task_is_there_as_it_was_told_of_last() {
        let request = r#"{"tasks": [
            {"agent_type": "content_writer_funny", "task_id": "one", "task_description": "Say it.", "output_format": "text"},
            {"agent_type": "content_writer_funny", "task_id": "two", "task_description": "Say it.", "output_format": "text"}
        ], "max_concurrent": 1}"#;
        let log = Arc::new(Mutex::new(TaskLog::default()));
        let simulation = Simulation::new(Script::bundled(), 1, SimulationOptions::default()).by(log.clone());
        let called = native::call("run_tasks", request, simulation, &Clock::virtual_time()).await;
        assert!(called.result.is_ok());
        let log = log.lock().expect("nobody panicked");
        let seen: Vec<_> = log.records().iter().map(|record| (record.task_id.as_str(), record.status)).collect();
        assert_eq!(seen, [("one", "completed"), ("two", "completed")]);
        assert_eq!(log.counts(), (2, 0, 2));
        // Each was pending or running before it ended, and is told once.
        let told: Vec<_> = log.since(0, 9).records.iter().map(|(_, record)| record.status).collect();
        assert_eq!(told, ["completed", "completed"]);
        assert!(log.changes() > 2 && log.since(log.changes(), 9).records.is_empty());
        let [one, two] = log.records() else { panic!("two tasks") };
        assert!(0 < one.at_ms && one.at_ms < two.at_ms && two.at_ms <= log.now_ms(), "{:?}", log.records());
    }
}
