//! What is going to happen to a session beside what its script says. By default nothing.

use crate::script::Fault;

/// The plan of one session.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gateway) struct FaultPlan {
    pub(in crate::gateway) never_starts: bool,
    pub(in crate::gateway) start_delay_ms: u64,
    /// What happens to it while it runs, and after how much of its time, per mille.
    pub(in crate::gateway) session_fault: Option<(SessionFault, u64)>,
    /// The host does not end it at its time limit.
    pub(in crate::gateway) ignores_limit: bool,
    /// Sessions that it spawns.
    pub(in crate::gateway) children: u32,
    pub(in crate::gateway) usage_is_silent: bool,
    pub(in crate::gateway) end: EndPlan,
    pub(in crate::gateway) reads: ReadPlan,
    pub(in crate::gateway) cleanup: CleanupPlan,
}

/// What is told of its end.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gateway) struct EndPlan {
    pub(in crate::gateway) is_lost: bool,
    pub(in crate::gateway) delay_ms: u64,
    /// How much later another end of it is told.
    pub(in crate::gateway) contradiction_ms: Option<u64>,
    /// How much later its end is told again.
    pub(in crate::gateway) echo_ms: Option<u64>,
    /// How much later the end of a foreign session is told.
    pub(in crate::gateway) foreign_ms: Option<u64>,
}

/// What its transcript looks like.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gateway) struct ReadPlan {
    /// Times that it is still going to be empty.
    pub(in crate::gateway) empty: u32,
    pub(in crate::gateway) is_gone: bool,
    pub(in crate::gateway) is_redacted: bool,
    pub(in crate::gateway) has_afterword: bool,
}

/// What comes of requests to stop or delete it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gateway) struct CleanupPlan {
    /// It is somebody else's.
    pub(in crate::gateway) is_not_owned: bool,
    /// Cancel requests that it is still going to refuse.
    pub(in crate::gateway) cancel_refusals: u32,
    /// Delete requests that it is still going to refuse.
    pub(in crate::gateway) delete_refusals: u32,
}

/// What happens to a session while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum SessionFault {
    /// A restart cuts it off.
    CutOff,
    /// Somebody else stops it.
    Killed,
    /// It stands still.
    Paused,
    /// The host forgets it.
    Vanished,
}

impl SessionFault {
    /// The name under which it is counted.
    pub(in crate::gateway) fn fault(self) -> Fault {
        match self {
            Self::CutOff => Fault::Interrupted,
            Self::Killed => Fault::Killed,
            Self::Paused => Fault::Paused,
            Self::Vanished => Fault::Vanished,
        }
    }
}
