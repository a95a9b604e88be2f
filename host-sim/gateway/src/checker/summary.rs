//! A checker in numbers.

use std::collections::BTreeMap;

use parallel_agents_engine::host::SessionState;
use parallel_agents_engine::task::Usage;
use serde::Serialize;

use super::state::{Checker, count};

/// What a report says about the host's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckerSummary {
    /// Spawn calls made.
    pub spawn_calls: u32,
    /// Sessions that came into being.
    pub sessions: u32,
    /// Of these, how many answered.
    pub completed: u32,
    /// Of these, how many failed.
    pub failed: u32,
    /// Ran into the host's time limit.
    pub timed_out: u32,
    /// Of these, how many were stopped.
    pub cancelled: u32,
    /// Were deleted, whatever they had come to.
    pub deleted: u32,
    /// The largest number alive at once, counted from the spawn call.
    pub peak_live: u32,
    /// Alive when the summary was made.
    pub live: u32,
    /// Alive when the call came back.
    pub orphans: u32,
    /// Requests to the host, of all functions.
    pub requests: u32,
    /// Requests answered so far.
    pub answered: u32,
    /// Events handed out.
    pub events: u64,
    /// Tasks whose end was shown.
    pub tasks_ended: u32,
    /// Tokens of the sessions that answered.
    pub usage: Usage,
    /// Their price by the script, in millionths of a dollar. Nothing of it was spent.
    pub scripted_cost_micro_usd: u64,
    /// How often each fault of the script struck, by its name; those that did not are left out.
    pub faults: BTreeMap<&'static str, u64>,
    /// Violated invariants, one sentence each.
    pub violations: Vec<String>,
}

impl Checker {
    /// The account in numbers, for reports.
    pub fn summary(&self) -> CheckerSummary {
        CheckerSummary {
            spawn_calls: self.spawn_calls(),
            sessions: count(self.accounts.sessions.len()),
            completed: self.sessions_in(SessionState::Completed),
            failed: self.sessions_in(SessionState::Failed),
            timed_out: self.sessions_in(SessionState::TimedOut),
            cancelled: self.sessions_in(SessionState::Cancelled),
            deleted: count(self.accounts.sessions.values().filter(|account| account.deleted).count()),
            peak_live: self.peak_live(),
            live: self.live(),
            orphans: count(self.orphans().len()),
            requests: count(self.accounts.requests.len()),
            answered: count(self.accounts.requests.values().filter(|asked| asked.answers > 0).count()),
            events: self.heard.events,
            tasks_ended: count(self.progress.ended()),
            usage: self.usage(),
            scripted_cost_micro_usd: self
                .accounts
                .sessions
                .values()
                .fold(0, |sum: u64, account| sum.saturating_add(account.cost_micro_usd)),
            faults: self.faults().iter().map(|(fault, times)| (fault.name(), *times)).collect(),
            violations: self.violations().iter().map(ToString::to_string).collect(),
        }
    }
}
