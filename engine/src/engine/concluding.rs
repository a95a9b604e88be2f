//! The end of a run: its clock, its last deletions, its report.

use super::{Engine, Purpose};
use crate::canary;
use crate::host::Command;
use crate::policy::wait::Enough;
use crate::report;
use crate::session::StopReason;
use crate::task::WaitMode;

impl Engine {
    /// When the run's own soft end is due next: no new sessions, or enough waited.
    pub(super) fn soft_end(&self) -> Option<u64> {
        let rules = &self.plan.rules;
        let until = (rules.wait.mode == WaitMode::Until).then_some(rules.wait.seconds);
        let ends = [until, rules.caps.seconds].into_iter().flatten().map(|seconds| u64::from(seconds) * 1_000);
        ends.filter(|at| *at > self.now).min()
    }

    /// What the clock alone ends.
    pub(super) fn ring_for_the_run(&mut self) {
        if self.stop.is_none() && self.now >= self.deadline_ms() {
            let seconds = self.plan.deadline_seconds;
            self.stop_all(StopReason::Deadline { seconds });
        }
        let wait = &self.plan.rules.wait;
        if self.stop.is_none() && wait.mode == WaitMode::Until && self.now >= u64::from(wait.seconds) * 1_000 {
            self.enough = Some(Enough { value: None });
            self.stop_all(StopReason::Enough);
        }
        if self.now >= self.give_up_at {
            self.give_up();
        }
    }

    /// Deletes what is to be deleted, and ends the run when nothing is left to do.
    pub(super) fn conclude(&mut self) {
        if (self.ended as usize) < self.tasks.len() {
            return;
        }
        for session in self.cleaning.due() {
            let request = self.request(Purpose::Delete(session.clone()));
            self.cleaning.asked(self.now, session.clone());
            self.out.push(Command::Delete(request, session));
        }
        if !self.cleaning.is_done() {
            return;
        }
        self.leaked.extend(self.cleaning.take_failed());
        let deleted = self.cleaning.take_deleted();
        // Nothing more happens to a session, and the report is large: what it takes need not come on top.
        self.attempts = Vec::new();
        self.sessions.clear();
        self.requests.clear();
        // Room for all of them at once, as a list that grows holds twice of what it has while it moves.
        let mut results = Vec::with_capacity(self.tasks.len());
        results.extend(self.tasks.iter_mut().filter_map(|run| run.take_result(&deleted)));
        if canary::is("wrong-order-of-results") {
            results.reverse();
        }
        let totals = report::Totals {
            elapsed_ms: self.now,
            spawn_calls: self.spawn_calls,
            peak_in_flight: self.slots.peak(),
            ignored_events: self.ignored_events,
            leaked: std::mem::take(&mut self.leaked),
            stopped_by: self.stop.take(),
            enough: self.enough.take(),
            budget: self.budget.report(),
            budget_ended: self.budget_ended,
            forecast: self.forecast,
        };
        self.over = true;
        self.finished = Some(Ok(report::assemble(results, totals, &self.plan)));
    }
}
