//! Deletes sessions once nothing else is left to do. Deleting is slow on the gateway (about a second each), so it never
//! stands in the way of a task.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::host::HostError;
use crate::ids::SessionKey;
use crate::policy::{host_calls, outcome};

/// Deletions under way at once. With four, one of them took ten seconds on a busy gateway.
const AT_ONCE: usize = 2;

/// How long the answer to one try is waited for, in milliseconds: three times the longest that was seen.
const ANSWER_TIMEOUT_MS: u64 = 30_000;

#[derive(Debug)]
struct Deletion {
    tries: u32,
    wake_at: u64,
    /// The next try is due at `wake_at`; else an answer is owed until then.
    pausing: bool,
}

/// The sessions to delete, and how far that is.
#[derive(Debug, Default)]
pub(super) struct Deletions {
    queue: VecDeque<SessionKey>,
    active: BTreeMap<SessionKey, Deletion>,
    again: Vec<SessionKey>,
    deleted: BTreeSet<SessionKey>,
    given_up: Vec<SessionKey>,
    failed: Vec<SessionKey>,
}

impl Deletions {
    pub(super) fn add(&mut self, session: SessionKey) {
        self.queue.push_back(session);
    }

    /// The sessions to ask for now; each counts as asked for.
    pub(super) fn take_due(&mut self, now: u64) -> Vec<SessionKey> {
        let mut due = std::mem::take(&mut self.again);
        while self.active.len() + due.iter().filter(|session| !self.active.contains_key(*session)).count() < AT_ONCE {
            let Some(session) = self.queue.pop_front() else { break };
            due.push(session);
        }
        for session in &due {
            let tries = self.active.get(session).map_or(0, |deletion| deletion.tries) + 1;
            let deletion = Deletion { tries, wake_at: now + ANSWER_TIMEOUT_MS, pausing: false };
            self.active.insert(session.clone(), deletion);
        }
        due
    }

    /// A deletion was answered. False: nobody waited for it.
    pub(super) fn answered(&mut self, now: u64, session: &SessionKey, answer: Result<(), HostError>) -> bool {
        let Some(deletion) = self.active.get_mut(session) else { return answer.is_ok() && self.went_late(session) };
        match answer {
            // A refusal that comes after the next try was decided on adds nothing; a late success does.
            Err(_) if deletion.pausing => return false,
            Ok(()) | Err(HostError::NotFound(_)) => {
                self.active.remove(session);
                self.again.retain(|again| again != session);
                self.deleted.insert(session.clone());
            }
            Err(error) => match host_calls::pause_after(deletion.tries).filter(|_| outcome::passes(&error)) {
                Some(millis) => {
                    deletion.pausing = true;
                    deletion.wake_at = now + millis;
                }
                None => {
                    self.active.remove(session);
                    self.failed.push(session.clone());
                }
            },
        }
        true
    }

    /// A try that was not waited for any more has worked after all, as when a later one was refused meanwhile. False: nobody
    /// missed it.
    fn went_late(&mut self, session: &SessionKey) -> bool {
        let Some(place) = self.failed.iter().position(|failed| failed == session) else { return false };
        self.failed.remove(place);
        self.deleted.insert(session.clone())
    }

    /// Moves on whatever has waited long enough.
    pub(super) fn timer_fired(&mut self, now: u64) {
        let late: Vec<SessionKey> = self
            .active
            .iter()
            .filter(|(_, deletion)| deletion.wake_at <= now)
            .map(|(session, _)| session.clone())
            .collect();
        for session in late {
            let pausing = self.active.get(&session).is_some_and(|deletion| deletion.pausing);
            if pausing {
                if let Some(deletion) = self.active.get_mut(&session) {
                    deletion.wake_at = u64::MAX;
                }
                self.again.push(session);
            } else {
                self.answered(now, &session, Err(HostError::InDoubt("no answer came".to_owned())));
            }
        }
    }

    /// When `timer_fired` is due.
    pub(super) fn wake_at(&self) -> Option<u64> {
        self.active.values().map(|deletion| deletion.wake_at).min()
    }

    /// Whether nothing is left to do.
    pub(super) fn is_done(&self) -> bool {
        self.queue.is_empty() && self.active.is_empty() && self.again.is_empty()
    }

    /// Gives up what is not done.
    pub(super) fn give_up(&mut self) {
        self.again.clear();
        let active = std::mem::take(&mut self.active).into_keys();
        self.given_up.extend(active.chain(self.queue.drain(..)));
    }

    /// The sessions that are deleted, and those that were to be and may still be there.
    pub(super) fn take(&mut self) -> (BTreeSet<SessionKey>, Vec<SessionKey>) {
        let mut left = std::mem::take(&mut self.given_up);
        left.append(&mut self.failed);
        (std::mem::take(&mut self.deleted), left)
    }
}
