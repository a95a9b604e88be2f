//! Looks after sessions of which nothing is heard: a host can lose the word that one has ended.
//!
//! One list call for all of them, after a time in which no session of the run was heard of. What the list says has ended
//! has ended; what it does not show may still be alive.

use super::{Engine, Purpose};
use crate::host::{
    Command, FailureKind, Happening, HostError, ListFilter, Reply, SessionEnd, SessionOutcome, SessionRow, SessionState,
};
use crate::policy::limits::QUIET_MS;

/// Rows of one page; a run has fewer sessions alive.
const PAGE: u32 = 200;

/// Pages of one look.
const MAX_PAGES: u32 = 20;

/// A look that finds nothing makes the next one come later, up to this many times.
const MAX_DOUBLINGS: u32 = 3;

/// When to look, and whether that helps.
#[derive(Debug, Default)]
pub(super) struct Reconciling {
    heard_at: u64,
    /// Looks since then.
    looks: u32,
    /// The host cannot list.
    is_off: bool,
}

impl Reconciling {
    /// A session was heard of.
    pub(super) fn heard(&mut self, now: u64) {
        (self.heard_at, self.looks) = (now, 0);
    }

    /// When to look next: 30 s after the last word, then 60 s, 120 s and every 240 s later.
    fn look_at(&self) -> u64 {
        let times = (1..=self.looks).map(|look| QUIET_MS << look.min(MAX_DOUBLINGS)).sum::<u64>();
        self.heard_at.saturating_add(QUIET_MS).saturating_add(times)
    }

    /// When `look_after_sessions` is due, while sessions are alive.
    pub(super) fn wake_at(&self) -> Option<u64> {
        (!self.is_off).then(|| self.look_at())
    }
}

impl Engine {
    /// Asks for the list if nothing was heard for long.
    pub(super) fn look_after_sessions(&mut self) {
        if self.live.is_empty() || self.reconciling.wake_at().is_none_or(|at| self.now < at) {
            return;
        }
        self.reconciling.looks += 1;
        self.ask_list(0);
    }

    fn ask_list(&mut self, page: u32) {
        let request = self.request(Purpose::List { page });
        let search = Some(self.codes.short().to_owned());
        let filter = ListFilter { search, spawned_by: None, offset: page.saturating_mul(PAGE), limit: PAGE };
        self.out.push(Command::List(request, filter));
    }

    /// Takes in a page. False: it says nothing new.
    pub(super) fn listed(&mut self, page: u32, outcome: Result<Reply, HostError>) -> bool {
        let rows = match outcome {
            Ok(Reply::Listed(rows)) => rows,
            Err(HostError::Unsupported(_) | HostError::Forbidden(_)) => {
                self.reconciling.is_off = true;
                return true;
            }
            // The next look may be luckier.
            Ok(_) | Err(_) => return true,
        };
        if rows.has_more && !rows.sessions.is_empty() && page + 1 < MAX_PAGES {
            self.ask_list(page + 1);
        }
        for row in rows.sessions {
            let is_missed = self.sessions.get(&row.session_key).is_some_and(|known| !known.ended);
            if let Some(end) = end_of(row).filter(|_| is_missed) {
                self.handle(Happening::SessionEnded(end));
            }
        }
        true
    }
}

/// The end that was not told. Its text is in the history.
fn end_of(row: SessionRow) -> Option<SessionEnd> {
    let outcome = match row.state {
        SessionState::Queued | SessionState::Running | SessionState::Unknown => return None,
        SessionState::Completed => SessionOutcome::Completed,
        SessionState::TimedOut => SessionOutcome::TimedOut,
        SessionState::Cancelled => SessionOutcome::Cancelled,
        SessionState::Failed => {
            let message = "the host lists the session as failed and did not say why".to_owned();
            SessionOutcome::Failed { kind: FailureKind::Other, message }
        }
    };
    Some(SessionEnd { session: row.session_key, outcome, completion: None, usage: row.usage, model: row.model })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_nothing_is_heard_the_rarer_are_the_looks() {
        let mut reconciling = Reconciling::default();
        reconciling.heard(1_000);
        let mut looks = Vec::new();
        for _ in 0..6 {
            looks.extend(reconciling.wake_at().map(|at| at / 1_000));
            reconciling.looks += 1;
        }
        assert_eq!(looks, [31, 91, 211, 451, 691, 931]);
        reconciling.heard(5_000);
        assert_eq!(reconciling.wake_at(), Some(35_000));
    }
}
