//! What the engine remembers of each task, and the result that it becomes.

use std::collections::BTreeSet;

use crate::answer;
use crate::ids::SessionKey;
use crate::plan::PlannedTask;
use crate::prompt;
use crate::session::{Ending, Machine};
use crate::task::{ResultMetadata, TaskError, TaskResult, TaskStatus};

/// One task while the run lasts.
#[derive(Debug)]
pub struct TaskRun {
    /// Where it stands.
    pub status: TaskStatus,
    /// Its session, if it has one.
    pub machine: Option<Machine>,
    /// When its machine wants to be woken; kept beside it so that the old alarm can be found.
    pub alarm: Option<u64>,
    /// Sessions that were started for it.
    pub attempts: u32,
    spawned_at: Option<u64>,
    result: Option<TaskResult>,
}

impl Default for TaskRun {
    fn default() -> Self {
        Self { status: TaskStatus::Pending, machine: None, alarm: None, attempts: 0, spawned_at: None, result: None }
    }
}

impl TaskRun {
    /// A session is asked for.
    pub fn begin(&mut self, now: u64, machine: Machine) {
        self.status = TaskStatus::Running;
        self.machine = Some(machine);
        self.spawned_at = Some(now);
        self.attempts += 1;
    }

    /// The host had no room: as if it had not begun.
    pub fn withdraw(&mut self) {
        self.status = TaskStatus::Pending;
        self.machine = None;
        self.spawned_at = None;
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// Its session is over. Returns the session's key.
    pub fn finish(&mut self, now: u64, planned: &PlannedTask, ending: Ending) -> Option<SessionKey> {
        let session = self.machine.take().and_then(|machine| machine.session().cloned());
        let mut judged = ending.answer.as_ref().map(|raw| match ending.status {
            TaskStatus::Completed => answer::judge(raw, planned.output_format, planned.output_schema.as_ref()),
            _ => answer::keep_only(raw),
        });
        self.status = ending.status;
        let mut error = ending.error;
        if let Some(why) = judged.as_mut().and_then(|judged| judged.error.take()) {
            self.status = TaskStatus::Failed;
            error = Some(why);
        }
        let mut result = self.blank(now, planned, error);
        let metadata = &mut result.metadata;
        metadata.model_mismatch = differ(planned.model.as_deref(), ending.model.as_deref());
        metadata.model_applied = ending.model;
        metadata.usage = ending.usage;
        metadata.output_bytes = ending.answer.as_ref().map_or(0, |raw| raw.text.len() as u64);
        metadata.redacted = ending.answer.as_ref().is_some_and(|raw| raw.redacted);
        if let Some(judged) = judged {
            metadata.truncated = judged.truncated;
            metadata.unwrapped = judged.unwrapped;
            result.output = judged.output;
        }
        result.session_key.clone_from(&session);
        self.result = Some(result);
        session
    }

    /// It never got a session.
    pub fn end_unstarted(&mut self, now: u64, planned: &PlannedTask, status: TaskStatus, error: TaskError) {
        self.status = status;
        self.result = Some(self.blank(now, planned, Some(error)));
    }

    fn blank(&self, now: u64, planned: &PlannedTask, error: Option<TaskError>) -> TaskResult {
        TaskResult {
            task_id: planned.id.clone(),
            agent_type: planned.agent.name.clone(),
            status: self.status,
            output: None,
            execution_ms: self.spawned_at.map_or(0, |at| now.saturating_sub(at)),
            error,
            session_key: None,
            metadata: ResultMetadata {
                label: prompt::label(planned),
                attempts: self.attempts,
                model_requested: planned.model.clone(),
                queued_ms: self.spawned_at.unwrap_or(now),
                ..ResultMetadata::default()
            },
        }
    }

    /// The record that it ended with, if it has.
    pub fn result(&self) -> Option<&TaskResult> {
        self.result.as_ref()
    }

    /// Takes that record, with what is known about its session at the very end.
    pub fn take_result(&mut self, deleted: &BTreeSet<SessionKey>) -> Option<TaskResult> {
        let mut result = self.result.take()?;
        result.metadata.deleted = result.session_key.as_ref().is_some_and(|session| deleted.contains(session));
        Some(result)
    }
}

/// Whether another model ran than the one asked for. `haiku` and `anthropic/haiku` are the same.
fn differ(requested: Option<&str>, applied: Option<&str>) -> bool {
    let (Some(requested), Some(applied)) = (requested, applied) else { return false };
    let same = applied == requested || applied.strip_suffix(requested).is_some_and(|provider| provider.ends_with('/'));
    !same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_prefix_is_no_difference() {
        assert!(!differ(Some("haiku"), Some("anthropic/haiku")));
        assert!(!differ(None, Some("x")) && !differ(Some("x"), None));
        assert!(differ(Some("haiku"), Some("anthropic/not-haiku")));
    }
}
