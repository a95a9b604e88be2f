//! The rows of the table, by number.

use super::row::Place::{Answer, Caller, Deletion, End, Host, Reading, Session, Spawn};
use super::row::{Knob, Place, Row, Source};
use crate::script::Fault;

const fn knob(place: Place, always: &'static str, counted: Fault) -> Knob {
    Knob { place, always, counted }
}

/// A fault of which the script's number says how often of a thousand times it comes: always.
macro_rules! certain {
    ($place:expr, $fault:literal, $counted:ident) => {
        knob($place, concat!("[faults]\n", $fault, " = 1000"), Fault::$counted)
    };
}

const fn row(number: u32, what: &'static str, knobs: &'static [Knob]) -> Row {
    Row { number, what, source: Source::Script(knobs) }
}

const fn elsewhere(number: u32, what: &'static str, who: &'static str) -> Row {
    Row { number, what, source: Source::Elsewhere(who) }
}

/// The rows, by number.
pub const ROWS: [Row; 50] = [
    row(1, "a spawn is forbidden", &[certain!(Spawn, "spawn_forbidden", SpawnForbidden)]),
    row(
        2,
        "another model runs than the one asked for",
        &[
            knob(Spawn, "[faults]\nswaps = [{ to = \"sim/other\", per_mille = 1000 }]", Fault::ModelSwapped),
            knob(
                Spawn,
                "[faults]\nswaps = [{ to = \"sim/other\", per_mille = 1000, receipt_lies = true }]",
                Fault::ReceiptLied,
            ),
        ],
    ),
    row(
        3,
        "a cap on live sessions is reached",
        &[knob(Spawn, "[host]\nmax_children = 1", Fault::AtCapacity), certain!(Spawn, "at_capacity", AtCapacity)],
    ),
    row(4, "a cap on all sessions is reached", &[knob(Spawn, "[host]\nmax_total = 1", Fault::Exhausted)]),
    row(
        5,
        "spawns are rate limited",
        &[
            knob(
                Spawn,
                "[faults]\nspawn_rate = { burst = 1, per_ms = 1_000, retry_after_ms = 2_000 }",
                Fault::SpawnRateLimited,
            ),
            certain!(Spawn, "spawn_rate_limited", SpawnRateLimited),
        ],
    ),
    row(
        6,
        "the gateway is away",
        &[
            knob(Spawn, "[faults]\nunavailable = [{ from_ms = 0, to_ms = 5_000 }]", Fault::SpawnUnavailable),
            certain!(Spawn, "spawn_unavailable", SpawnUnavailable),
        ],
    ),
    row(
        7,
        "the answer to a spawn is lost",
        &[certain!(Spawn, "spawn_lost_after", SpawnLostAfter), certain!(Spawn, "spawn_lost_before", SpawnLostBefore)],
    ),
    row(8, "the answer to a spawn makes no sense", &[certain!(Spawn, "receipt_malformed", ReceiptMalformed)]),
    row(9, "two spawns are given one session", &[certain!(Spawn, "receipt_repeated", ReceiptRepeated)]),
    row(
        10,
        "a host accepts late, or more than its cap",
        &[
            knob(Spawn, "[faults]\nlate_receipt = { per_mille = 1000, delay_ms = 9_000 }", Fault::LateReceipt),
            knob(Spawn, "[host]\nmax_children = 1\n[faults]\ncap_ignored = 1000", Fault::CapIgnored),
        ],
    ),
    row(
        11,
        "a file is locked under a burst of spawns",
        &[
            knob(Spawn, "[faults]\nspawn_burst = { burst = 1, per_ms = 1_000 }", Fault::SpawnBusy),
            certain!(Spawn, "spawn_busy", SpawnBusy),
        ],
    ),
    row(
        12,
        "a session is accepted and does not start",
        &[
            certain!(Session, "never_start", NeverStart),
            knob(Session, "[faults]\nlate_start = { per_mille = 1000, delay_ms = 30_000 }", Fault::LateStart),
        ],
    ),
    row(
        13,
        "a session fails",
        &[
            knob(Session, "[[answers]]\nodds = { failing = 1000 }", Fault::FailedSession),
            knob(Session, "[models.\"sim/standard\"]\nmax_concurrent = 1", Fault::ProviderLimit),
        ],
    ),
    row(
        14,
        "a session runs past its time limit",
        &[
            knob(Session, "[[answers]]\nodds = { late = 1000 }", Fault::LateAnswer),
            knob(Session, "[[answers]]\nodds = { hanging = 1000 }", Fault::HangingSession),
            knob(
                Session,
                "[faults]\ntimeout_ignored = 1000\n[[answers]]\nodds = { hanging = 1000 }",
                Fault::TimeoutIgnored,
            ),
        ],
    ),
    row(
        15,
        "a session is cut off or killed",
        &[certain!(Session, "interrupted", Interrupted), certain!(Session, "killed", Killed)],
    ),
    row(
        16,
        "an answer says nothing",
        &[
            knob(Answer, "[[answers]]\nodds = { empty = 1000 }", Fault::EmptyAnswer),
            certain!(Answer, "silent_reply", SilentReply),
        ],
    ),
    row(17, "an answer promises to go on", &[certain!(Answer, "unfinished", Unfinished)]),
    row(18, "a session stands still", &[certain!(Session, "paused", Paused)]),
    row(
        19,
        "a session has sessions of its own",
        &[knob(Session, "[faults]\ngrandchildren = { per_mille = 1000, times = 5 }", Fault::Grandchildren)],
    ),
    row(20, "a wait ends and nothing has happened", &[certain!(Host, "early_wake", EarlyWake)]),
    row(
        21,
        "a session is not known, or not this call's",
        &[certain!(Session, "vanished", Vanished), certain!(Deletion, "not_owner", NotOwner)],
    ),
    row(
        22,
        "a state has no known name",
        &[knob(Reading, "[faults]\nunknown_state = 1000\n[[answers]]\nodds = { hanging = 1000 }", Fault::UnknownState)],
    ),
    row(
        23,
        "ends are told twice, late, out of order",
        &[
            certain!(End, "end_twice", EndTwice),
            knob(End, "[faults]\nlate_end = { per_mille = 1000, delay_ms = 20_000 }", Fault::LateEnd),
        ],
    ),
    row(24, "an end is never told", &[certain!(End, "end_lost", EndLost)]),
    row(25, "an end of a foreign session is told", &[certain!(End, "foreign_end", ForeignEnd)]),
    row(26, "a session ends in two ways", &[certain!(End, "end_contradicted", EndContradicted)]),
    row(
        27,
        "a transcript is empty",
        &[knob(
            Reading,
            "[host]\ncompletion_chars = 0\n[faults]\nhistory_empty = { per_mille = 1000, times = 1 }",
            Fault::HistoryEmpty,
        )],
    ),
    row(
        28,
        "texts are cut",
        &[
            knob(Reading, "[host]\ncompletion_chars = 3", Fault::TextCut),
            knob(
                Reading,
                "[host]\ncompletion_chars = 0\nfull_history = false\nhistory_block_chars = 20",
                Fault::TextCut,
            ),
            knob(
                Reading,
                "[host]\ncompletion_chars = 0\nfull_history = false\nhistory_page_bytes = 20",
                Fault::TextCut,
            ),
        ],
    ),
    row(
        29,
        "something is taken out of a transcript",
        &[knob(
            Reading,
            "[host]\ncompletion_chars = 0\n[faults]\nredacted = 1000\nsecret_told = 1000",
            Fault::Redacted,
        )],
    ),
    row(
        30,
        "a transcript is gone",
        &[knob(Reading, "[host]\ncompletion_chars = 0\n[faults]\nhistory_gone = 1000", Fault::HistoryGone)],
    ),
    row(
        31,
        "pages repeat rows, lack rows, have no end",
        &[knob(Reading, "[host]\ncompletion_chars = 0\n[faults]\nodd_page = 1000", Fault::OddPage)],
    ),
    row(
        32,
        "the last words of a transcript are not the answer",
        &[
            knob(Reading, "[host]\ncompletion_chars = 0\n[faults]\nafterword = 1000", Fault::Afterword),
            certain!(Answer, "thinking", Thinking),
        ],
    ),
    row(
        33,
        "prose and fences stand around an answer",
        &[knob(
            Answer,
            "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"wrapped\"]",
            Fault::AnswerWrapped,
        )],
    ),
    row(
        34,
        "an answer is almost JSON",
        &[
            knob(
                Answer,
                "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"trailing_comma\"]",
                Fault::AnswerTrailingComma,
            ),
            knob(
                Answer,
                "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"single_quotes\"]",
                Fault::AnswerSingleQuotes,
            ),
            knob(
                Answer,
                "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"comments\"]",
                Fault::AnswerComments,
            ),
            knob(
                Answer,
                "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"truncated\"]",
                Fault::AnswerTruncated,
            ),
        ],
    ),
    row(
        35,
        "an answer is two",
        &[knob(
            Answer,
            "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"two_objects\"]",
            Fault::AnswerTwoObjects,
        )],
    ),
    row(
        36,
        "a member is named twice",
        &[knob(
            Answer,
            "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"duplicate_key\"]",
            Fault::AnswerDuplicateKey,
        )],
    ),
    row(
        37,
        "an answer is nested too deeply",
        &[knob(
            Answer,
            "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"too_deep\"]",
            Fault::AnswerTooDeep,
        )],
    ),
    row(
        38,
        "a number is none",
        &[knob(
            Answer,
            "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"not_a_number\"]",
            Fault::AnswerNotANumber,
        )],
    ),
    row(
        39,
        "a value is of another type, or out of its range",
        &[
            knob(
                Answer,
                "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"odd_number\"]",
                Fault::AnswerOddNumber,
            ),
            knob(
                Answer,
                "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"wrong_type\"]",
                Fault::AnswerWrongType,
            ),
            knob(
                Answer,
                "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"missing_field\"]",
                Fault::AnswerMissingField,
            ),
        ],
    ),
    row(
        40,
        "an answer is huge",
        &[knob(Answer, "[faults]\nhuge_answer = { per_mille = 1000, bytes = 5_000_000 }", Fault::HugeAnswer)],
    ),
    row(
        41,
        "an answer has characters that nobody sees",
        &[knob(
            Answer,
            "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"control_chars\"]",
            Fault::AnswerControlChars,
        )],
    ),
    row(
        42,
        "an answer looks like the frame of a prompt",
        &[knob(
            Answer,
            "[[answers]]\nodds = { malformed = 1000 }\nmalformed_kinds = [\"forged_marker\"]",
            Fault::AnswerForgedMarker,
        )],
    ),
    row(43, "the clock jumps or stands still", &[certain!(Host, "clock_jumped", ClockJumped)]),
    row(44, "an import fails", &[certain!(Host, "host_trap", HostTrap)]),
    row(45, "somebody wants the run stopped", &[certain!(Caller, "stop_requested", StopRequested)]),
    row(
        46,
        "a session will not stop, or not be deleted",
        &[
            knob(
                Deletion,
                "[faults]\ncancel_refused = { per_mille = 1000, times = 2 }\ntimeout_ignored = 1000\n[[answers]]\nodds = { hanging = 1000 }",
                Fault::CancelRefused,
            ),
            knob(Deletion, "[faults]\ndelete_refused = { per_mille = 1000, times = 9 }", Fault::DeleteRefused),
        ],
    ),
    elsewhere(47, "the component runs out of memory, stack or fuel", "the limits suite, with components made for it"),
    elsewhere(48, "a journal is damaged", "the tests of the journal, which damage every place of one"),
    row(49, "whoever called is gone", &[knob(Caller, "[faults]\ncaller_gone_ms = 3_000", Fault::CallerGone)]),
    row(50, "a journal line cannot be written", &[certain!(Host, "journal_full", JournalFull)]),
];
