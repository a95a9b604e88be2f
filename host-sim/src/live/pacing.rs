//! When a session's time begins to count.
//!
//! A server that works on few requests at once lets the others wait, without a word, and nobody can see that from outside.
//! A session's time therefore counts from the first part of its answer, or from when it has to be its turn:
//!
//! - as many sessions count as running as the server was ever heard to answer at once, one at least, the oldest first;
//! - the oldest of those that wait counts as running once nothing has moved for [`STALLED_MS`];
//! - if one had all its time and no session heard anything meanwhile, the server does not answer, so that the time of all
//!   counts from their sending.

use std::collections::BTreeMap;

use parallel_agents_engine::host::EventKind;
use parallel_agents_engine::ids::SessionKey;
use tokio::time::Instant;

use super::Live;
use super::session::{Ended, Session};
use gateway_sim::host::SessionHost;

/// How long nothing moves before the next session's time counts. The component gives up sessions that wait, after two minutes
/// without a move.
const STALLED_MS: u64 = 100_000;

/// What is known of a server's width.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Sessions that were heard of at once, at the most.
    width: usize,
    /// When a session was sent, began or ended last, on the host's clock.
    moved_at_ms: u64,
    /// When anything was heard last.
    heard_at: Option<Instant>,
    /// A session has ended, so that the next one's time may count. Not before all that has arrived is looked at: an answer
    /// may be there already.
    has_place: bool,
}

impl Live {
    /// Something of a session's answer has arrived. One that has ended by now is not said to have begun: it would seem to
    /// have taken no time.
    pub(super) fn heard(&mut self, key: &SessionKey) {
        self.pace.heard_at = Some(Instant::now());
        let Some(session) = self.sessions.get_mut(key).filter(|session| session.is_live()) else { return };
        session.is_heard = true;
        self.pace.width = self.pace.width.max(self.sessions.values().filter(|it| it.is_live() && it.is_heard).count());
        self.begin_at(key, Instant::now());
        self.keep_pace();
    }

    /// A session has ended; the next one may have its place.
    pub(super) fn place_is_free(&mut self, key: &SessionKey) {
        let Some(session) = self.sessions.get(key) else { return };
        let began = session.incoming.began_at();
        match &session.ended {
            Some(Ended::TimedOut) if !session.is_heard && self.pace.heard_at < began => {
                let waiting: Vec<(SessionKey, Instant)> =
                    waiting(&self.sessions).map(|it| (it.receipt.session_key.clone(), it.sent_at)).collect();
                for (key, sent_at) in waiting {
                    self.begin_at(&key, sent_at);
                }
            }
            Some(Ended::TimedOut | Ended::Cancelled) | None => {}
            Some(Ended::Answered | Ended::Failed(_)) => self.pace.heard_at = Some(Instant::now()),
        }
        self.pace.moved_at_ms = self.now_ms();
        self.pace.has_place = true;
    }

    /// Gives places that became free to those that wait.
    pub(super) fn fill_places(&mut self) {
        if std::mem::take(&mut self.pace.has_place) {
            self.keep_pace();
        }
    }

    /// Lets as many sessions count as running as the server is known to work on.
    fn keep_pace(&mut self) {
        let width = self.pace.width.max(1);
        let running = self.sessions.values().filter(|it| it.is_live() && it.is_started).count();
        for _ in running..width {
            self.begin_oldest();
        }
    }

    /// The time at which the next session's time counts if nothing moves until then.
    pub(super) fn stalled_at_ms(&self) -> Option<u64> {
        waiting(&self.sessions).next().map(|_| self.pace.moved_at_ms.saturating_add(STALLED_MS))
    }

    /// A session was sent.
    pub(super) fn sent(&mut self) {
        self.pace.moved_at_ms = self.now_ms();
        self.keep_pace();
    }

    pub(super) fn begin_oldest(&mut self) {
        let oldest = waiting(&self.sessions).min_by_key(|session| session.number);
        if let Some(key) = oldest.map(|session| session.receipt.session_key.clone()) {
            self.begin_at(&key, Instant::now());
        }
    }

    fn begin_at(&mut self, key: &SessionKey, at: Instant) {
        let now_ms = self.now_ms();
        let Some(session) = self.sessions.get_mut(key).filter(|session| !session.is_started) else { return };
        session.is_started = true;
        session.incoming.begin(at);
        self.pace.moved_at_ms = now_ms;
        self.call.untold.push_back(EventKind::SessionStarted(key.clone()));
    }
}

/// Sessions that were sent and do not count as running.
fn waiting(sessions: &BTreeMap<SessionKey, Session>) -> impl Iterator<Item = &Session> {
    sessions.values().filter(|session| session.is_live() && !session.is_started)
}
