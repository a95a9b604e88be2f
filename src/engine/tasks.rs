//! What the engine remembers of each task, and the result that it becomes.

use std::collections::BTreeSet;

use serde_json::Value;

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
    ended_at: u64,
    session: Option<SessionKey>,
    ending: Option<Ending>,
    error: Option<TaskError>,
    judged: Option<answer::Judged>,
}

impl Default for TaskRun {
    fn default() -> Self {
        Self {
            status: TaskStatus::Pending,
            machine: None,
            alarm: None,
            attempts: 0,
            spawned_at: None,
            ended_at: 0,
            session: None,
            ending: None,
            error: None,
            judged: None,
        }
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
    pub fn finish(&mut self, now: u64, planned: &PlannedTask, mut ending: Ending) -> Option<SessionKey> {
        self.session = self.machine.take().and_then(|machine| machine.session().cloned());
        self.ended_at = now;
        self.status = ending.status;
        self.error = ending.error.take();
        if let Some(raw) = &ending.answer {
            let mut judged = if ending.status == TaskStatus::Completed {
                answer::judge(raw, planned.output_format, planned.output_schema.as_ref())
            } else {
                answer::keep_only(raw)
            };
            if let Some(error) = judged.error.take() {
                self.status = TaskStatus::Failed;
                self.error = Some(error);
            }
            self.judged = Some(judged);
        }
        self.ending = Some(ending);
        self.session.clone()
    }

    /// It never got a session.
    pub fn end_unstarted(&mut self, status: TaskStatus, error: TaskError) {
        self.status = status;
        self.error = Some(error);
    }

    /// What it gave its dependants.
    pub fn output(&self) -> Option<&Value> {
        self.judged.as_ref()?.output.as_ref()
    }

    /// The record that it ends with.
    pub fn result(&mut self, planned: &PlannedTask, run_ms: u64, deleted: &BTreeSet<SessionKey>) -> TaskResult {
        let ending = self.ending.take();
        let raw = ending.as_ref().and_then(|ending| ending.answer.as_ref());
        let judged = self.judged.take();
        let model_applied = ending.as_ref().and_then(|ending| ending.model.clone());
        let metadata = ResultMetadata {
            label: prompt::label(planned),
            attempts: self.attempts,
            model_mismatch: differ(planned.model.as_deref(), model_applied.as_deref()),
            model_requested: planned.model.clone(),
            model_applied,
            usage: ending.as_ref().and_then(|ending| ending.usage),
            queued_ms: self.spawned_at.unwrap_or(run_ms),
            output_bytes: raw.map_or(0, |raw| raw.text.len() as u64),
            truncated: judged.as_ref().is_some_and(|judged| judged.truncated),
            redacted: raw.is_some_and(|raw| raw.redacted),
            unwrapped: judged.as_ref().is_some_and(|judged| judged.unwrapped),
            deleted: self.session.as_ref().is_some_and(|session| deleted.contains(session)),
        };
        TaskResult {
            task_id: planned.id.clone(),
            agent_type: planned.agent.name.clone(),
            status: self.status,
            output: judged.and_then(|judged| judged.output),
            execution_ms: self.spawned_at.map_or(0, |at| self.ended_at.saturating_sub(at)),
            error: self.error.take(),
            session_key: self.session.take(),
            metadata,
        }
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
