//! The single accounts of which a ledger consists.

use std::collections::BTreeSet;

use parallel_agents::host::{Progress, SessionState};
use parallel_agents::ids::TaskId;
use parallel_agents::task::{Cleanup, Usage};

/// One request and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The function, as messages call it.
    pub(super) function: &'static str,
    pub(super) answers: u32,
    /// Label and cleanup of a spawn call.
    pub(super) spawn: Option<(String, Cleanup)>,
}

impl Asked {
    pub(super) fn new(function: &'static str) -> Self {
        Self { function, answers: 0, spawn: None }
    }
}

/// One session.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) label: String,
    pub(super) cleanup: Cleanup,
    pub(super) state: SessionState,
    pub(super) usage: Option<Usage>,
    pub(super) cost_micro_usd: u64,
    pub(super) deleted: bool,
    /// Ends that the component was told of.
    pub(super) ends_told: u32,
    /// Cancel and delete requests.
    pub(super) cleanup_tries: u32,
    /// History requests that came after the session was deleted.
    pub(super) history_after_delete: u32,
}

impl Account {
    pub(super) fn new(label: String, cleanup: Cleanup) -> Self {
        Self {
            label,
            cleanup,
            state: SessionState::Queued,
            usage: None,
            cost_micro_usd: 0,
            deleted: false,
            ends_told: 0,
            cleanup_tries: 0,
            history_after_delete: 0,
        }
    }

    /// Whether it has not ended.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, SessionState::Queued | SessionState::Running | SessionState::Unknown)
    }
}

/// The progress that the component reported.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    next_seq: u64,
    ended: BTreeSet<TaskId>,
}

impl Tasks {
    /// Enters a report. What is wrong with it.
    pub(super) fn enter(&mut self, progress: &Progress) -> Vec<String> {
        let mut wrong = Vec::new();
        if progress.seq != self.next_seq {
            wrong.push(format!("progress {} came where {} was due", progress.seq, self.next_seq));
        }
        self.next_seq = progress.seq.saturating_add(1);
        if self.ended.contains(&progress.task) {
            wrong.push(format!("task {} was reported as {} after its end", progress.task, progress.status.name()));
        }
        if progress.status.is_final() {
            self.ended.insert(progress.task.clone());
        }
        wrong
    }

    /// Tasks with a final report.
    pub(super) fn ended(&self) -> usize {
        self.ended.len()
    }
}
