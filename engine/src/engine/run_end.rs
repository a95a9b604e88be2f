//! The end of a run: its last deletions, its report.

use std::collections::BTreeSet;

use super::state::Engine;
use crate::report;

impl Engine {
    /// Deletes what is to be deleted, and ends the run when nothing is left to do.
    pub(super) fn end_if_done(&mut self) {
        if !self.tasks.all_ended() {
            return;
        }
        for session in self.deletions.take_due(self.run.now()) {
            self.requests.delete(session);
        }
        if !self.deletions.is_done() {
            return;
        }
        let mut leaked = self.scheduler.take_leaked();
        let (deleted, left) = self.deletions.take();
        leaked.extend(left);
        // One that would not stop and is deleted now is gone; one that would not be deleted either is one session.
        let mut named = BTreeSet::new();
        leaked.retain(|session| !deleted.contains(session) && named.insert(session.clone()));
        // Nothing more happens to a session, and the report is large: what it takes need not come on top.
        self.attempts.forget();
        self.sessions.forget();
        self.requests.forget();
        let (results, planned) = self.tasks.take(&deleted);
        let (stopped_by, enough) = self.run.take_ends();
        let (budget, budget_ended) = self.scheduler.spending();
        let totals = report::Totals {
            elapsed_ms: self.run.now(),
            spawn_calls: self.requests.spawn_calls(),
            peak_in_flight: self.scheduler.peak(),
            ignored_events: self.ignored_events,
            leaked,
            stopped_by,
            enough,
            budget,
            budget_ended,
            forecast: self.run.forecast(),
        };
        self.over = true;
        self.finished = Some(Ok(report::assemble(results, totals, &planned, &self.run.rules)));
    }
}
