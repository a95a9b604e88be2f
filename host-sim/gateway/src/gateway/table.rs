//! The table of sessions, with the receipts that were given for them and the counts that names and limits go by.

use std::collections::BTreeMap;

use parallel_agents_engine::host::Receipt;
use parallel_agents_engine::ids::SessionKey;

use super::session::Session;

/// All sessions that the gateway has not deleted or forgotten.
#[derive(Debug, Default)]
pub(super) struct SessionTable {
    by_key: BTreeMap<SessionKey, Session>,
    receipts_by_idempotency_key: BTreeMap<String, Receipt>,
    spawns_by_label: BTreeMap<String, u32>,
    requests_by_idempotency_key: BTreeMap<String, u32>,
    spawned: u32,
    spawn_times: Vec<u64>,
    starts_by_model: BTreeMap<String, Vec<u64>>,
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

    pub(super) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.by_key.values()
    }

    pub(super) fn live_keys(&self) -> Vec<SessionKey> {
        self.iter().filter(|session| session.is_live()).map(|session| session.receipt.session_key.clone()).collect()
    }

    /// The sessions that a session has spawned.
    pub(super) fn children_of(&self, key: &SessionKey) -> Vec<SessionKey> {
        let children = self.iter().filter(|session| session.parent.as_ref() == Some(key));
        children.map(|session| session.receipt.session_key.clone()).collect()
    }

    /// Enters a session under the key of its receipt, as the next one in the order of spawning.
    pub(super) fn insert(&mut self, mut session: Session) {
        session.number = u64::from(self.spawned);
        self.spawned += 1;
        self.by_key.insert(session.receipt.session_key.clone(), session);
    }

    pub(super) fn remove(&mut self, key: &SessionKey) -> Option<Session> {
        self.by_key.remove(key)
    }

    /// Nobody is told of any session any more, and no receipt is known: whoever called is gone.
    pub(super) fn lose_caller(&mut self) {
        self.by_key.values_mut().for_each(|session| session.is_watched = false);
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
