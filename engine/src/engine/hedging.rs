//! Twins for sessions that take unusually long.

use super::Engine;
use super::choosing::Target;
use crate::ids::AttemptIndex;
use crate::policy::hedge::{self, Durations};
use crate::schedule::Verdict;
use crate::task::AttemptKind;

impl Engine {
    /// Gives late sessions of tasks that may run twice a twin, as far as the allowance goes.
    pub(super) fn start_twins(&mut self) {
        if !self.hedges_at_all() {
            return;
        }
        let late: Vec<AttemptIndex> =
            self.live.iter().copied().filter(|index| self.late_at(*index).is_some_and(|at| at <= self.now)).collect();
        for index in late {
            if !self.slots.has_room() || self.late_at(index).is_none() {
                continue;
            }
            let Some(attempt) = self.attempts.get(index.0) else { continue };
            let task = attempt.task;
            let target = Target { tier: attempt.tier, model: attempt.model.clone(), group: attempt.group.clone() };
            let room = self.admission.has_room(&target.group.1, self.now)
                && self.breaker.verdict(&target.group, self.now) == Verdict::Closed;
            // A twin is a luxury: without room or money there is none.
            if room && self.open_attempt(task, AttemptKind::Hedge, target).is_ok() {
                self.hedges += 1;
                if let Some(run) = self.tasks.get_mut(task.0) {
                    run.used.hedges += 1;
                }
            }
        }
    }

    /// Whether any session may have a twin now. Answers that a judge looks at get none: there would be two to judge.
    fn hedges_at_all(&self) -> bool {
        self.plan.rules.hedge
            && self.plan.rules.judge.is_none()
            && self.stop.is_none()
            && self.hedges < hedge::allowance(self.plan.tasks.len())
    }

    /// When a session counts as late, if it may have a twin.
    fn late_at(&self, index: AttemptIndex) -> Option<u64> {
        let attempt = self.attempts.get(index.0)?;
        let (planned, run) = (self.plan.tasks.get(attempt.task.0)?, self.tasks.get(attempt.task.0)?);
        let may = planned.handling.idempotent
            && !run.stopped
            && run.used.hedges == 0
            && run.live.len() == 1
            && !matches!(attempt.kind, AttemptKind::Judge | AttemptKind::Correction)
            && attempt.machine.as_ref().is_some_and(|machine| machine.is_running())
            && self.hedges < hedge::allowance(self.plan.tasks.len());
        let late_after = self.durations.get(&planned.agent.name).and_then(Durations::late_after_ms);
        // Late is whoever takes longer.
        Some(attempt.running_since?.saturating_add(late_after?).saturating_add(1)).filter(|_| may)
    }

    /// When the next session counts as late.
    pub(super) fn next_hedge(&self) -> Option<u64> {
        if !self.hedges_at_all() || !self.slots.has_room() {
            return None;
        }
        self.live.iter().filter_map(|index| self.late_at(*index)).filter(|at| *at > self.now).min()
    }
}
