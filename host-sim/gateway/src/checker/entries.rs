//! How a session gets into the account, and how it ends there.

use parallel_agents_engine::host::{HostError, SessionOutcome, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};

use super::account::{Account, SpawnCall};
use super::allowance::same_model;
use super::invariant::Invariant;
use super::outcomes::{self, Became};
use super::state::{Checker, Live};
use crate::label::id_of;
use crate::truth::SessionOver;

impl Checker {
    pub(super) fn spawn(&mut self, request: RequestId, options: &SpawnOptions) {
        // The same session asked for once more takes no second place, but for one that never came into being. Nobody but
        // the host knows which it is, so that neither counts as another try or as further spending.
        let repeats = matches!(self.accounts.keys.get(&options.idempotency_key), Some(Some(_)));
        let was_lost = self.accounts.lost.contains(&options.idempotency_key);
        self.check_finished(options);
        // Nothing comes into being by asking for what is there; what is not there would.
        if !repeats {
            self.check_time(options);
            self.check_cooldown(options);
        }
        self.check_prompt(options);
        let places_of_task = self.live_for(id_of(&options.label));
        if !repeats && !was_lost {
            self.check_tries(options, places_of_task);
            self.check_tier(options);
            self.check_circuit(&options.label, options.model.as_deref());
        }
        let reserved = self.reservation(&options.task, options.model.as_deref());
        let model = options.model.clone();
        let gained_ms = self.time.gained_ms();
        let spawn =
            SpawnCall { label: options.label.clone(), cleanup: options.cleanup, model, reserved, repeats, gained_ms };
        if let Some(asked) = self.accounts.requests.get_mut(&request) {
            asked.spawn = Some(spawn);
            asked.key.clone_from(&options.idempotency_key);
        }
        self.accounts.keys.entry(options.idempotency_key.clone()).or_default();
        if repeats {
            return;
        }
        self.accounts.live.insert(Live::Spawning(request));
        let (places, why_hidden) = self.places();
        self.accounts.peak_live = self.accounts.peak_live.max(places);
        // What was asked for first has its reservation, whatever others have used beyond theirs by now. After a cut the key
        // may be one that the host has forgotten, and the session another one.
        if !was_lost || self.cuts.resumes > 0 {
            self.check_budget(&options.label);
        }
        let Some(cap) = self.allowed.max_live else { return };
        if places > cap {
            self.note(Invariant::Cap, format!("{places} sessions are alive, {cap} are allowed"));
        } else if let Some(why) = why_hidden.filter(|_| self.live() > cap) {
            self.excuse(why);
        }
    }

    /// Enters that a spawn request has a session, new or, for a repeated key, the one that it had before.
    pub(super) fn accepted(&mut self, request: RequestId, key: &SessionKey) {
        self.accounts.live.remove(&Live::Spawning(request));
        if self.accounts.sessions.contains_key(key) {
            return;
        }
        let Some(asked) = self.accounts.requests.get(&request) else { return };
        self.accounts.keys.insert(asked.key.clone(), Some(key.clone()));
        let Some(spawn) = asked.spawn.clone() else { return };
        self.accounts.taken.add(spawn.reserved);
        self.accounts.sessions.insert(key.clone(), Account::new(spawn));
        self.accounts.live.insert(Live::Session(key.clone()));
    }

    /// Enters that a spawn request has no session.
    pub(super) fn refused(&mut self, request: RequestId, why: &HostError) {
        self.accounts.live.remove(&Live::Spawning(request));
        let Some(asked) = self.accounts.requests.get(&request) else { return };
        if matches!(why, HostError::InDoubt(_)) {
            self.accounts.lost.insert(asked.key.clone());
        }
        let spawn = asked.spawn.clone();
        if let Some(spawn) = spawn.filter(|spawn| !spawn.repeats) {
            self.became(&spawn.label, outcomes::refused(why));
            self.circuit_refused(&spawn.label, spawn.model.as_deref(), why);
        }
    }

    /// Enters the end of a session, at the moment in which the host knows it.
    pub(super) fn session_over(&mut self, key: &SessionKey, over: &SessionOver) {
        self.accounts.live.remove(&Live::Session(key.clone()));
        let Some(before) = self.accounts.sessions.get(key).map(|account| self.taken_by(account)) else { return };
        let Some(account) = self.accounts.sessions.get_mut(key) else { return };
        account.state = over.state;
        account.gained_ms = self.time.gained_ms();
        account.usage = over.usage;
        account.model = Some(over.model.clone());
        account.cost_micro_usd = if over.usage.is_some() { over.cost_micro_usd } else { 0 };
        let was_stopped = account.asked.cleanup_tries > 0;
        let now = self.accounts.sessions.get(key).map(|account| self.taken_by(account)).unwrap_or_default();
        self.accounts.taken.take_away(before);
        self.accounts.taken.add(now);
        let Some((label, asked_model)) = self.holder_of(key) else { return };
        // A session that was stopped because another model ran is evidence, not a breakdown.
        let is_swapped = asked_model.as_deref().is_some_and(|asked| !same_model(asked, &over.model));
        let became = match &over.outcome {
            SessionOutcome::Cancelled if is_swapped => Became::Answered,
            // It fails while it is being stopped, and why it is stopped counts.
            SessionOutcome::Failed { .. } if was_stopped => Became::Broke,
            outcome => outcomes::ended(outcome),
        };
        self.became(&label, became);
        if let Some(retry_after_ms) = outcomes::retry_after_of(&over.outcome) {
            self.cool_down_for(&label, retry_after_ms);
        }
    }
}
