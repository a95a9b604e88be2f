//! When something may be asked for again, and how long a call may do nothing.

use parallel_agents_engine::host::{FailureKind, SessionOutcome, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::excuse::Excuse;
use super::invariant::Invariant;
use super::state::Checker;
use crate::effort;
use crate::label::{agent_of, id_of};

/// A circuit is open for no longer than this, in milliseconds: 30 seconds, doubled three times.
const LONGEST_CIRCUIT_MS: u64 = 240_000;

/// What pauses that the request names may take longer than that, in milliseconds.
const SPARE_MS: u64 = 60_000;

/// Refusals for the same reason in a row, after which an agent type under a model is not asked for again.
const REFUSALS: u32 = 2;

impl Checker {
    /// Enters for when the host wants to be asked again.
    pub(super) fn cool_down(&mut self, request: RequestId, retry_after_ms: u64) {
        let Some(spawn) = self.accounts.requests.get(&request).and_then(|asked| asked.spawn.as_ref()) else { return };
        let label = spawn.label.clone();
        self.cool_down_for(&label, retry_after_ms);
    }

    /// Enters for when host or provider want the task of a session to be tried again.
    pub(super) fn cool_down_for(&mut self, label: &str, retry_after_ms: u64) {
        let at_ms = [self.time.known_ms(), self.time.real_ms()].map(|now| now.saturating_add(retry_after_ms));
        self.cooldowns.longest_retry_after_ms = self.cooldowns.longest_retry_after_ms.max(retry_after_ms);
        let task = self.allowed.tasks.as_ref().and_then(|tasks| tasks.get(id_of(label)));
        if task.is_some_and(|task| task.agent_type != agent_of(label)) {
            // What a judge has to wait for says nothing about the task's own sessions.
            return;
        }
        self.cooldowns.not_before.insert(id_of(label).to_owned(), at_ms.into());
    }

    /// Enters how a session ended, if that says something about all others of its kind.
    pub(super) fn notes_refusal(&mut self, key: &SessionKey, outcome: &SessionOutcome) {
        let Some(account) = self.accounts.sessions.get(key) else { return };
        let Some((label, model)) = self.holder_of(key) else { return };
        let group = (agent_of(&label).to_owned(), model.unwrap_or_default());
        match outcome {
            // One that was being stopped says nothing.
            SessionOutcome::Failed { kind: FailureKind::Authentication, message, .. }
                if account.asked.cleanup_tries == 0 =>
            {
                let entry = self.cooldowns.refusals.entry(group).or_default();
                *entry = if entry.0 == *message { (message.clone(), entry.1 + 1) } else { (message.clone(), 1) };
            }
            _ => {
                self.cooldowns.refusals.remove(&group);
            }
        }
    }

    /// Holds a spawn call that is not a repetition to what the host said before.
    pub(super) fn check_cooldown(&mut self, options: &SpawnOptions) {
        let label = &options.label;
        let (until, really_until) = self.cooldowns.not_before.get(id_of(label)).copied().unwrap_or_default();
        let now = self.time.known_ms();
        if now >= until && self.time.real_ms() < really_until {
            self.excuse(Excuse::ClockJumped);
        }
        if now < until {
            let early = until - now;
            self.note(
                Invariant::Pauses,
                format!("{label} was spawned {early} ms before the host wants to be asked again"),
            );
        }
        let group = (agent_of(label).to_owned(), options.model.clone().unwrap_or_default());
        let refusals = self.cooldowns.refusals.get(&group).map_or(0, |(_, times)| *times);
        // Judges and twins say nothing about their kind, so the rule is only held against runs without any.
        if self.allowed.has_breaker && self.allowed.hedges == 0 && refusals >= REFUSALS {
            let what = format!("{label} was spawned after {refusals} sessions like it in a row were refused");
            self.note(Invariant::Breaker, what);
        }
    }

    /// The call waits for the next event, until a time. With nothing alive and nothing asked, that is a pause.
    pub(super) fn idles(&mut self, until_ms: Option<u64>) {
        let (Some(pause_ms), Some(until_ms)) = (self.allowed.longest_pause_ms, until_ms) else { return };
        let most = pause_ms
            .saturating_add(self.cooldowns.longest_retry_after_ms)
            .saturating_add(LONGEST_CIRCUIT_MS)
            .saturating_add(SPARE_MS);
        let pause = until_ms.saturating_sub(self.time.told_ms());
        if self.heard.events == 0 || pause <= most || !self.accounts.live.is_empty() {
            return;
        }
        // Only now, as this looks at all of them.
        if !self.accounts.requests.values().inspect(|_| effort::look()).all(|asked| asked.answers > 0) {
            return;
        }
        if self.is_time_in_doubt() {
            self.excuse(Excuse::ClockJumped);
        } else {
            self.note(Invariant::Pauses, format!("the call does nothing for {pause} ms while nothing is alive"));
        }
    }
}
