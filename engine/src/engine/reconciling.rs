//! What the host's list of sessions shows that the host did not report.
//!
//! It is read after a time without news of any session of the run, because a host can lose the report of an end; a session
//! that it does not show may still be alive. And it is read for a session of which no spawn call says whether it exists: its
//! label shows that it does. One look serves all that wait for one; a look is a read of the list, page by page.

use std::collections::BTreeMap;

use crate::host::{FailureKind, ListFilter, SessionEnd, SessionOutcome, SessionRow, SessionState};
use crate::ids::{AttemptIndex, SessionKey};

/// How long nothing has to be heard of any session before the host is asked where they stand. A session that answers
/// takes seconds to minutes, and a list call costs the gateway less than a second.
const QUIET_MS: u64 = 30_000;

/// Rows of one page.
const PAGE: u32 = 200;

/// Pages of one look: 10,000 sessions.
const MAX_PAGES: u32 = 50;

/// A look without news makes the next one come later, up to this many times.
const MAX_DOUBLINGS: u32 = 3;

/// Looks for one session: lists of a busy gateway repeat rows and leave some out.
const MAX_SEARCHES: u32 = 2;

/// A session in doubt, and the looks for it so far.
pub(super) type Search = (AttemptIndex, u32);

/// When to look, whether that helps, and what is searched for.
#[derive(Debug, Default)]
pub(super) struct Reconciling {
    heard_at: u64,
    /// Reads of the host's list since `heard_at`; the more there were, the longer the pause before the next one.
    looks: u32,
    /// The host cannot list.
    is_off: bool,
    /// The number of the last look.
    look: u32,
    /// Its answer is owed.
    is_looking: bool,
    /// What the labels that it lists contain.
    text: String,
    /// What it searches for.
    searches: Vec<Search>,
    /// Searches that came too late for it.
    waiting: Vec<Search>,
    /// Sessions that it showed and that belong to no attempt yet, by label.
    strays: BTreeMap<String, SessionKey>,
}

impl Reconciling {
    /// There is news of a session.
    pub(super) fn heard(&mut self, now: u64) {
        (self.heard_at, self.looks) = (now, 0);
    }

    /// When to look next, while sessions are alive: 30 s after the last news, then 60 s, 120 s and every 240 s later.
    pub(super) fn wake_at(&self) -> Option<u64> {
        let times = (1..=self.looks).map(|look| QUIET_MS << look.min(MAX_DOUBLINGS)).sum::<u64>();
        (!self.is_off).then(|| self.heard_at.saturating_add(QUIET_MS).saturating_add(times))
    }

    /// Whether there was no news for long, so that a look is due; it counts as one.
    pub(super) fn take_due(&mut self, now: u64) -> bool {
        let is_due = self.wake_at().is_some_and(|at| now >= at);
        self.looks += u32::from(is_due);
        is_due
    }

    /// Begins a search for a session of which no spawn call says whether it exists. False: the host cannot list.
    pub(super) fn search(&mut self, attempt: AttemptIndex) -> bool {
        if !self.is_off {
            self.waiting.push((attempt, 0));
        }
        !self.is_off
    }

    /// Searches once more, unless it was done often enough.
    pub(super) fn search_again(&mut self, (attempt, looks): Search) -> bool {
        let again = looks + 1 < MAX_SEARCHES && !self.is_off;
        if again {
            self.waiting.push((attempt, looks + 1));
        }
        again
    }

    /// Leaves out searches that nobody needs any more. Whether others wait for the next look.
    pub(super) fn keep(&mut self, is_needed: impl Fn(AttemptIndex) -> bool) -> bool {
        self.waiting.retain(|(attempt, _)| is_needed(*attempt));
        !self.waiting.is_empty()
    }

    /// Whether a search waits for a look, and none is under way.
    pub(super) fn wants_look(&self) -> bool {
        !self.is_looking && !self.waiting.is_empty()
    }

    /// The session that is searched for next.
    pub(super) fn next_search(&self) -> Option<AttemptIndex> {
        self.waiting.first().map(|(attempt, _)| *attempt)
    }

    /// Begins a look at the sessions whose labels have this code, and returns its number. It serves all searches. One whose answer
    /// is still owed is given up for it.
    pub(super) fn begin_look(&mut self, code: &str) -> u32 {
        let all = self.waiting.len();
        self.begin(code, all)
    }

    /// Begins a look for the one session that is searched for next, by its label.
    pub(super) fn begin_search(&mut self, label: &str) -> u32 {
        self.begin(label, 1)
    }

    fn begin(&mut self, text: &str, searches: usize) -> u32 {
        self.look += 1;
        self.is_looking = true;
        text.clone_into(&mut self.text);
        self.searches.extend(self.waiting.drain(..searches.min(self.waiting.len())));
        self.look
    }

    /// What a page of the present look is asked for with.
    pub(super) fn page_filter(&self, page: u32) -> ListFilter {
        let search = Some(self.text.clone());
        ListFilter { search, spawned_by: None, offset: page.saturating_mul(PAGE), limit: PAGE }
    }

    /// Whether a page belongs to the look that is under way.
    pub(super) fn is_present(&self, look: u32) -> bool {
        self.is_looking && look == self.look
    }

    /// The host refuses to list.
    pub(super) fn switch_off(&mut self) {
        self.is_off = true;
    }

    /// The list has a session that belongs to no attempt.
    pub(super) fn stray(&mut self, label: Option<String>, session: SessionKey) {
        self.strays.insert(label.unwrap_or_default(), session);
    }

    /// Ends the look: what was searched for, and the sessions without an attempt that it showed.
    pub(super) fn end_look(&mut self) -> (Vec<Search>, BTreeMap<String, SessionKey>) {
        self.is_looking = false;
        (std::mem::take(&mut self.searches), std::mem::take(&mut self.strays))
    }
}

/// Whether a run with so many sessions is searched for one of them by its label: its list takes several pages, and each of
/// them stands in the journal.
pub(super) fn has_long_list(sessions: usize) -> bool {
    sessions > PAGE as usize
}

/// Whether another page follows this one.
pub(super) fn goes_on(page: u32, rows: &[SessionRow], has_more: bool) -> bool {
    has_more && !rows.is_empty() && page + 1 < MAX_PAGES
}

/// The end that was not reported, if the session has ended. Its answer is in the transcript.
pub(super) fn end_of(row: SessionRow) -> Option<SessionEnd> {
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
            assert!(reconciling.take_due(u64::MAX));
        }
        assert_eq!(looks, [31, 91, 211, 451, 691, 931]);
        reconciling.heard(5_000);
        assert_eq!(reconciling.wake_at(), Some(35_000));
    }
}
