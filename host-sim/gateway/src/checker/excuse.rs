//! What breaks the letter of an invariant and does not count, by which rule, and how often.
//!
//! A call is held to what it can know and do. Where the host's own doing makes a difference, the checker says so by name instead
//! of looking away: each time that an invariant would have been broken but for such a rule is counted.

use std::collections::BTreeMap;

/// A rule by which something does not count as a broken invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excuse {
    /// The host's clock was set while it mattered.
    ClockJumped,
    /// A call went on after its deadline.
    WentOnLate,
    /// The host would not stop or delete a session.
    HostRefused,
    /// The host was too slow to delete everything.
    DeletedTooSlowly,
    /// No receipt of a session ever came.
    ReceiptLost,
    /// The answer to a spawn call did not come in time.
    ReceiptLate,
    /// The host gave an attempt the receipt of another one's session.
    ReceiptRepeated,
    /// The host kept a session from the call that went on.
    HiddenAfterCut,
    /// The host never named the model that ran.
    ModelUnnamed,
    /// The host never told what a session used.
    UsageUntold,
    /// A session used more than was reserved for it.
    BeyondReservation,
}

impl Excuse {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ClockJumped,
        Self::WentOnLate,
        Self::HostRefused,
        Self::DeletedTooSlowly,
        Self::ReceiptLost,
        Self::ReceiptLate,
        Self::ReceiptRepeated,
        Self::HiddenAfterCut,
        Self::ModelUnnamed,
        Self::UsageUntold,
        Self::BeyondReservation,
    ];

    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClockJumped => "clock_jumped",
            Self::WentOnLate => "went_on_late",
            Self::HostRefused => "host_refused",
            Self::DeletedTooSlowly => "deleted_too_slowly",
            Self::ReceiptLost => "receipt_lost",
            Self::ReceiptLate => "receipt_late",
            Self::ReceiptRepeated => "receipt_repeated",
            Self::HiddenAfterCut => "hidden_after_cut",
            Self::ModelUnnamed => "model_unnamed",
            Self::UsageUntold => "usage_untold",
            Self::BeyondReservation => "beyond_reservation",
        }
    }

    /// The rule, and the invariants from which it excuses.
    pub fn rule(self) -> &'static str {
        match self {
            Self::ClockJumped => {
                "I4, I7, I11, I15, E8: only by the real clock, not by the one that the host showed, was something too early or \
                 too late; or only by what a clock that was set on added to the last wait, or while a call that goes on caught \
                 up. I4, I7, I11, E8: the clock jumped within two events before a cut, or at any time after one. \
                 E2: a clock set on took from the 30 s for cleaning up after the session was to go; the report names it."
            }
            Self::WentOnLate => {
                "I11, E8: the call was cut off and went on less than 30 s before its end or after it, and was over within 30 s."
            }
            Self::HostRefused => "E2: the host refused to stop or delete a session, and the report names it.",
            Self::DeletedTooSlowly => {
                "E2: a session had ended and was not deleted within the 30 s for cleaning up; the report names it."
            }
            Self::ReceiptLost => "E2: no receipt or list ever named a session to the call; the report names its label.",
            Self::ReceiptLate => {
                "E2: a spawn call was still without an answer when the time for cleaning up was over; the report names its label."
            }
            Self::ReceiptRepeated => {
                "I8, E2, E7; after a cut I1, I2, I5 too: the attempt of a session was given the receipt of another one's."
            }
            Self::HiddenAfterCut => {
                "I1, I2, I5, I8, E2, E7: after a cut, the host had forgotten a session that the journal does not know, or left it \
                 out of both lists. I6: before a cut or after it, the host said that a session is not the caller's, so that the \
                 call took it for cut off; once for each such session of the task."
            }
            Self::ModelUnnamed => "I5: the host ran a dearer model than was asked for and never named it.",
            Self::UsageUntold => "I5: the host never told the call that a session used more than was reserved for it.",
            Self::BeyondReservation => {
                "I5, at the end of the run: single sessions used more than was reserved for each."
            }
        }
    }
}

/// How often each excuse was needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excuses(BTreeMap<Excuse, u64>);

impl Excuses {
    /// Counts something that would have broken an invariant but for this rule.
    pub fn add(&mut self, excuse: Excuse) {
        *self.0.entry(excuse).or_default() += 1;
    }

    /// Counts those of another call too.
    pub fn join(&mut self, other: &Self) {
        for (excuse, times) in &other.0 {
            *self.0.entry(*excuse).or_default() += times;
        }
    }

    /// How often one was needed.
    pub fn times(&self, excuse: Excuse) -> u64 {
        self.0.get(&excuse).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_a_name_and_a_rule_of_its_own() {
        let names: BTreeSet<_> = Excuse::ALL.iter().map(|excuse| excuse.name()).collect();
        let rules: BTreeSet<_> = Excuse::ALL.iter().map(|excuse| excuse.rule()).collect();
        assert_eq!((names.len(), rules.len()), (Excuse::ALL.len(), Excuse::ALL.len()));
    }
}
