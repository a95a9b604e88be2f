//! Calls that are cut off in the middle.

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
    made: u64,
    crash: Option<CrashPoint>,
    is_cut_off: bool,
    /// An import failed; the call hears nothing any more.
    is_trapped: bool,
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

    pub(super) fn made(&self) -> u64 {
        self.made
    }

    pub(super) fn crash_at(&mut self, point: CrashPoint) {
        self.crash = Some(point);
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    pub(super) fn is_trapped(&self) -> bool {
        self.is_trapped
    }

    pub(super) fn trap(&mut self) {
        self.is_trapped = true;
    }

    /// Those of the next call on the same host.
    pub(super) fn begin_again(&mut self) {
        *self = Self { is_trapped: self.is_trapped, ..Self::default() };
    }

    /// Why nothing happens any more. None: something may.
    pub(super) fn end(&self) -> Option<&'static str> {
        match self {
            Self { is_cut_off: true, .. } => Some("the call was cut off"),
            Self { is_trapped: true, .. } => Some("an import failed"),
            _ => None,
        }
    }
}
