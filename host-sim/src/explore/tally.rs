//! What all runs together did.

use std::collections::BTreeMap;

use parallel_agents::documents::DocumentReply;
use serde::Serialize;

use crate::call::Called;

/// The numbers of an exploration.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Calls made.
    pub runs: u64,
    /// Requests that the component made of the host.
    pub host_calls: u64,
    /// Sessions that came into being.
    pub sessions: u64,
    /// How often each fault struck, by its name.
    pub faults: BTreeMap<&'static str, u64>,
    /// Runs by the status that they ended with.
    pub outcomes: BTreeMap<String, u64>,
    /// What was broken.
    pub violations: Vec<Trouble>,
    /// Sessions that were alive when a call came back, without the host's doing.
    pub orphans: u64,
    /// The largest number of sessions alive above the cap of their run.
    pub max_in_flight_over_cap: u32,
    /// The largest spending above a budget that no session explains which used more than was reserved, in tokens.
    pub max_tokens_over_budget: u64,
    /// The same in millionths of a dollar.
    pub max_spend_over_budget: u64,
    /// Calls that were cut off.
    pub crash_points: u64,
    /// Of these, how many went on.
    pub resumes: u64,
    /// Sessions beyond the first for one attempt of a task.
    pub duplicate_spawns: u64,
    /// Milliseconds of simulated time.
    #[serde(skip)]
    pub simulated_ms: u64,
}

/// A run that broke a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Repeats it.
    pub seed: u64,
    /// What was broken, one sentence each.
    pub what: Vec<String>,
}

impl Tally {
    /// Simulated time, in hours.
    pub fn simulated_hours(&self) -> f64 {
        self.simulated_ms as f64 / 3_600_000.0
    }

    /// Enters a run and what is wrong with it. `start_ms`: when its world opened.
    pub(super) fn enter(&mut self, seed: u64, called: &Called<DocumentReply>, found: Vec<String>, start_ms: u64) {
        let ledger = called.world.ledger();
        let summary = ledger.summary();
        self.runs += 1;
        self.host_calls += u64::from(summary.requests);
        self.sessions += u64::from(summary.sessions);
        for (fault, times) in summary.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        *self.outcomes.entry(outcome(called)).or_default() += 1;
        self.orphans += u64::from(ledger.unexcused_orphans());
        let over = ledger.allowed().max_live.map_or(0, |cap| ledger.peak_live().saturating_sub(cap));
        self.max_in_flight_over_cap = self.max_in_flight_over_cap.max(over);
        let overspend = ledger.unexplained_overspend();
        self.max_tokens_over_budget = self.max_tokens_over_budget.max(overspend.tokens);
        self.max_spend_over_budget = self.max_spend_over_budget.max(overspend.micro_usd);
        self.simulated_ms += called.world.now_ms().saturating_sub(start_ms);
        if !found.is_empty() {
            self.violations.push(Trouble { seed, what: found });
        }
    }

    /// Adds the numbers of another exploration.
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.host_calls += other.host_calls;
        self.sessions += other.sessions;
        for (fault, times) in other.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        for (outcome, times) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += times;
        }
        self.violations.extend(other.violations);
        self.orphans += other.orphans;
        self.max_in_flight_over_cap = self.max_in_flight_over_cap.max(other.max_in_flight_over_cap);
        self.max_tokens_over_budget = self.max_tokens_over_budget.max(other.max_tokens_over_budget);
        self.max_spend_over_budget = self.max_spend_over_budget.max(other.max_spend_over_budget);
        self.crash_points += other.crash_points;
        self.resumes += other.resumes;
        self.duplicate_spawns += other.duplicate_spawns;
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
