//! The faults by name, and whether one comes true.

use super::chance::{Chance, Purpose};

/// The faults, by the names under which they are counted. Which row of the fault table each belongs to stands in
/// [`super::fault_table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A spawn request was refused by policy.
    SpawnForbidden,
    /// A spawn request found no room.
    AtCapacity,
    /// A spawn request found the total of sessions used up.
    Exhausted,
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
    /// A session exists, and the answer to its spawn request made no sense.
    ReceiptMalformed,
    /// A session exists, and the answer to its spawn request named another one.
    ReceiptRepeated,
    /// A spawn request was carried out late.
    LateReceipt,
    /// A session was accepted above the host's own cap.
    CapIgnored,
    /// A session never started.
    NeverStart,
    /// A session started late.
    LateStart,
    /// A session was cut off.
    Interrupted,
    /// Somebody else stopped a session.
    Killed,
    /// A session stood still without an end.
    Paused,
    /// The host forgot a session.
    Vanished,
    /// The host did not end a session at its time limit.
    TimeoutIgnored,
    /// A session had sessions of its own.
    Grandchildren,
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
    /// A session was said to be somebody else's.
    NotOwner,
    /// An end was told twice.
    EndTwice,
    /// An end was told late.
    LateEnd,
    /// An end was never told.
    EndLost,
    /// Another end of the same session was told after the first.
    EndContradicted,
    /// The end of a foreign session was told.
    ForeignEnd,
    /// A list did not say where a session stands.
    UnknownState,
    /// A page of a list or a transcript was not what it should be.
    OddPage,
    /// A transcript was empty when it was read.
    HistoryEmpty,
    /// A transcript was gone when it was read.
    HistoryGone,
    /// The host took something out of a transcript.
    Redacted,
    /// A transcript ended with somebody else's words.
    Afterword,
    /// The host cut a text.
    TextCut,
    /// A wait ended before its time without anything having happened.
    EarlyWake,
    /// The host's clock jumped or stood still.
    ClockJumped,
    /// An import failed, and the call with it.
    HostTrap,
    /// Somebody wanted the run stopped.
    StopRequested,
    /// Whoever had called was gone.
    CallerGone,
    /// A journal line could not be written.
    JournalFull,
    /// An answer carried a secret.
    SecretTold,
    /// An answer was the host's word for none.
    SilentReply,
    /// An answer was that the work goes on.
    Unfinished,
    /// An answer began with the model's thoughts.
    Thinking,
    /// An answer was huge.
    HugeAnswer,
    /// An answer stopped in the middle.
    AnswerTruncated,
    /// An answer was two.
    AnswerTwoObjects,
    /// An answer had a member of another type.
    AnswerWrongType,
    /// An answer lacked a member.
    AnswerMissingField,
    /// An answer had a comma too many.
    AnswerTrailingComma,
    /// An answer stood in a fence between other words.
    AnswerWrapped,
    /// An answer had single quotes.
    AnswerSingleQuotes,
    /// An answer had comments.
    AnswerComments,
    /// An answer named a member twice.
    AnswerDuplicateKey,
    /// An answer was nested too deeply.
    AnswerTooDeep,
    /// An answer had a number that is none.
    AnswerNotANumber,
    /// An answer had a number in quotes or out of its range.
    AnswerOddNumber,
    /// An answer had characters that nobody sees.
    AnswerControlChars,
    /// An answer looked like the frame of a prompt.
    AnswerForgedMarker,
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
            Self::SpawnForbidden => "spawn_forbidden",
            Self::AtCapacity => "at_capacity",
            Self::Exhausted => "exhausted",
            Self::SpawnRateLimited => "spawn_rate_limited",
            Self::SpawnBusy => "spawn_busy",
            Self::SpawnUnavailable => "spawn_unavailable",
            Self::SpawnLostAfter => "spawn_lost_after",
            Self::SpawnLostBefore => "spawn_lost_before",
            Self::ReceiptMalformed => "receipt_malformed",
            Self::ReceiptRepeated => "receipt_repeated",
            Self::LateReceipt => "late_receipt",
            Self::CapIgnored => "cap_ignored",
            Self::NeverStart => "never_start",
            Self::LateStart => "late_start",
            Self::Interrupted => "interrupted",
            Self::Killed => "killed",
            Self::Paused => "paused",
            Self::Vanished => "vanished",
            Self::TimeoutIgnored => "timeout_ignored",
            Self::Grandchildren => "grandchildren",
            Self::ModelSwapped => "model_swapped",
            Self::ReceiptLied => "receipt_lied",
            Self::ProviderLimit => "provider_limit",
            Self::NoUsage => "no_usage",
            Self::MoreUsage => "more_usage",
            Self::CancelRefused => "cancel_refused",
            Self::DeleteRefused => "delete_refused",
            Self::NotOwner => "not_owner",
            Self::EndTwice => "end_twice",
            Self::LateEnd => "late_end",
            Self::EndLost => "end_lost",
            Self::EndContradicted => "end_contradicted",
            Self::ForeignEnd => "foreign_end",
            Self::UnknownState => "unknown_state",
            Self::OddPage => "odd_page",
            Self::HistoryEmpty => "history_empty",
            Self::HistoryGone => "history_gone",
            Self::Redacted => "redacted",
            Self::Afterword => "afterword",
            Self::TextCut => "text_cut",
            Self::EarlyWake => "early_wake",
            Self::ClockJumped => "clock_jumped",
            Self::HostTrap => "host_trap",
            Self::StopRequested => "stop_requested",
            Self::CallerGone => "caller_gone",
            Self::JournalFull => "journal_full",
            Self::SecretTold => "secret_told",
            Self::SilentReply => "silent_reply",
            Self::Unfinished => "unfinished",
            Self::Thinking => "thinking",
            Self::HugeAnswer => "huge_answer",
            Self::AnswerTruncated => "answer_truncated",
            Self::AnswerTwoObjects => "answer_two_objects",
            Self::AnswerWrongType => "answer_wrong_type",
            Self::AnswerMissingField => "answer_missing_field",
            Self::AnswerTrailingComma => "answer_trailing_comma",
            Self::AnswerWrapped => "answer_wrapped",
            Self::AnswerSingleQuotes => "answer_single_quotes",
            Self::AnswerComments => "answer_comments",
            Self::AnswerDuplicateKey => "answer_duplicate_key",
            Self::AnswerTooDeep => "answer_too_deep",
            Self::AnswerNotANumber => "answer_not_a_number",
            Self::AnswerOddNumber => "answer_odd_number",
            Self::AnswerControlChars => "answer_control_chars",
            Self::AnswerForgedMarker => "answer_forged_marker",
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
