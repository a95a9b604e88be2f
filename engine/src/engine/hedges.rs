//! Which sessions take so long that a second one is started beside them.

use std::collections::BTreeMap;

use super::attempts::Attempts;
use super::run::Run;
use super::tasks::{Task, Tasks};
use crate::ids::{AgentType, AttemptIndex};
use crate::policy::hedge::{self, Durations};
use crate::task::AttemptKind;

/// How long sessions take, and how many second ones the run has had.
#[derive(Debug, Default)]
pub(super) struct Hedges {
    started: u32,
    /// Of sessions that ended well, by agent type.
    durations: BTreeMap<AgentType, Durations>,
}

impl Hedges {
    pub(super) fn count_start(&mut self) {
        self.started += 1;
    }

    /// A session ended well after so many milliseconds. Only runs with second sessions enter this: the durations are kept in
    /// order, so each one costs more than the one before.
    pub(super) fn enter(&mut self, agent: &AgentType, took_ms: u64) {
        self.durations.entry(agent.clone()).or_default().enter(took_ms);
    }

    /// The sessions that are late now and may have a second one.
    pub(super) fn late(&self, run: &Run, tasks: &Tasks, attempts: &Attempts) -> Vec<AttemptIndex> {
        if !self.may_start(run, tasks) {
            return Vec::new();
        }
        let is_late = |index: &AttemptIndex| self.late_at(tasks, attempts, *index).is_some_and(|at| at <= run.now());
        attempts.live().filter(is_late).collect()
    }

    /// When the next session counts as late.
    pub(super) fn wake_at(&self, run: &Run, tasks: &Tasks, attempts: &Attempts) -> Option<u64> {
        if !self.may_start(run, tasks) {
            return None;
        }
        attempts.live().filter_map(|index| self.late_at(tasks, attempts, index)).filter(|at| *at > run.now()).min()
    }

    /// Whether any session may have a second one now. Answers that a judge looks at get none: there would be two to judge.
    fn may_start(&self, run: &Run, tasks: &Tasks) -> bool {
        run.rules.hedge && run.rules.judge.is_none() && !run.is_stopping() && self.has_allowance(tasks)
    }

    pub(super) fn has_allowance(&self, tasks: &Tasks) -> bool {
        self.started < hedge::allowance(tasks.len())
    }

    /// When a session counts as late, if it may have a second one.
    fn late_at(&self, tasks: &Tasks, attempts: &Attempts, index: AttemptIndex) -> Option<u64> {
        let attempt = &attempts[index];
        let Task { planned, run } = &tasks[attempt.task];
        let may = planned.handling.idempotent
            && !run.stopped
            && run.used.hedges == 0
            && run.live.len() == 1
            && !matches!(attempt.kind, AttemptKind::Judge | AttemptKind::Correction)
            && attempt.is_running();
        let late_after = self.durations.get(&planned.agent.name).and_then(Durations::late_after_ms);
        // Late is what takes longer.
        Some(attempt.running_since?.saturating_add(late_after?).saturating_add(1)).filter(|_| may)
    }
}
