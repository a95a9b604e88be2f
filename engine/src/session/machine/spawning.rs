//! From the spawn call to the receipt: the call is made again with the same key, and after that the host's list is searched.

use super::{Effect, Machine, State, Step};
use crate::host::{HostError, Receipt};
use crate::policy::{host_calls, outcome};
use crate::session::ending::{StopReason, Verdict};
use crate::task::TaskStatus;

/// How long a search may take, in milliseconds: some pages of the host's list, twice, and a receipt.
const SEARCH_TIMEOUT_MS: u64 = 3 * host_calls::ANSWER_TIMEOUT_MS;

impl Machine {
    pub(super) fn spawned(&mut self, now: u64, answer: Result<Receipt, HostError>) -> Step {
        let State::Spawning { asks, doubt, stop, .. } = &self.state else { return Step::Ignored };
        let (asks, stop) = (*asks, stop.clone());
        let doubt = *doubt || matches!(answer, Err(HostError::InDoubt(_)));
        let error = match answer {
            Ok(receipt) => return self.accepted(now, receipt, stop),
            Err(error) => error,
        };
        self.retry_after_ms = outcome::retry_after_ms(&error);
        // The key makes another call safe: if an earlier one took effect, its receipt is repeated. As long as it may have,
        // no other answer than a receipt says that there is no session.
        if doubt && stop.is_none() && outcome::passes(&error) {
            if asks == 1 {
                self.state = State::Spawning { asks: 2, doubt, pausing: false, stop };
                return Step::Wants(Effect::Spawn);
            }
            if let Some(millis) = host_calls::pause_after(asks) {
                self.state = State::Spawning { asks, doubt, pausing: true, stop };
                self.wake_at = Some(now.saturating_add(self.retry_after_ms.unwrap_or(0).max(millis)));
                return Step::Taken;
            }
        }
        let verdict = match (&stop, &error) {
            (Some(reason), _) => reason.verdict(),
            (None, HostError::AtCapacity(_) | HostError::Busy(_) | HostError::RateLimited { .. }) if !doubt => {
                self.state = State::Ended;
                return Step::Wants(Effect::Requeue(error));
            }
            (None, error) if doubt => {
                let words = format!("no answer came, and then: {}", outcome::words(error));
                (TaskStatus::Failed, outcome::spawn_refused(&HostError::InDoubt(words)))
            }
            (None, error) => (TaskStatus::Failed, outcome::spawn_refused(error)),
        };
        if doubt { self.search(now, verdict, stop) } else { self.end(Some(verdict)) }
    }

    pub(super) fn spawn_again(&mut self) -> Step {
        if let State::Spawning { asks, pausing, .. } = &mut self.state {
            *pausing = false;
            *asks += 1;
        }
        self.wake_at = None;
        Step::Wants(Effect::Spawn)
    }

    pub(super) fn search(&mut self, now: u64, verdict: Verdict, stop: Option<StopReason>) -> Step {
        self.state = State::Searching { verdict, stop };
        self.give_search_time(now);
        Step::Wants(Effect::Search)
    }

    pub(super) fn give_search_time(&mut self, now: u64) -> Step {
        self.wake_at = Some(now + SEARCH_TIMEOUT_MS);
        Step::Taken
    }

    pub(super) fn found(&mut self, now: u64, receipt: Receipt) -> Step {
        let State::Searching { stop, .. } = &mut self.state else { return Step::Ignored };
        let stop = stop.take();
        self.accepted(now, receipt, stop)
    }

    pub(super) fn not_found(&mut self) -> Step {
        let State::Searching { verdict, .. } = &self.state else { return Step::Ignored };
        let verdict = verdict.clone();
        Step::end(self.ending(Some(verdict), true))
    }

    fn accepted(&mut self, now: u64, receipt: Receipt, stop: Option<StopReason>) -> Step {
        self.session = Some(receipt.session_key);
        self.model = receipt.applied_model;
        match stop {
            Some(reason) => self.cancel(now, reason, 1),
            None if self.terms.starts_reported => {
                self.state = State::Queued;
                self.wake_at = Some(now.saturating_add(u64::from(self.terms.start_timeout_seconds) * 1_000));
                Step::Taken
            }
            None => self.run(now),
        }
    }
}
