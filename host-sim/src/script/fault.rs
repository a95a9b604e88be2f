//! The faults by name, and whether one comes true.

use super::chance::{Chance, Purpose};

/// The faults, by the names under which they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A spawn request was refused as rate limited.
    SpawnRateLimited,
    /// A spawn request was refused as busy.
    SpawnBusy,
    /// A spawn request was refused as unavailable.
    SpawnUnavailable,
    /// The answer to a spawn request was lost, and a session exists.
    SpawnLostAfter,
    /// A spawn request was lost.
    SpawnLostBefore,
    /// A session never started.
    NeverStart,
    /// A session started late.
    LateStart,
    /// A session was cut off.
    Interrupted,
    /// Another model ran and the receipt said so.
    ModelSwapped,
    /// Another model ran and the receipt did not say so.
    ReceiptLied,
    /// A session failed because its model was asked too often.
    ProviderLimit,
    /// Usage was not told.
    NoUsage,
    /// A session used more than its script says.
    MoreUsage,
    /// A session would not be cancelled.
    CancelRefused,
    /// A session would not be deleted.
    DeleteRefused,
    /// An end was told twice.
    EndTwice,
    /// An end was told late.
    LateEnd,
    /// The end of a foreign session was told.
    ForeignEnd,
    /// An answer was malformed.
    MalformedAnswer,
    /// An answer was empty.
    EmptyAnswer,
    /// An answer came late.
    LateAnswer,
    /// A session failed as its script says.
    FailedSession,
    /// A session hung.
    HangingSession,
}

impl Fault {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::SpawnRateLimited => "spawn_rate_limited",
            Self::SpawnBusy => "spawn_busy",
            Self::SpawnUnavailable => "spawn_unavailable",
            Self::SpawnLostAfter => "spawn_lost_after",
            Self::SpawnLostBefore => "spawn_lost_before",
            Self::NeverStart => "never_start",
            Self::LateStart => "late_start",
            Self::Interrupted => "interrupted",
            Self::ModelSwapped => "model_swapped",
            Self::ReceiptLied => "receipt_lied",
            Self::ProviderLimit => "provider_limit",
            Self::NoUsage => "no_usage",
            Self::MoreUsage => "more_usage",
            Self::CancelRefused => "cancel_refused",
            Self::DeleteRefused => "delete_refused",
            Self::EndTwice => "end_twice",
            Self::LateEnd => "late_end",
            Self::ForeignEnd => "foreign_end",
            Self::MalformedAnswer => "malformed_answer",
            Self::EmptyAnswer => "empty_answer",
            Self::LateAnswer => "late_answer",
            Self::FailedSession => "failed_session",
            Self::HangingSession => "hanging_session",
        }
    }

    /// Whether the fault comes true for a subject, the `nth` time that it could. Per mille.
    pub(crate) fn strikes(self, seed: u64, subject: &str, nth: u32, per_mille: u32) -> bool {
        // The draw is skipped where it cannot matter, not because it would change another one.
        per_mille > 0
            && Chance::of(seed, self.name(), subject, "", nth).dice(Purpose::Fault).below(1_000) < per_mille.into()
    }

    /// A number below `bound` for a subject of this fault.
    pub(crate) fn amount(self, seed: u64, subject: &str, bound: u64) -> u64 {
        let mut dice = Chance::of(seed, self.name(), subject, "", 0).dice(Purpose::Fault);
        // The first draw decides whether it happens.
        dice.below(1_000);
        dice.below(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_comes_true_as_often_as_it_says_and_always_for_the_same_subjects() {
        let struck =
            |seed| (0..10_000).filter(|nth| Fault::NoUsage.strikes(seed, "a", *nth, 100)).collect::<Vec<u32>>();
        let first = struck(1);
        // Five standard deviations, sqrt(10,000 * 0.1 * 0.9) = 30 each, are 150.
        assert!(first.len().abs_diff(1_000) < 150, "{}", first.len());
        assert_eq!(first, struck(1));
        assert_ne!(first, struck(2));
        assert!((0..1_000).all(|nth| !Fault::NoUsage.strikes(1, "a", nth, 0)));
        assert!((0..1_000).all(|nth| Fault::NoUsage.strikes(1, "a", nth, 1_000)));
    }
}
