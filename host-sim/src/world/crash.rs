//! Calls that are cut off in the middle, and what a host finds when it comes back.

use super::World;
use super::agenda::{Agenda, Due};
use super::session::Lane;

/// The moment of a host call at which everything on the caller's side is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The host does not hear of it.
    Before,
    /// A journal line is written in part. For every other call the same as `Before`.
    Within,
    /// The host carries it out, and nobody hears of that.
    After,
}

/// Where a call is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashPoint {
    /// Host calls, journal lines included, before this one.
    pub call: u64,
    /// Whether that call is still carried out.
    pub moment: Moment,
}

/// What goes down with the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// The component and whoever called it. The gateway goes on, and so do the sessions.
    Caller,
    /// The gateway too: what it was about to do is not done, and its sessions are cut off.
    Gateway,
}

/// The host calls of one call.
#[derive(Clone, Debug, Default)]
pub(super) struct HostCalls {
    pub(super) made: u64,
    crash: Option<CrashPoint>,
    pub(super) is_cut_off: bool,
}

/// What becomes of a host call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    Torn,
    Lost,
}

impl HostCalls {
    /// Counts a call.
    pub(super) fn next(&mut self) -> Fate {
        if self.is_cut_off {
            return Fate::Lost;
        }
        let this = self.made;
        self.made += 1;
        let Some(crash) = self.crash.filter(|crash| crash.call == this) else { return Fate::Done };
        self.is_cut_off = true;
        match crash.moment {
            Moment::Before => Fate::Lost,
            Moment::Within => Fate::Torn,
            Moment::After => Fate::Done,
        }
    }
}

impl World {
    /// Cuts the call off at a point.
    pub fn crash_at(&mut self, point: CrashPoint) {
        self.calls.crash = Some(point);
    }

    /// Whether the call was cut off.
    pub fn is_cut_off(&self) -> bool {
        self.calls.is_cut_off
    }

    /// Host calls that were made, journal lines included.
    pub fn host_calls(&self) -> u64 {
        self.calls.made
    }

    /// The gateway after a call was cut off, ready for the one that resumes it.
    ///
    /// Whichever went down, nothing is known any more of idempotency keys, and the new call has to take its sessions over.
    #[must_use]
    pub fn revived(mut self, restart: Restart) -> Self {
        let mut future = Agenda::default();
        std::mem::swap(&mut future, &mut self.agenda);
        for (at_ms, draw, due) in future.into_items() {
            match due {
                Due::Request(command) if restart == Restart::Caller => self.answer(command),
                Due::Request(_) | Due::Tell { .. } => {}
                due => self.agenda.enter(at_ms, draw, due),
            }
        }
        for session in self.sessions.values_mut() {
            session.is_watched = false;
        }
        if restart == Restart::Gateway {
            self.lane = Lane::new(self.profile().max_concurrent);
            let live: Vec<_> = self.sessions.values().filter(|session| session.is_live()).collect();
            let live: Vec<_> = live.into_iter().map(|session| session.receipt.session_key.clone()).collect();
            live.iter().for_each(|key| self.interrupt(key));
        }
        self.untold.clear();
        for (task, reason) in std::mem::take(&mut self.stops_told) {
            self.request_stop(task, reason);
        }
        self.receipts_by_idempotency_key.clear();
        self.journal.truncate(self.journal.rfind('\n').map_or(0, |at| at + 1));
        self.calls = super::crash::HostCalls::default();
        self.next_seq = 0;
        self.ledger.resumed();
        self
    }
}
