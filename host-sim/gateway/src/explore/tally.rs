//! What all runs together did.

use std::collections::BTreeMap;

use parallel_agents::documents::DocumentReply;
use serde::Serialize;

use super::finding::Finding;
use crate::call::Called;
use crate::checker::{Excuse, Excuses, Spending};
use crate::host::SessionHost;

/// The numbers of an exploration.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Seeds that were run.
    pub seeds: u64,
    /// Seeds whose second run was not the same.
    pub determinism_mismatches: u64,
    /// What all calls of the component did, those of copies included.
    pub calls: Calls,
    /// Copies of runs to which something was done.
    pub copies: Copies,
    /// What results and the host's own account do not agree about.
    pub census: Census,
    /// How far runs went above what they were allowed.
    pub over: Over,
    /// How often each fault struck, by its name.
    pub faults: BTreeMap<&'static str, u64>,
    /// Runs by the status that they ended with.
    pub outcomes: BTreeMap<String, u64>,
    /// Runs that violated an invariant, by seed.
    pub failed_runs: Vec<FailedRun>,
    /// What did not count as a violated invariant, by the rule.
    pub excuses: Excuses,
}

/// What calls of the component did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Calls {
    /// Calls of the component, those of copies included.
    pub runs: u64,
    /// Requests that the component made of the host.
    pub host_calls: u64,
    /// Sessions that came into being.
    pub sessions: u64,
    /// Milliseconds of simulated time.
    #[serde(skip)]
    pub simulated_ms: u64,
}

/// Copies of runs to which something was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Copies {
    /// Copies that were cancelled.
    pub cancels: u64,
    /// Copies whose component was dropped.
    pub traps: u64,
    /// Copies that were cut off.
    pub crash_points: u64,
    /// Copies that were continued after that.
    pub resumes: u64,
    /// Seeds whose run is calm: the result of a task depends on that task alone.
    pub calm_runs: u64,
    /// Copies of calm runs that were continued after they were cut off.
    pub calm_resumes: u64,
    /// Results of tasks that had ended before a cut, compared with those of the run without the cut.
    pub results_before_cuts: u64,
    /// Results of other tasks of calm runs, compared in the same way.
    pub results_of_calm_runs: u64,
}

/// What results and the host's own account do not agree about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Census {
    /// Tasks and sessions of which no result tells.
    pub lost: u64,
    /// Tasks and sessions that results tell of more than once.
    pub duplicated: u64,
    /// Results of tasks that nobody asked for, and of sessions that the host never made for this call.
    pub unexpected: u64,
    /// Sessions that were alive when a call came back, without the host's doing.
    pub orphans: u64,
    /// Sessions beyond the first for the same attempt of a task.
    pub duplicate_spawns: u64,
}

/// How far runs went above what they were allowed: of all runs the largest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Over {
    /// Sessions alive above the cap of their run.
    pub in_flight: u32,
    /// Spending above the budget that nothing explains.
    pub budget: Spending,
    /// Spending above the budget by single sessions which used more than was reserved for each, or than the call could know.
    pub excused_budget: Spending,
}

impl Calls {
    fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.host_calls += other.host_calls;
        self.sessions += other.sessions;
        self.simulated_ms += other.simulated_ms;
    }
}

impl Copies {
    fn add(&mut self, other: Self) {
        self.cancels += other.cancels;
        self.traps += other.traps;
        self.crash_points += other.crash_points;
        self.resumes += other.resumes;
        self.calm_runs += other.calm_runs;
        self.calm_resumes += other.calm_resumes;
        self.results_before_cuts += other.results_before_cuts;
        self.results_of_calm_runs += other.results_of_calm_runs;
    }
}

impl Census {
    fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.unexpected += other.unexpected;
        self.orphans += other.orphans;
        self.duplicate_spawns += other.duplicate_spawns;
    }
}

impl Over {
    fn join(&mut self, other: Self) {
        self.in_flight = self.in_flight.max(other.in_flight);
        self.budget = self.budget.most(other.budget);
        self.excused_budget = self.excused_budget.most(other.excused_budget);
    }
}

/// A run that violated an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRun {
    /// Repeats the run, together with `perturbation`.
    pub seed: u64,
    /// What was done to it.
    pub perturbation: String,
    /// What was broken.
    pub what: Vec<Finding>,
}

/// A tally as a document: the counters of all explorations, whatever they did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counters {
    seeds: u64,
    #[serde(flatten)]
    calls: Calls,
    faults: BTreeMap<&'static str, u64>,
    violations: u64,
    #[serde(flatten)]
    census: Census,
    determinism_mismatches: u64,
    #[serde(flatten)]
    copies: Copies,
    max_in_flight_over_cap: u32,
    max_spend_over_budget: u64,
    max_tokens_over_budget: u64,
    max_excused_spend_over_budget: u64,
    max_excused_tokens_over_budget: u64,
    excused: Vec<Excused>,
    simulated_hours: f64,
    wall_seconds: f64,
}

/// How often something did not count as a violated invariant, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excused {
    /// The name of the rule.
    pub excuse: &'static str,
    /// What it says.
    pub rule: &'static str,
    /// How often it was needed.
    pub times: u64,
}

impl Tally {
    /// Simulated time, in hours.
    pub fn simulated_hours(&self) -> f64 {
        self.calls.simulated_ms as f64 / 3_600_000.0
    }

    /// The counters, with the time that it all took.
    pub fn counters(&self, wall_seconds: f64) -> Counters {
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        Counters {
            seeds: self.seeds,
            calls: self.calls,
            faults: self.faults.clone(),
            violations: self.failed_runs.len() as u64,
            census: self.census,
            determinism_mismatches: self.determinism_mismatches,
            copies: self.copies,
            max_in_flight_over_cap: self.over.in_flight,
            max_spend_over_budget: self.over.budget.micro_usd,
            max_tokens_over_budget: self.over.budget.tokens,
            max_excused_spend_over_budget: self.over.excused_budget.micro_usd,
            max_excused_tokens_over_budget: self.over.excused_budget.tokens,
            excused: self.excused(),
            simulated_hours: rounded(self.simulated_hours()),
            wall_seconds: rounded(wall_seconds),
        }
    }

    /// How often each excuse was needed, those that were never needed included.
    pub fn excused(&self) -> Vec<Excused> {
        let of =
            |excuse: Excuse| Excused { excuse: excuse.name(), rule: excuse.rule(), times: self.excuses.times(excuse) };
        Excuse::ALL.into_iter().map(of).collect()
    }

    /// Counts a call, however it ended.
    pub(super) fn count(&mut self, called: &Called<DocumentReply>) {
        let summary = called.backend.checker().summary();
        self.calls.runs += 1;
        self.calls.host_calls += u64::from(summary.requests);
        self.calls.sessions += u64::from(summary.sessions);
        for (fault, times) in summary.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        self.calls.simulated_ms += called.backend.now_ms().saturating_sub(called.backend.host().opened_ms());
    }

    /// Enters what a call that was not dropped left.
    pub(super) fn enter(&mut self, called: &Called<DocumentReply>) {
        let checker = called.backend.checker();
        *self.outcomes.entry(outcome(called)).or_default() += 1;
        self.census.orphans += u64::from(checker.unexcused_orphans());
        self.census.duplicate_spawns += u64::from(checker.duplicate_sessions());
        let over = checker.allowed().max_live.map_or(0, |cap| checker.peak_live().saturating_sub(cap));
        let spent = checker.overspend();
        self.over.join(Over { in_flight: over, budget: spent.unexcused, excused_budget: spent.excused });
        self.excuses.join(&checker.excuses());
    }

    /// Enters what is wrong with a run, if anything is.
    pub(super) fn note(&mut self, seed: u64, perturbation: &str, what: Vec<Finding>) {
        for finding in &what {
            match finding.code {
                Finding::LOST => self.census.lost += 1,
                Finding::DUPLICATED => self.census.duplicated += 1,
                Finding::UNEXPECTED => self.census.unexpected += 1,
                _ => {}
            }
        }
        if !what.is_empty() {
            self.failed_runs.push(FailedRun { seed, perturbation: perturbation.to_owned(), what });
        }
    }

    /// Adds the numbers of another exploration, of other seeds.
    pub fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.determinism_mismatches += other.determinism_mismatches;
        self.calls.add(other.calls);
        self.copies.add(other.copies);
        self.census.add(other.census);
        self.over.join(other.over);
        for (fault, times) in other.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        for (outcome, times) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += times;
        }
        self.failed_runs.extend(other.failed_runs);
        // Stable: what was done to one seed keeps its order.
        self.failed_runs.sort_by_key(|failed_run| failed_run.seed);
        self.excuses.join(&other.excuses);
    }
}

/// The status of a run's report, or what there is in its place.
fn outcome(called: &Called<DocumentReply>) -> String {
    #[derive(serde::Deserialize)]
    struct Status {
        status: Option<String>,
    }
    match &called.result {
        Err(error) => error.code().to_owned(),
        Ok(DocumentReply::Refused(_)) => "refused".to_owned(),
        Ok(DocumentReply::Answer(text)) => {
            let status = serde_json::from_str::<Status>(text).ok().and_then(|report| report.status);
            status.unwrap_or_else(|| "without a status".to_owned())
        }
    }
}
