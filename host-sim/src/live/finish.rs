//! What servers mean by `finish_reason`. The protocol has five values; the world has many more.

use parallel_agents_engine::host::FinishReason;

/// Why an answer ended, the worst last: a later word of a stream does not undo a worse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finish {
    /// All is said.
    Whole,
    /// The model wants a tool called.
    ToolCall,
    /// A word that nobody here knows.
    Unknown,
    /// A limit of tokens.
    Length,
    /// A filter, or the model's own refusal.
    Filtered,
    /// The server gave up.
    Broken,
}

/// Words for a whole answer: these exactly, since "stop" and "end" are also parts of other words.
const WHOLE: [&str; 14] = [
    "stop",
    "eos",
    "eos_token",
    "end",
    "end_turn",
    "stop_sequence",
    "stop_token",
    "stop_word",
    "complete",
    "completed",
    "done",
    "finish",
    "finished",
    "normal",
];

/// Parts of words for the other ends, in the order in which they are looked for.
const PARTS: [(Finish, &[&str]); 4] = [
    (Finish::ToolCall, &["tool_call", "function_call", "tool_use"]),
    (
        Finish::Filtered,
        &[
            "filter",
            "safety",
            "block",
            "prohibit",
            "toxic",
            "guardrail",
            "recitation",
            "spii",
            "sensitive",
            "moderat",
            "refus",
            "policy",
        ],
    ),
    (Finish::Length, &["length", "max_", "limit", "context_window", "truncat", "too_long"]),
    (
        Finish::Broken,
        &[
            "error",
            "abort",
            "cancel",
            "fail",
            "timeout",
            "timed_out",
            "interrupt",
            "resource",
            "network",
            "load",
            "malformed",
            "disconnect",
            "shutdown",
        ],
    ),
];

impl Finish {
    /// By the word of a server. None: it is no word.
    pub(super) fn of(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase().replace(['-', ' '], "_");
        let word = word.strip_prefix("finish_reason_").unwrap_or(&word);
        if word.is_empty() || matches!(word, "null" | "none" | "unspecified") {
            return None;
        }
        if WHOLE.contains(&word) {
            return Some(Self::Whole);
        }
        let named = PARTS.iter().find(|(_, parts)| parts.iter().any(|part| word.contains(part)));
        // "MALFORMED_FUNCTION_CALL" is no call.
        Some(match named {
            Some((Self::ToolCall, _)) if word.contains("malformed") || word.contains("unexpected") => Self::Broken,
            Some((finish, _)) => *finish,
            None => Self::Unknown,
        })
    }

    /// As the component is told.
    pub(super) fn told(self) -> FinishReason {
        match self {
            Self::Whole => FinishReason::Stop,
            Self::Length => FinishReason::Length,
            Self::Filtered => FinishReason::Filtered,
            Self::ToolCall | Self::Unknown | Self::Broken => FinishReason::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What servers say, by what it means.
    const WORDS: &[(Finish, &[&str])] = &[
        (
            Finish::Whole,
            &["stop", "STOP", "eos", "eos_token", "end_turn", "stop_sequence", "COMPLETE", "FINISH_REASON_STOP"],
        ),
        (Finish::ToolCall, &["tool_calls", "function_call", "tool_use", "TOOL_CALL"]),
        (
            Finish::Length,
            &[
                "length",
                "max_tokens",
                "MAX_TOKENS",
                "model_length",
                "max_output_tokens",
                "ERROR_LIMIT",
                "token_limit",
                "model_context_window_exceeded",
                "truncated",
            ],
        ),
        (
            Finish::Filtered,
            &[
                "content_filter",
                "content-filter",
                "SAFETY",
                "RECITATION",
                "BLOCKLIST",
                "PROHIBITED_CONTENT",
                "SPII",
                "IMAGE_SAFETY",
                "ERROR_TOXIC",
                "sensitive",
                "refusal",
                "guardrail_intervened",
            ],
        ),
        (
            Finish::Broken,
            &[
                "error",
                "abort",
                "ABORTED",
                "cancelled",
                "canceled",
                "network_error",
                "insufficient_system_resource",
                "timeout",
                "MALFORMED_FUNCTION_CALL",
                "UNEXPECTED_TOOL_CALL",
                "unload",
                "load",
                "failed",
            ],
        ),
        (Finish::Unknown, &["other", "OTHER", "repetition", "language", "xyz"]),
        (Finish::Whole, &[" stop\n"]),
    ];

    #[test]
    fn the_words_of_all_servers_are_known() {
        for (finish, words) in WORDS {
            for word in *words {
                assert_eq!(Finish::of(word), Some(*finish), "{word}");
            }
        }
        for nothing in ["", " ", "null", "None", "FINISH_REASON_UNSPECIFIED"] {
            assert_eq!(Finish::of(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_worse_end_is_greater() {
        use Finish::{Broken, Filtered, Length, ToolCall, Unknown, Whole};
        assert!([Whole, ToolCall, Unknown, Length, Filtered, Broken].is_sorted());
    }
}
