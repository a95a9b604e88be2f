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
    /// Calls of the component, those of copies included.
    pub runs: u64,
    /// Requests that the component made of the host.
    pub host_calls: u64,
    /// Sessions that came into being.
    pub sessions: u64,
    /// How often each fault struck, by its name.
    pub faults: BTreeMap<&'static str, u64>,
    /// Runs by the status that they ended with.
    pub outcomes: BTreeMap<String, u64>,
    /// Runs that violated an invariant, by seed.
    pub failed_runs: Vec<FailedRun>,
    /// Tasks and sessions of which no result tells.
    pub lost: u64,
    /// Tasks and sessions that results tell of more than once.
    pub duplicated: u64,
    /// Results of tasks that nobody asked for, and of sessions that the host never made for this call.
    pub unexpected: u64,
    /// Sessions that were alive when a call came back, without the host's doing.
    pub orphans: u64,
    /// Seeds whose second run was not the same.
    pub determinism_mismatches: u64,
    /// Copies that were cancelled.
    pub cancels: u64,
    /// Copies whose component was dropped.
    pub traps: u64,
    /// Copies that were cut off.
    pub crash_points: u64,
    /// Copies that went on after that.
    pub resumes: u64,
    /// Sessions beyond the first for the same attempt of a task.
    pub duplicate_spawns: u64,
    /// The largest number of sessions alive above the cap of their run.
    pub max_in_flight_over_cap: u32,
    /// The largest spending of one run above its budget that nothing explains.
    pub max_over_budget: Spending,
    /// The largest spending of one run above its budget by single sessions which used more than was reserved for each, or than
    /// the call could know.
    pub max_excused_over_budget: Spending,
    /// What did not count as a violated invariant, by the rule.
    pub excuses: Excuses,
    /// Seeds whose run is calm.
    pub calm_runs: u64,
    /// Copies of calm runs that went on after they were cut off.
    pub calm_resumes: u64,
    /// Results of tasks that had ended before a cut, compared with those of the run without the cut.
    pub results_before_cuts: u64,
    /// Results of other tasks of calm runs, compared in the same way.
    pub results_of_calm_runs: u64,
    /// Milliseconds of simulated time.
    pub simulated_ms: u64,
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
    runs: u64,
    host_calls: u64,
    faults: BTreeMap<&'static str, u64>,
    violations: u64,
    lost: u64,
    duplicated: u64,
    unexpected: u64,
    orphans: u64,
    determinism_mismatches: u64,
    crash_points: u64,
    resumes: u64,
    duplicate_spawns: u64,
    calm_runs: u64,
    calm_resumes: u64,
    results_before_cuts: u64,
    results_of_calm_runs: u64,
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
        self.simulated_ms as f64 / 3_600_000.0
    }

    /// The counters, with the time that it all took.
    pub fn counters(&self, wall_seconds: f64) -> Counters {
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        Counters {
            seeds: self.seeds,
            runs: self.runs,
            host_calls: self.host_calls,
            faults: self.faults.clone(),
            violations: self.failed_runs.len() as u64,
            lost: self.lost,
            duplicated: self.duplicated,
            unexpected: self.unexpected,
            orphans: self.orphans,
            determinism_mismatches: self.determinism_mismatches,
            crash_points: self.crash_points,
            resumes: self.resumes,
            duplicate_spawns: self.duplicate_spawns,
            calm_runs: self.calm_runs,
            calm_resumes: self.calm_resumes,
            results_before_cuts: self.results_before_cuts,
            results_of_calm_runs: self.results_of_calm_runs,
            max_in_flight_over_cap: self.max_in_flight_over_cap,
            max_spend_over_budget: self.max_over_budget.micro_usd,
            max_tokens_over_budget: self.max_over_budget.tokens,
            max_excused_spend_over_budget: self.max_excused_over_budget.micro_usd,
            max_excused_tokens_over_budget: self.max_excused_over_budget.tokens,
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
        self.runs += 1;
        self.host_calls += u64::from(summary.requests);
        self.sessions += u64::from(summary.sessions);
        for (fault, times) in summary.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        self.simulated_ms += called.backend.now_ms().saturating_sub(called.backend.host().opened_ms());
    }

    /// Enters what a call that was not dropped left.
    pub(super) fn enter(&mut self, called: &Called<DocumentReply>) {
        let checker = called.backend.checker();
        *self.outcomes.entry(outcome(called)).or_default() += 1;
        self.orphans += u64::from(checker.unexcused_orphans());
        self.duplicate_spawns += u64::from(checker.duplicate_sessions());
        let over = checker.allowed().max_live.map_or(0, |cap| checker.peak_live().saturating_sub(cap));
        self.max_in_flight_over_cap = self.max_in_flight_over_cap.max(over);
        let over = checker.overspend();
        self.max_over_budget = self.max_over_budget.most(over.unexcused);
        self.max_excused_over_budget = self.max_excused_over_budget.most(over.excused);
        self.excuses.join(&checker.excuses());
    }

    /// Enters what is wrong with a run, if anything is.
    pub(super) fn note(&mut self, seed: u64, perturbation: &str, what: Vec<Finding>) {
        for finding in &what {
            match finding.code {
                Finding::LOST => self.lost += 1,
                Finding::DUPLICATED => self.duplicated += 1,
                Finding::UNEXPECTED => self.unexpected += 1,
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
        self.runs += other.runs;
        self.host_calls += other.host_calls;
        self.sessions += other.sessions;
        for (fault, times) in other.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        for (outcome, times) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += times;
        }
        self.failed_runs.extend(other.failed_runs);
        // Stable: what was done to one seed keeps its order.
        self.failed_runs.sort_by_key(|failed_run| failed_run.seed);
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.unexpected += other.unexpected;
        self.orphans += other.orphans;
        self.determinism_mismatches += other.determinism_mismatches;
        self.cancels += other.cancels;
        self.traps += other.traps;
        self.crash_points += other.crash_points;
        self.resumes += other.resumes;
        self.duplicate_spawns += other.duplicate_spawns;
        self.max_in_flight_over_cap = self.max_in_flight_over_cap.max(other.max_in_flight_over_cap);
        self.max_over_budget = self.max_over_budget.most(other.max_over_budget);
        self.max_excused_over_budget = self.max_excused_over_budget.most(other.max_excused_over_budget);
        self.excuses.join(&other.excuses);
        self.calm_runs += other.calm_runs;
        self.calm_resumes += other.calm_resumes;
        self.results_before_cuts += other.results_before_cuts;
        self.results_of_calm_runs += other.results_of_calm_runs;
        self.simulated_ms += other.simulated_ms;
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
