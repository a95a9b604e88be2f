//! Agent types under models that fail and fail: after five failures of the infrastructure in a minute there is a break of
//! half a minute, and then one session that probes.
//!
//! Only the first break of each is held to that, and only where everything that went before is plain: what a host cannot tell
//! from outside must not count against the call.

use parallel_agents_engine::host::{FailureKind, HostError, SessionEnd, SessionOutcome};

use super::excuse::Excuse;
use super::invariant::Invariant;
use super::state::{Checker, Circuit};
use crate::label::agent_of;

/// Failures within [`WINDOW_MS`] that open a circuit.
const LEAST: usize = 5;
const WINDOW_MS: u64 = 60_000;

/// For so long there is no session.
const OPEN_MS: u64 = 30_000;

impl Checker {
    /// Enters the end of a session that is told for the first time.
    pub(super) fn circuit_told(&mut self, end: &SessionEnd) {
        let Some(account) = self.accounts.sessions.get(&end.session) else { return };
        let Some((label, model)) = self.holder_of(&end.session) else { return };
        let group = (agent_of(&label).to_owned(), model);
        let broke = matches!(end.outcome, SessionOutcome::Failed { kind: FailureKind::Infrastructure, .. });
        // What was being stopped, or could not be known, counts for nothing.
        let is_plain = broke && account.told.key && account.asked.cleanup_tries == 0 && self.accounts.lists == 0;
        let (now_ms, real_ms) = (self.time.known_ms(), self.time.real_ms());
        let circuit = self.models.circuits.entry(group).or_insert_with(|| Circuit::Failing(Vec::new()));
        match circuit {
            Circuit::Failing(times) if is_plain => {
                times.retain(|at| at.saturating_add(WINDOW_MS) >= now_ms);
                times.push(now_ms);
                if times.len() >= LEAST {
                    let [until_ms, really_until_ms] = [now_ms, real_ms].map(|now| now.saturating_add(OPEN_MS));
                    *circuit = Circuit::Open { until_ms, really_until_ms, probes: 0 };
                }
            }
            _ => *circuit = Circuit::Unclear,
        }
    }

    /// Enters a refused spawn call.
    pub(super) fn circuit_refused(&mut self, label: &str, model: Option<&str>, why: &HostError) {
        let group = (agent_of(label).to_owned(), model.map(str::to_owned));
        let is_put_back = matches!(why, HostError::AtCapacity(_) | HostError::Busy(_) | HostError::RateLimited { .. });
        match self.models.circuits.get_mut(&group) {
            Some(Circuit::Failing(_)) | None if is_put_back => {}
            _ => drop(self.models.circuits.insert(group, Circuit::Unclear)),
        }
    }

    /// Holds a spawn call to its circuit.
    pub(super) fn check_circuit(&mut self, label: &str, model: Option<&str>) {
        if !self.allowed.has_breaker || self.allowed.tasks.is_none() || self.allowed.hedges > 0 {
            return;
        }
        let group = (agent_of(label).to_owned(), model.map(str::to_owned));
        let (now_ms, real_ms) = (self.time.known_ms(), self.time.real_ms());
        let Some(Circuit::Open { until_ms, really_until_ms, probes }) = self.models.circuits.get_mut(&group) else {
            return;
        };
        *probes += 1;
        let (until_ms, really_until_ms, probes) = (*until_ms, *really_until_ms, *probes);
        if now_ms >= until_ms && probes == 1 && real_ms < really_until_ms {
            self.excuse(Excuse::ClockJumped);
        }
        if now_ms < until_ms || probes > 1 {
            let what = format!(
                "{label} was spawned {} ms before its circuit lets anybody through",
                until_ms.saturating_sub(now_ms)
            );
            let what = if probes > 1 { format!("{label} probes beside another session") } else { what };
            self.note(Invariant::Breaker, what);
        }
    }
}
