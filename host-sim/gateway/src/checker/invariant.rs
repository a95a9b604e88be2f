//! The invariants, and what it looks like when one is violated.

use std::fmt;

/// An invariant that holds for every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Never more live sessions than allowed, counted from the spawn call.
    Cap,
    /// Never more sessions than the request allows.
    Sessions,
    /// Never more tokens or money than the budget, reserved at the spawn call.
    Budget,
    /// A task waits for those that it depends on.
    Dependencies,
    /// Nothing is spawned once somebody wants the run stopped, or its time is over.
    Stop,
    /// Never more retries, second chances and hedges than the request allows.
    Retries,
    /// No session before the time that host or provider asked for.
    Pauses,
    /// A task waits, runs and ends, in this order.
    States,
    /// No wait goes on after the time of the run.
    Time,
    /// No request without a reason, again and again.
    Storm,
    /// What is kept of answers has a limit.
    Sizes,
    /// An agent type that fails and fails is left alone and then probed by one session; one that is refused twice in a row
    /// for the same reason is not asked for again.
    Breaker,
    /// Input is framed by a code of its own, and everything else that a session is given comes from the request.
    Taint,
    /// Nothing that a session wrote is an argument.
    Inert,
    /// What a session wrote reaches nobody but who was to read it.
    Secrets,
    /// A task is never given to a tier below the one that it was promised, or that it has had.
    Tier,
    /// One result for each task, in order, with the end that was shown.
    Results,
    /// What had ended before a call was cut off is not done again.
    Resume,
    /// The call comes back in time.
    Liveness,
    /// A request that is refused asks for nothing.
    Refusal,
    /// Usage is what the host told.
    Usage,
    /// At most one live session for one task, two if it is hedged, and none once it has ended.
    OneAttempt,
    /// Requests name sessions of this call, in a sensible order, and not without end.
    CallOrder,
    /// Progress is counted without gaps, and nothing follows the end of a task.
    Progress,
    /// Events are counted without gaps.
    Events,
    /// Every request has one number and at most one answer.
    OneAnswer,
    /// Nothing is left running, and what was to be deleted is gone.
    NoOrphans,
    /// Every session ended exactly once, as far as anybody was told.
    Conservation,
}

impl Invariant {
    /// Its number in docs/reliability.md.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cap => "I1",
            Self::Sessions => "I2",
            Self::Budget => "I5",
            Self::Dependencies => "I3",
            Self::Stop => "I4",
            Self::Retries => "I6",
            Self::Pauses => "I7",
            Self::OneAttempt => "I8",
            Self::States => "I9",
            Self::CallOrder => "I10",
            Self::Time => "I11",
            Self::Storm => "I12",
            Self::Sizes => "I13",
            Self::Progress => "I14",
            Self::Breaker => "I15",
            Self::Taint => "I16",
            Self::Inert => "I17",
            Self::Secrets => "I18",
            Self::Tier => "I19",
            Self::Results => "E1",
            Self::Resume => "E7",
            Self::Liveness => "E8",
            Self::Refusal => "E10",
            Self::Usage => "E11",
            Self::Events => "H1",
            Self::OneAnswer => "H2",
            Self::NoOrphans => "E2",
            Self::Conservation => "E3",
        }
    }
}

/// A violated invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// The event that came last before it, counted from 0. None: there was none, or it is the state at the end.
    pub event: Option<u64>,
    /// What happened, in one sentence.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.event {
            Some(event) => write!(f, "{} at event {event}: {}", self.invariant.code(), self.what),
            None => write!(f, "{}: {}", self.invariant.code(), self.what),
        }
    }
}
