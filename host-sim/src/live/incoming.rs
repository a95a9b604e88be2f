//! What has arrived of one session's answer, shared by the task that reads it and the host, which keeps it when the session's
//! time is over.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::pieces::Pieces;

/// An answer under way.
#[derive(Debug)]
pub(super) struct Incoming {
    pieces: Mutex<Pieces>,
    wants_json: bool,
    /// From when on the session's time counts.
    began_at: watch::Sender<Option<Instant>>,
}

impl Incoming {
    pub(super) fn new(wants_json: bool) -> Self {
        Self { pieces: Mutex::new(Pieces::new(wants_json)), wants_json, began_at: watch::Sender::default() }
    }

    pub(super) fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was said; the server is asked once more.
    pub(super) fn clear(&self) {
        *self.pieces() = Pieces::new(self.wants_json);
    }

    /// The session's time counts from then on, unless it does already.
    pub(super) fn begin(&self, at: Instant) {
        self.began_at.send_if_modified(|began_at| began_at.is_none() && began_at.replace(at).is_none());
    }

    pub(super) fn began_at(&self) -> Option<Instant> {
        *self.began_at.borrow()
    }

    /// Until the session's time is over.
    pub(super) async fn time_is_over(&self, limit: Duration) {
        let mut began_at = self.began_at.subscribe();
        // It cannot be closed while `self` lives.
        let began_at = began_at.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        tokio::time::sleep_until(began_at.unwrap_or_else(Instant::now) + limit).await;
    }
}
