//! What the host's list of sessions tells that the host did not say.
//!
//! It is looked at after a time in which no session of the run was heard of, because a host can lose the word that one
//! has ended; what it does not show may still be alive. And it is looked at for a session of which no spawn call says
//! whether it exists: its label shows that it does. One look serves all that wait for one.

use std::collections::BTreeMap;

use super::{Engine, Purpose};
use crate::host::{
    Command, FailureKind, Happening, HostError, ListFilter, Reply, SessionEnd, SessionOutcome, SessionRow, SessionState,
};
use crate::ids::{AttemptIndex, SessionKey};
use crate::policy::limits::QUIET_MS;
use crate::session::Input;

/// Rows of one page; a run has fewer sessions alive.
const PAGE: u32 = 200;

/// Pages of one look.
const MAX_PAGES: u32 = 20;

/// A look that finds nothing makes the next one come later, up to this many times.
const MAX_DOUBLINGS: u32 = 3;

/// Looks for one session: lists of a busy gateway repeat rows and leave some out.
const MAX_SEARCHES: u32 = 2;

/// When to look, whether that helps, and what is looked for.
#[derive(Debug, Default)]
pub(super) struct Reconciling {
    heard_at: u64,
    /// Looks since then.
    looks: u32,
    /// The host cannot list.
    is_off: bool,
    /// The number of the last look.
    look: u32,
    /// It is under way.
    is_looking: bool,
    /// Sessions in doubt that it is for, each with the looks that it had.
    sought: Vec<(AttemptIndex, u32)>,
    /// Those that came too late for it.
    waiting: Vec<(AttemptIndex, u32)>,
    /// Sessions of this run that it does not know, by label.
    strays: BTreeMap<String, SessionKey>,
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
        self.look();
    }

    /// Looks whether a session exists of which no spawn call says so.
    pub(super) fn find(&mut self, attempt: AttemptIndex) {
        if self.reconciling.is_off {
            self.not_found(attempt);
            return;
        }
        self.reconciling.waiting.push((attempt, 0));
        if !self.reconciling.is_looking {
            self.look();
        }
    }

    /// A new look. One whose answer is still owed is given up for it.
    fn look(&mut self) {
        let it = &mut self.reconciling;
        it.look += 1;
        it.is_looking = true;
        it.sought.append(&mut it.waiting);
        self.ask_list(0);
    }

    fn ask_list(&mut self, page: u32) {
        let request = self.request(Purpose::List { look: self.reconciling.look, page });
        let search = Some(self.codes.short().to_owned());
        let filter = ListFilter { search, spawned_by: None, offset: page.saturating_mul(PAGE), limit: PAGE };
        self.out.push(Command::List(request, filter));
    }

    /// Takes in a page. False: it says nothing new.
    pub(super) fn listed(&mut self, look: u32, page: u32, outcome: Result<Reply, HostError>) -> bool {
        let is_present = self.reconciling.is_looking && look == self.reconciling.look;
        let (rows, has_more) = match outcome {
            Ok(Reply::Listed(page)) => (page.sessions, page.has_more),
            Err(HostError::Unsupported(_) | HostError::Forbidden(_)) => {
                self.reconciling.is_off = true;
                (Vec::new(), false)
            }
            // The next look may be luckier.
            Ok(_) | Err(_) => (Vec::new(), false),
        };
        let goes_on = is_present && has_more && !rows.is_empty() && page + 1 < MAX_PAGES;
        if goes_on {
            self.ask_list(page + 1);
        }
        for row in rows {
            match self.sessions.get(&row.session_key) {
                None => {
                    let label = row.label.unwrap_or_default();
                    self.reconciling.strays.insert(label, row.session_key);
                }
                Some(known) if known.ended => {}
                Some(_) => {
                    if let Some(end) = end_of(row) {
                        self.handle(Happening::SessionEnded(end));
                    }
                }
            }
        }
        if is_present && !goes_on {
            self.looked();
        }
        true
    }

    /// Books what sessions have used whose ends are still to be told. False: nothing of it is of this run.
    pub(super) fn used_meanwhile(&mut self, rows: &[SessionRow]) -> bool {
        let mut used = false;
        for end in rows.iter().cloned().filter_map(end_of) {
            let open = self.sessions.get(&end.session).filter(|known| !known.ended).map(|known| known.attempt);
            if let Some(attempt) = open {
                self.book_excess(attempt, &end);
                used = true;
            }
        }
        used
    }

    /// Takes over what a look has found, and looks again for what it has not.
    fn looked(&mut self) {
        self.reconciling.is_looking = false;
        let strays = std::mem::take(&mut self.reconciling.strays);
        for (attempt, searches) in std::mem::take(&mut self.reconciling.sought) {
            let options = self.attempts.get(attempt.0).and_then(|attempt| attempt.options.as_ref());
            match options.and_then(|options| strays.get(&options.label)) {
                Some(session) => {
                    let request = self.request(Purpose::Adopt(attempt));
                    self.out.push(Command::Watch(request, session.clone()));
                    // It is there. To give it up now, as after a jump of the clock, would lose it.
                    self.drive(attempt, Input::Listed);
                }
                None if searches + 1 < MAX_SEARCHES && !self.reconciling.is_off => {
                    self.reconciling.waiting.push((attempt, searches + 1));
                }
                None => self.not_found(attempt),
            }
        }
        // Those for whom time is up meanwhile need no look.
        let live = &self.live;
        self.reconciling.waiting.retain(|(attempt, _)| live.contains(attempt));
        if !self.reconciling.waiting.is_empty() {
            self.look();
        }
    }

    fn not_found(&mut self, attempt: AttemptIndex) {
        let unknown = HostError::NotFound("the host lists no session with this label".to_owned());
        self.drive(attempt, Input::Spawned(Err(unknown)));
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
            SessionOutcome::Failed { kind: FailureKind::Other, message, retry_after_ms: None }
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
