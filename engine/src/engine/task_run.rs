//! What the engine remembers of one task, and the result that it becomes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::session_end::Settled;
use crate::answer::RawAnswer;
use crate::host::ToolUse;
use crate::ids::{AttemptIndex, SessionKey};
use crate::plan::PlannedTask;
use crate::policy::model_check;
use crate::prompt::Earlier;
use crate::task::{
    AttemptKind, AttemptRecord, Decided, Decision, ResultMetadata, TaskError, TaskResult, TaskStatus, Tier, Usage,
};

/// Decisions that are kept of one task; what comes later says little that is new.
const MAX_DECISIONS: usize = 32;

/// The session that comes next.
#[derive(Clone, Debug)]
pub struct Next {
    pub kind: AttemptKind,
    /// None: as the plan has it.
    pub tier: Option<Tier>,
    /// What it is told of the one before.
    pub earlier: Option<Earlier>,
}

/// How often a task was done again, by the reason; each has a limit of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// For infrastructure errors.
    pub retries: u32,
    pub rate_limited: u32,
    /// A server was not ready.
    pub not_ready: u32,
    /// A restart of the host cut the session off.
    pub interrupted: u32,
    /// The host was locked or limited the rate of spawn calls.
    pub busy: u32,
    pub corrections: u32,
    /// The answer was empty.
    pub blanks: u32,
    /// A review did not count.
    pub lost_reviews: u32,
    pub hedges: u32,
}

/// What a session left, after its checks.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The answer, or the text that did not pass.
    pub output: Option<Value>,
    /// Why it does not count.
    pub error: Option<TaskError>,
    /// The end is missing.
    pub truncated: bool,
    /// Prose or a fence around it was left out.
    pub unwrapped: bool,
    /// Its JSON was put right here, without a correction.
    pub repaired: bool,
    /// It may be an error message in the place of an answer.
    pub doubtful: bool,
    /// The host removed secrets from it.
    pub redacted: bool,
    /// Its length before anything was cut.
    pub bytes: u64,
    pub session: Option<SessionKey>,
    pub kind: Option<AttemptKind>,
    /// That of the model that ran.
    pub tier: Option<Tier>,
    pub model_requested: Option<String>,
    pub model_applied: Option<String>,
    /// When it was started.
    pub started_ms: u64,
}

/// One task while the run lasts.
#[derive(Debug)]
pub struct TaskRun {
    pub status: TaskStatus,
    pub next: Next,
    /// Sessions that have not ended: one, or two while it is hedged.
    pub live: Vec<AttemptIndex>,
    /// Sessions that the host was asked for and has not refused for lack of room.
    pub attempts: u32,
    pub used: Used,
    /// The highest tier that its own sessions were asked for. No later one is asked for a lower tier.
    pub reached: Option<Tier>,
    /// The last session's answer that says something. Boxed, as it becomes a part of the result.
    pub kept: Option<Box<Kept>>,
    /// What the tools of the last session that did the work did.
    pub tools: Option<ToolUse>,
    /// How one of two sessions failed, while the other may still answer.
    pub(super) failed_twin: Option<Box<Settled>>,
    /// How it ends as soon as its last session has.
    pub decided: Option<(TaskStatus, Option<TaskError>)>,
    /// Nothing more is started for it.
    pub stopped: bool,
    /// What holds it back, for the decisions.
    pub held_by: &'static str,
    /// When it could have been started for the first time since it was last taken.
    pub ready_at: u64,
    history: History,
    result: Option<Box<TaskResult>>,
}

/// What happened so far.
#[derive(Debug, Default)]
struct History {
    spawned_at: Option<u64>,
    sessions: Vec<AttemptRecord>,
    decisions: Vec<Decision>,
}

impl Default for TaskRun {
    fn default() -> Self {
        Self {
            status: TaskStatus::Pending,
            next: Next { kind: AttemptKind::First, tier: None, earlier: None },
            live: Vec::new(),
            attempts: 0,
            used: Used::default(),
            reached: None,
            kept: None,
            tools: None,
            failed_twin: None,
            decided: None,
            stopped: false,
            held_by: "dependencies or a free slot",
            ready_at: 0,
            history: History::default(),
            result: None,
        }
    }
}

impl TaskRun {
    /// A session is asked for.
    pub fn begin(&mut self, now: u64, attempt: AttemptIndex, tier: Option<Tier>) {
        self.status = TaskStatus::Running;
        self.history.spawned_at.get_or_insert(now);
        // Most tasks have one session at a time, and a list grows by four when it is not told.
        self.live.reserve_exact(1);
        self.live.push(attempt);
        self.reached = self.reached.max(tier);
        self.attempts += 1;
    }

    /// The host had no room: as if it had not begun.
    pub fn withdraw(&mut self, attempt: AttemptIndex) {
        self.live.retain(|live| *live != attempt);
        self.attempts = self.attempts.saturating_sub(1);
        if self.attempts == 0 {
            self.history.spawned_at = None;
        }
    }

    /// A session is over.
    pub fn log(&mut self, attempt: AttemptIndex, record: AttemptRecord) {
        self.live.retain(|live| *live != attempt);
        // As with those that are alive.
        self.history.sessions.reserve_exact(1);
        self.history.sessions.push(record);
    }

    /// Notes a decision.
    pub fn decide(&mut self, at_ms: u64, what: Decided) {
        if self.history.decisions.len() < MAX_DECISIONS {
            self.history.decisions.push(Decision { at_ms, what });
        }
    }

    /// The last session's record.
    pub fn last(&self) -> Option<&AttemptRecord> {
        self.history.sessions.last()
    }

    /// Keeps an answer, unless it says nothing and there is one already: what was paid for is not thrown away.
    pub fn keep(&mut self, kept: Kept) {
        if kept.output.is_some() || self.output().is_none() {
            self.kept = Some(Box::new(kept));
        }
    }

    /// The answer that is kept, if it says something.
    pub fn output(&self) -> Option<&Value> {
        self.kept.as_ref()?.output.as_ref()
    }

    /// Writes the one record.
    pub fn end(
        &mut self,
        now: u64,
        planned: &PlannedTask,
        label: String,
        status: TaskStatus,
        error: Option<TaskError>,
    ) {
        self.status = status;
        let kept = self.kept.take().map(|kept| *kept).unwrap_or_default();
        self.history.decisions.shrink_to_fit();
        let (usage, cost_micro_usd) = used(&self.history.sessions);
        let metadata = ResultMetadata {
            label,
            // The report knows the plan, and enters them.
            dependencies: Vec::new(),
            attempts: self.attempts,
            tier: kept.tier,
            model_mismatch: model_check::differ(kept.model_requested.as_deref(), kept.model_applied.as_deref()),
            model_requested: kept.model_requested.or_else(|| planned.model.clone()),
            model_applied: kept.model_applied,
            usage,
            cost_micro_usd,
            queued_ms: self.history.spawned_at.unwrap_or(now),
            output_bytes: kept.bytes,
            truncated: kept.truncated,
            redacted: kept.redacted,
            unwrapped: kept.unwrapped,
            repaired: kept.repaired,
            doubtful: kept.doubtful,
            corrected: status == TaskStatus::Completed && kept.kind == Some(AttemptKind::Correction),
            deleted: false,
            attempt_log: std::mem::take(&mut self.history.sessions),
            decisions: std::mem::take(&mut self.history.decisions),
        };
        self.result = Some(Box::new(TaskResult {
            task_id: planned.id.clone(),
            agent_type: planned.agent.name.clone(),
            status,
            output: kept.output,
            execution_ms: self.history.spawned_at.map_or(0, |at| now.saturating_sub(at)),
            error,
            session_key: kept.session,
            metadata,
        }));
    }

    /// Enters into the record of a session what it used, of which nobody had said so. None: it is known, or
    /// there was no such session.
    pub fn book<T>(&mut self, number: u32, enter: impl FnOnce(&mut AttemptRecord) -> T) -> Option<T> {
        let log = match &mut self.result {
            Some(result) => &mut result.metadata.attempt_log,
            None => &mut self.history.sessions,
        };
        let entered = enter(log.iter_mut().find(|record| record.number == number && record.usage.is_none())?);
        if let Some(result) = &mut self.result {
            let metadata = &mut result.metadata;
            (metadata.usage, metadata.cost_micro_usd) = used(&metadata.attempt_log);
        }
        Some(entered)
    }

    /// The record that it ended with, if it has.
    pub fn result(&self) -> Option<&TaskResult> {
        self.result.as_deref()
    }

    /// Takes the answer out of that record; how long it was stays there.
    pub fn let_go_of_output(&mut self) {
        if let Some(result) = &mut self.result {
            result.output = None;
        }
    }

    /// Takes that record, with what is known about its session at the very end.
    pub fn take_result(&mut self, deleted: &BTreeSet<SessionKey>) -> Option<TaskResult> {
        let mut result = *self.result.take()?;
        result.metadata.deleted = result.session_key.as_ref().is_some_and(|session| deleted.contains(session));
        Some(result)
    }
}

/// What all sessions of a task used and cost, as far as anybody said.
fn used(log: &[AttemptRecord]) -> (Option<Usage>, Option<u64>) {
    let used = || log.iter().filter(|record| record.session_key.is_some());
    (
        used().filter_map(|record| record.usage).reduce(Usage::plus),
        used().filter_map(|record| record.cost_micro_usd).reduce(u64::saturating_add),
    )
}

impl Kept {
    /// What arrived, before it is checked.
    pub fn of(raw: Option<&RawAnswer>) -> Self {
        Self {
            bytes: raw.map_or(0, |raw| raw.text.len() as u64),
            redacted: raw.is_some_and(|raw| raw.redacted),
            ..Self::default()
        }
    }
}
