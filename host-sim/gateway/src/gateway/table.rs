//! The table of sessions, with the receipts that were given for them and the counts that names and limits go by.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents_engine::host::{Receipt, SessionState};
use parallel_agents_engine::ids::SessionKey;

use super::session::Session;
use crate::effort;

/// All sessions that the gateway has not deleted or forgotten.
#[derive(Debug, Default)]
pub(super) struct SessionTable {
    by_key: BTreeMap<SessionKey, Session>,
    by_number: BTreeMap<u64, SessionKey>,
    children: BTreeMap<SessionKey, BTreeSet<SessionKey>>,
    live: Live,
    receipts_by_idempotency_key: BTreeMap<String, Receipt>,
    spawns_by_label: BTreeMap<String, u32>,
    requests_by_idempotency_key: BTreeMap<String, u32>,
    spawned: u32,
    spawn_times: Vec<u64>,
    starts_by_model: BTreeMap<String, Vec<u64>>,
}

/// Those that have not ended, so that no request has to look at every session that ever was.
#[derive(Debug, Default)]
struct Live {
    keys: BTreeSet<SessionKey>,
    /// Those that the caller spawned.
    own: usize,
    /// Those that run, by model.
    running: BTreeMap<String, usize>,
}

impl Live {
    fn enter(&mut self, session: &Session) {
        if session.is_live() {
            self.keys.insert(session.receipt.session_key.clone());
            self.own += usize::from(session.parent.is_none());
        }
        if session.is_running() {
            *self.running.entry(session.model.clone()).or_default() += 1;
        }
    }

    fn strike(&mut self, session: &Session) {
        if session.is_live() {
            self.keys.remove(&session.receipt.session_key);
            self.own -= usize::from(session.parent.is_none());
        }
        if let Some(running) = self.running.get_mut(&session.model).filter(|_| session.is_running()) {
            *running -= 1;
        }
    }
}

impl SessionTable {
    pub(super) fn get(&self, key: &SessionKey) -> Option<&Session> {
        self.by_key.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Session> {
        self.by_key.get_mut(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &SessionKey> {
        self.by_key.keys()
    }

    /// All of them, in the order of spawning.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Session> {
        self.by_number.values().inspect(|_| effort::look()).filter_map(|key| self.by_key.get(key))
    }

    /// The keys of those that have not ended.
    pub(super) fn live_keys(&self) -> Vec<SessionKey> {
        self.live.keys.iter().cloned().collect()
    }

    /// How many of those that the caller spawned have not ended.
    pub(super) fn own_live(&self) -> usize {
        self.live.own
    }

    /// How many run under a model.
    pub(super) fn running_under(&self, model: &str) -> usize {
        self.live.running.get(model).copied().unwrap_or_default()
    }

    /// Takes out the sessions that a session has spawned.
    pub(super) fn remove_children_of(&mut self, key: &SessionKey) {
        for child in self.children.remove(key).unwrap_or_default() {
            self.remove(&child);
        }
    }

    /// Enters a session under the key of its receipt, as the next one in the order of spawning.
    pub(super) fn insert(&mut self, mut session: Session) {
        let key = session.receipt.session_key.clone();
        session.number = u64::from(self.spawned);
        self.spawned += 1;
        self.by_number.insert(session.number, key.clone());
        if let Some(parent) = &session.parent {
            self.children.entry(parent.clone()).or_default().insert(key.clone());
        }
        self.live.enter(&session);
        self.by_key.insert(key, session);
    }

    /// A session is in another state from now on. None: it is not there.
    pub(super) fn move_to(&mut self, key: &SessionKey, state: SessionState) -> Option<&mut Session> {
        let session = self.by_key.get_mut(key)?;
        self.live.strike(session);
        session.state = state;
        self.live.enter(session);
        Some(session)
    }

    pub(super) fn remove(&mut self, key: &SessionKey) -> Option<Session> {
        let session = self.by_key.remove(key)?;
        self.by_number.remove(&session.number);
        self.live.strike(&session);
        Some(session)
    }

    /// Nobody is told of any session any more, and no receipt is known: whoever called is gone.
    pub(super) fn lose_caller(&mut self) {
        self.by_key.values_mut().for_each(|session| session.is_attached = false);
        self.receipts_by_idempotency_key.clear();
    }

    pub(super) fn receipt(&self, idempotency_key: &str) -> Option<&Receipt> {
        self.receipts_by_idempotency_key.get(idempotency_key)
    }

    /// The receipt of another session, if there is one.
    pub(super) fn another_receipt(&self, than: &SessionKey) -> Option<&Receipt> {
        self.receipts_by_idempotency_key.values().find(|other| other.session_key != *than)
    }

    pub(super) fn keep_receipt(&mut self, idempotency_key: String, receipt: Receipt, now_ms: u64) {
        self.receipts_by_idempotency_key.insert(idempotency_key, receipt);
        self.spawn_times.push(now_ms);
    }

    /// Spawn requests with this key, this one included.
    pub(super) fn count_request(&mut self, idempotency_key: &str) -> u32 {
        *self.requests_by_idempotency_key.entry(idempotency_key.to_owned()).and_modify(|nth| *nth += 1).or_insert(1)
    }

    /// Sessions of this task and agent type, this one included.
    pub(super) fn count_attempt(&mut self, subject: &str) -> u32 {
        *self.spawns_by_label.entry(subject.to_owned()).and_modify(|nth| *nth += 1).or_insert(1)
    }

    /// Sessions so far, those that sessions have spawned included.
    pub(super) fn spawned(&self) -> u32 {
        self.spawned
    }

    /// Sessions that the caller spawned in the last so many milliseconds.
    pub(super) fn spawned_within(&self, now_ms: u64, per_ms: u64) -> usize {
        let since = now_ms.saturating_sub(per_ms);
        self.spawn_times.iter().rev().take_while(|at| **at > since).count()
    }

    /// Sessions of a model that its provider has taken in the last so many milliseconds.
    pub(super) fn started_within(&self, model: &str, now_ms: u64, per_ms: u64) -> usize {
        let since = now_ms.saturating_sub(per_ms);
        let starts = self.starts_by_model.get(model).map(Vec::as_slice).unwrap_or_default();
        starts.iter().rev().take_while(|at| **at > since).count()
    }

    pub(super) fn note_start(&mut self, model: &str, now_ms: u64) {
        self.starts_by_model.entry(model.to_owned()).or_default().push(now_ms);
    }
}
