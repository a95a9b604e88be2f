//! The faults: their names, under which they are counted, and the chances that a script may give them. One table.
//!
//! What a fault does is a rule at one of the hook points (`gateway/faults`). Which row of the fault table it belongs to stands
//! in [`super::fault_table`].

use super::chance::{Chance, Purpose};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $fault:ident = $name:literal $(, chance: $chance:literal)?;)+) => {
        /// The faults, by what was so when one is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[doc = $doc])+ $fault,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$fault),+];

            /// The name in reports, and in scripts that give it a chance.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)+
                }
            }

            /// What a chance per mille of it in a script is a chance of. None: it has no plain chance.
            pub fn chance_of(self) -> Option<&'static str> {
                match self {
                    $(Self::$fault => faults!(@chance $($chance)?),)+
                }
            }
        }
    };
    (@chance) => { None };
    (@chance $chance:literal) => { Some($chance) };
}

faults! {
    /// A spawn request was refused by policy.
    SpawnForbidden = "spawn_forbidden",
        chance: "Spawn requests that are refused by policy.";
    /// A spawn request found no room.
    AtCapacity = "at_capacity",
        chance: "Spawn requests that find no room, whatever the caps: somebody else has it.";
    /// A spawn request found the total of sessions used up.
    Exhausted = "exhausted";
    /// A spawn request was refused as rate limited.
    SpawnRateLimited = "spawn_rate_limited",
        chance: "Spawn requests that are refused as rate limited, whatever the rate.";
    /// A spawn request was refused as busy.
    SpawnBusy = "spawn_busy",
        chance: "Spawn requests that are refused as busy, whatever the rate.";
    /// A spawn request was refused as unavailable.
    SpawnUnavailable = "spawn_unavailable",
        chance: "Spawn requests that are refused as unavailable, at any time.";
    /// The answer to a spawn request was lost, and a session exists.
    SpawnLostAfter = "spawn_lost_after",
        chance: "Spawn requests whose answer is lost after the session came into being. The idempotency key finds it again.";
    /// A spawn request was lost.
    SpawnLostBefore = "spawn_lost_before",
        chance: "Spawn requests that are lost before anything came of them.";
    /// A session exists, and the answer to its spawn request made no sense.
    ReceiptMalformed = "receipt_malformed",
        chance: "Spawn requests that take effect and whose answer makes no sense: of another kind, without a key, with a key of a million characters.";
    /// A session exists, and the answer to its spawn request named another one.
    ReceiptRepeated = "receipt_repeated",
        chance: "Spawn requests that take effect and whose answer names an earlier session.";
    /// A spawn request was carried out late.
    LateReceipt = "late_receipt";
    /// A session was accepted above the host's own cap.
    CapIgnored = "cap_ignored",
        chance: "Spawn requests that are accepted although there is no room.";
    /// A session never started.
    NeverStart = "never_start",
        chance: "Sessions that are accepted and never start.";
    /// A session started late.
    LateStart = "late_start";
    /// A session was cut off.
    Interrupted = "interrupted",
        chance: "Sessions that a restart cuts off while they run.";
    /// Somebody else stopped a session.
    Killed = "killed",
        chance: "Sessions that somebody else stops while they run.";
    /// A session stood still without an end.
    Paused = "paused",
        chance: "Sessions that stand still at some time, without an end.";
    /// The host forgot a session.
    Vanished = "vanished",
        chance: "Sessions that the host forgets while they run: they are gone, and nobody is told.";
    /// The host did not end a session at its time limit.
    TimeoutIgnored = "timeout_ignored",
        chance: "Sessions that the host does not end at their time limit.";
    /// A session had sessions of its own.
    Grandchildren = "grandchildren";
    /// Another model ran and the receipt said so.
    ModelSwapped = "model_swapped";
    /// Another model ran and the receipt did not say so.
    ReceiptLied = "receipt_lied";
    /// A session failed because its model was asked too often.
    ProviderLimit = "provider_limit";
    /// Usage was not told.
    NoUsage = "no_usage",
        chance: "Sessions whose token usage is not told.";
    /// A session used more than its script says.
    MoreUsage = "more_usage";
    /// A session would not be cancelled.
    CancelRefused = "cancel_refused";
    /// A session would not be deleted.
    DeleteRefused = "delete_refused";
    /// A session was said to be somebody else's.
    NotOwner = "not_owner",
        chance: "Sessions that are somebody else's when they are to be read, cancelled or deleted.";
    /// An end was told twice.
    EndTwice = "end_twice",
        chance: "Ends that are told twice.";
    /// An end was told late.
    LateEnd = "late_end";
    /// An end was never told.
    EndLost = "end_lost",
        chance: "Ends that are never told. Lists know of them.";
    /// Another end of the same session was told after the first.
    EndContradicted = "end_contradicted",
        chance: "Ends that are followed by another end of the same session.";
    /// The end of a foreign session was told.
    ForeignEnd = "foreign_end",
        chance: "Ends that are followed by the end of a session that nobody in this call knows.";
    /// A list did not say where a session stands.
    UnknownState = "unknown_state",
        chance: "Rows of lists that do not say where a session stands.";
    /// A page of a list or a transcript was not what it should be.
    OddPage = "odd_page",
        chance: "Lists and transcripts of which a page repeats a row, leaves one out or promises more than there is.";
    /// A transcript was empty when it was read.
    HistoryEmpty = "history_empty";
    /// A transcript was gone when it was read.
    HistoryGone = "history_gone",
        chance: "Sessions whose transcript is gone.";
    /// The host took something out of a transcript.
    Redacted = "redacted",
        chance: "Sessions from whose transcript the host takes what looks like a secret.";
    /// A transcript ended with somebody else's words.
    Afterword = "afterword",
        chance: "Sessions whose transcript ends with words of the system, a user and a tool.";
    /// The host cut a text.
    TextCut = "text_cut";
    /// An answer was the host's word for none.
    SilentReply = "silent_reply",
        chance: "Good answers that become the host's words for none.";
    /// An answer was that the work goes on.
    Unfinished = "unfinished",
        chance: "Good answers that become a promise to go on.";
    /// An answer began with the model's thoughts.
    Thinking = "thinking",
        chance: "Good answers that begin with the model's thoughts.";
    /// An answer carried a secret.
    SecretTold = "secret_told",
        chance: "Good answers that carry a secret of their own, so that it can be seen where it gets to.";
    /// A wait ended before its time without anything having happened.
    EarlyWake = "early_wake",
        chance: "Waits that end before their time without anything having happened; never two in a row.";
    /// The host's clock jumped or stood still.
    ClockJumped = "clock_jumped",
        chance: "Events at which the host's clock jumps by an hour, forwards or backwards, or stands still.";
    /// An import failed, and the call with it.
    HostTrap = "host_trap",
        chance: "Calls of imports that fail, and the call of the component with them.";
    /// Somebody wanted the run stopped.
    StopRequested = "stop_requested",
        chance: "Events after which somebody wants the run stopped.";
    /// Whoever had called was gone.
    CallerGone = "caller_gone";
    /// A journal line could not be written.
    JournalFull = "journal_full",
        chance: "Journal lines that cannot be written, or only in part.";
    /// An answer was huge.
    HugeAnswer = "huge_answer";
    /// An answer stopped in the middle.
    AnswerTruncated = "answer_truncated";
    /// An answer was two.
    AnswerTwoObjects = "answer_two_objects";
    /// An answer had a member of another type.
    AnswerWrongType = "answer_wrong_type";
    /// An answer lacked a member.
    AnswerMissingField = "answer_missing_field";
    /// An answer had a comma too many.
    AnswerTrailingComma = "answer_trailing_comma";
    /// An answer stood in a fence between other words.
    AnswerWrapped = "answer_wrapped";
    /// An answer had single quotes.
    AnswerSingleQuotes = "answer_single_quotes";
    /// An answer had comments.
    AnswerComments = "answer_comments";
    /// An answer named a member twice.
    AnswerDuplicateKey = "answer_duplicate_key";
    /// An answer was nested too deeply.
    AnswerTooDeep = "answer_too_deep";
    /// An answer had a number that is none.
    AnswerNotANumber = "answer_not_a_number";
    /// An answer had a number in quotes or out of its range.
    AnswerOddNumber = "answer_odd_number";
    /// An answer had characters that nobody sees.
    AnswerControlChars = "answer_control_chars";
    /// An answer looked like the frame of a prompt.
    AnswerForgedMarker = "answer_forged_marker";
    /// An answer was empty.
    EmptyAnswer = "empty_answer";
    /// An answer came late.
    LateAnswer = "late_answer";
    /// A session failed as its script says.
    FailedSession = "failed_session";
    /// A session hung.
    HangingSession = "hanging_session";
}

impl Fault {
    /// Those that a script can give a plain chance.
    pub fn with_chances() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|fault| fault.chance_of().is_some())
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
