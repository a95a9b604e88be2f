//! Takes away from a failing seed what it does not need in order to fail.

use std::collections::BTreeSet;

use super::case::Cut;
use super::explorer::Explorer;
use super::tally::{FailedRun, Tally};

/// Runs that one case may be tried in; a case that needs more stays as large as it is then.
const MAX_TRIES: u32 = 300;

impl Explorer<'_> {
    /// The smallest cut of a seed with which it still violates one of the invariants that it violated: without stops, with as few
    /// tasks and then with as few faults as possible.
    pub async fn shrink(&self, failed_run: &FailedRun) -> Cut {
        let mut shrinking = Shrinking { explorer: self, failed_run, cut: self.options.cut.clone(), tries: 0 };
        shrinking.stops().await;
        shrinking.tasks().await;
        shrinking.faults().await;
        shrinking.cut
    }

    async fn breaks(&self, failed_run: &FailedRun, cut: &Cut) -> bool {
        let mut tally = Tally::default();
        self.carry_out(failed_run.seed, cut, &mut tally).await;
        let codes =
            |failed_run: &FailedRun| failed_run.what.iter().map(|finding| finding.code).collect::<BTreeSet<_>>();
        tally.failed_runs.iter().any(|other| !codes(other).is_disjoint(&codes(failed_run)))
    }
}

struct Shrinking<'a> {
    explorer: &'a Explorer<'a>,
    failed_run: &'a FailedRun,
    cut: Cut,
    tries: u32,
}

impl Shrinking<'_> {
    /// Keeps a smaller cut if it still fails.
    async fn try_out(&mut self, smaller: Cut) -> bool {
        self.tries += 1;
        let breaks = self.tries <= MAX_TRIES && self.explorer.breaks(self.failed_run, &smaller).await;
        if breaks {
            self.cut = smaller;
        }
        breaks
    }

    async fn stops(&mut self) {
        let smaller = Cut { no_stops: true, ..self.cut.clone() };
        self.try_out(smaller).await;
    }

    /// Leaves out halves, then quarters, down to single tasks, as long as anything can be left out.
    async fn tasks(&mut self) {
        let all = self.explorer.case(self.failed_run.seed).parts();
        let mut kept: Vec<usize> = match &self.cut.tasks {
            Some(tasks) => tasks.iter().copied().collect(),
            None => (1..=all).collect(),
        };
        let mut size = kept.len() / 2;
        while size > 0 {
            let mut start = 0;
            let mut left_out = false;
            while start < kept.len() && kept.len() > 1 {
                let end = (start + size).min(kept.len());
                let fewer: Vec<usize> = kept[..start].iter().chain(&kept[end..]).copied().collect();
                let smaller = Cut { tasks: Some(fewer.iter().copied().collect()), ..self.cut.clone() };
                if !fewer.is_empty() && self.try_out(smaller).await {
                    kept = fewer;
                    left_out = true;
                } else {
                    start = end;
                }
            }
            // Once more with single tasks, as long as that helps: one may only be needed because of another.
            if size > 1 || !left_out {
                size /= 2;
            }
        }
    }

    async fn faults(&mut self) {
        let all = self.explorer.case(self.failed_run.seed).faults();
        let kept = self.cut.faults.clone().unwrap_or(all);
        if self.try_out(Cut { faults: Some(BTreeSet::new()), ..self.cut.clone() }).await {
            return;
        }
        for name in &kept {
            let mut fewer = self.cut.faults.clone().unwrap_or_else(|| kept.clone());
            fewer.remove(name);
            self.try_out(Cut { faults: Some(fewer), ..self.cut.clone() }).await;
        }
    }
}
