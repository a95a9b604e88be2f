//! Turns the text that a session left into the output of a task, or into the reason why there is none.

mod code;
mod error_text;
pub mod extract;
mod keeping;
pub mod reader;
mod refusal;
pub mod signs;
pub mod thoughts;
mod work;

use serde_json::Value;

use crate::host::FinishReason;
use crate::json::schema::{Rule, Violation};
use crate::json::strict::JsonError;
use crate::json::{self, schema};
use crate::task::{ErrorCode, OutputFormat, TaskError};
use crate::text;

use error_text::ErrorText;
use extract::{ExtractError, Surroundings};
pub use keeping::{MAX_KEPT_BYTES, share};

/// Answers that mean "nothing to say" in OpenClaw.
const SILENT_REPLIES: [&str; 2] = ["NO_REPLY", "ANNOUNCE_SKIP"];

/// How many times as long as it came the JSON of an answer may be when it is written: `1e15` has sixteen digits then.
const MOST_GROWTH: usize = 8;

/// What a session said, as far as the host gave it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawAnswer {
    /// As it came, without anything removed by this side.
    pub text: String,
    /// The host cut it.
    pub truncated: bool,
    /// Why it ends there.
    pub finish: FinishReason,
    /// The host removed something from it.
    pub redacted: bool,
}

impl RawAnswer {
    /// Whether something may be missing at its end: who does not know why a text ends cannot say that it is whole.
    pub fn is_cut(&self) -> bool {
        self.truncated || self.finish != FinishReason::Stop
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        let text = self.text.trim();
        text.is_empty() || SILENT_REPLIES.contains(&text)
    }
}

/// What an answer has to be.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The form that was asked for.
    pub format: OutputFormat,
    /// What its JSON has to fit.
    pub schema: Option<&'a Value>,
    /// Characters that it may have, without thoughts and, for code, without its fence.
    pub max_chars: Option<u32>,
    /// Its JSON has to be the whole answer, since somebody who wants to steer it may have written into its prompt.
    pub alone: bool,
    /// A text that was cut is a success as well.
    pub accept_truncated: bool,
    /// An answer that may be an error message is a success all the same.
    pub accept_error_text: bool,
    /// Bytes that are kept of it. JSON with more does not pass.
    pub most_bytes: usize,
}

impl Expected<'_> {
    /// An answer of this form, under no other rules.
    pub fn of(format: OutputFormat) -> Self {
        Self {
            format,
            schema: None,
            max_chars: None,
            alone: false,
            accept_truncated: false,
            accept_error_text: true,
            most_bytes: MAX_KEPT_BYTES,
        }
    }
}

/// An answer after its checks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// What the result keeps.
    pub output: Option<Value>,
    /// Set if the answer did not pass.
    pub error: Option<TaskError>,
    /// Something is missing from `output`.
    pub truncated: bool,
    /// Prose, thoughts or a fence were left out.
    pub unwrapped: bool,
    /// It was not quite JSON, and could only mean one thing.
    pub repaired: bool,
    /// It may be an error message in the place of an answer.
    pub doubtful: bool,
}

impl Judged {
    fn kept(raw: &RawAnswer, text: &str, error: Option<TaskError>, most: usize) -> Self {
        let (output, cut) = keeping::keep(text, most);
        let unwrapped = text.len() < raw.text.len();
        Self { output: Some(output), error, truncated: raw.is_cut() || cut, unwrapped, ..Self::default() }
    }
}

/// Checks an answer against what was asked for. Whatever arrived is kept, also when it fails.
pub fn judge(raw: &RawAnswer, expected: &Expected<'_>) -> Judged {
    let most = expected.most_bytes;
    let refuse = |code: ErrorCode, message: String| {
        Judged::kept(raw, &raw.text, Some(TaskError::new(code, message)), expected.most_bytes)
    };
    if raw.is_empty() {
        return Judged { error: Some(nothing_said(raw.finish)), truncated: raw.is_cut(), ..Judged::default() };
    }
    let said = answer_in(&raw.text, expected.format);
    if said.is_empty() {
        let why = match raw.finish {
            FinishReason::Length => nothing_said(raw.finish),
            _ => TaskError::new(ErrorCode::EmptyOutput, "the agent thought aloud and then ended without an answer"),
        };
        return Judged::kept(raw, &raw.text, Some(why), most);
    }
    let error_text = error_text::of(said);
    if let Some(ErrorText::Certain(why)) = error_text {
        return Judged::kept(raw, &raw.text, Some(why), most);
    }
    if refusal::is_refusal(said) {
        return refuse(ErrorCode::Refused, format!("the agent declined: {}", text::quoted(said.trim())));
    }
    // The rule is about length; what a filter took out nobody asked to do without.
    let allowed =
        expected.accept_truncated && expected.format != OutputFormat::Json && raw.finish != FinishReason::Filtered;
    if let Some(why) = cut(raw).filter(|_| !allowed) {
        return Judged::kept(raw, &raw.text, Some(why), most);
    }
    let judged = match expected.format {
        OutputFormat::Json => judge_json(raw, said, expected),
        OutputFormat::Code => match code::of(said) {
            Ok(code) => Judged::kept(raw, code, too_long(code, expected.max_chars), most),
            Err(why) => refuse(ErrorCode::OutputInvalid, why.message()),
        },
        OutputFormat::Markdown | OutputFormat::Text => {
            Judged::kept(raw, said, too_long(said, expected.max_chars), most)
        }
    };
    let doubtful = error_text.is_some() && judged.error.is_none();
    if doubtful && !expected.accept_error_text {
        let message = format!("the answer reads like an error message: {}", text::quoted(said.trim()));
        return Judged { doubtful, ..refuse(ErrorCode::AnswerDoubtful, message) };
    }
    Judged { doubtful, ..judged }
}

/// Why a text that was cut is no answer. The head of a JSON answer may well be a complete value; it is still not the one
/// that was given. None: nobody says that it was cut.
fn cut(raw: &RawAnswer) -> Option<TaskError> {
    let (code, message) = match raw.finish {
        FinishReason::Length => {
            (ErrorCode::OutputTruncated, "the model stopped at its token limit, so the answer is not whole")
        }
        FinishReason::Filtered => (ErrorCode::Refused, "a filter of the provider cut the answer"),
        FinishReason::Stop | FinishReason::Unknown if raw.truncated => {
            (ErrorCode::OutputTruncated, "the host cut the text of the answer, so it is not whole")
        }
        FinishReason::Stop | FinishReason::Unknown => return None,
    };
    Some(TaskError::new(code, message))
}

/// Why an answer with more characters than the task allows is not good enough.
fn too_long(answer: &str, max_chars: Option<u32>) -> Option<TaskError> {
    let most = max_chars?;
    let chars = answer.chars().count();
    let message = || format!("the answer has {chars} characters; {most} are allowed");
    (chars > usize::try_from(most).unwrap_or(usize::MAX)).then(|| TaskError::new(ErrorCode::OutputTooLong, message()))
}

fn nothing_said(finish: FinishReason) -> TaskError {
    let (code, message) = match finish {
        FinishReason::Length => {
            (ErrorCode::OutputTruncated, "the model stopped at its token limit before it gave an answer")
        }
        FinishReason::Filtered => (ErrorCode::Refused, "a filter of the provider held the answer back"),
        FinishReason::Stop | FinishReason::Unknown => (ErrorCode::EmptyOutput, "the session ended without an answer"),
    };
    TaskError::new(code, message)
}

/// The text without what the agent thought before. Code that is nothing but such marks is code.
fn answer_in(text: &str, format: OutputFormat) -> &str {
    let said = thoughts::without(text);
    if said.is_empty() && format == OutputFormat::Code { text } else { said }
}

/// Keeps what a session said that did not end by itself; nothing is checked.
pub fn keep_only(raw: &RawAnswer, most: usize) -> Judged {
    Judged::kept(raw, &raw.text, None, most)
}

fn judge_json(raw: &RawAnswer, said: &str, expected: &Expected<'_>) -> Judged {
    let refuse = |code: ErrorCode, message: String| {
        Judged::kept(raw, &raw.text, Some(TaskError::new(code, message)), expected.most_bytes)
    };
    let around = if expected.alone { Surroundings::Nothing } else { Surroundings::Prose };
    let extracted = match extract::extract(said, around) {
        Ok(extracted) => extracted,
        Err(why) => {
            let code = match &why {
                ExtractError::TooLarge(_) => ErrorCode::OutputTooLarge,
                ExtractError::Ambiguous(_) => ErrorCode::OutputAmbiguous,
                ExtractError::Invalid(JsonError::TooDeep(_)) => ErrorCode::OutputTooDeep,
                ExtractError::NoJson | ExtractError::Invalid(_) | ExtractError::NotAlone => ErrorCode::OutputInvalid,
            };
            return refuse(code, why.to_string());
        }
    };
    // What a short text says is not long: a number of a few bytes may be written in some more.
    let bytes = if said.len() <= expected.most_bytes / MOST_GROWTH { 0 } else { json::length(&extracted.value) };
    if bytes > expected.most_bytes {
        let message = format!("the answer has {bytes} bytes; a JSON answer may have {}", expected.most_bytes);
        return refuse(ErrorCode::OutputTooLarge, message);
    }
    let violations = expected.schema.map(|schema| schema::check(schema, &extracted.value)).unwrap_or_default();
    if !violations.is_empty() {
        return refuse(ErrorCode::OutputSchema, describe(&violations));
    }
    Judged {
        error: too_long(said, expected.max_chars),
        output: Some(extracted.value),
        truncated: raw.is_cut(),
        unwrapped: extracted.unwrapped || said.len() < raw.text.len(),
        repaired: extracted.repaired,
        ..Judged::default()
    }
}

/// The first few violations in one sentence.
fn describe(violations: &[Violation]) -> String {
    let shown: Vec<String> = violations
        .iter()
        .take(3)
        .map(|violation| {
            let place = if violation.path.is_empty() { "/" } else { &violation.path };
            match violation.rule {
                Rule::Missing => format!("{} is missing", text::escaped(text::head(place, text::MAX_ECHO_BYTES))),
                _ => format!(
                    "{}: got {}, need {}",
                    text::escaped(text::head(place, text::MAX_ECHO_BYTES)),
                    violation.got,
                    violation.limit
                ),
            }
        })
        .collect();
    let more = match violations.len() {
        0..=3 => String::new(),
        count => format!("; and {} more", count - 3),
    };
    format!("the answer does not fit its schema: {}{more}", shown.join("; "))
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
