//! Turns the text that a session left into the output of a task, or into the reason why there is none.

pub mod extract;
mod refusal;
pub mod repair;

use serde_json::Value;

use crate::host::FinishReason;
use crate::json::schema::{Rule, Violation};
use crate::json::{self, schema};
use crate::task::{OutputFormat, TaskError};
use crate::text;

use extract::ExtractError;

/// Bytes of one answer that a result keeps: the whole, or this much of its two ends.
pub const MAX_KEPT_BYTES: usize = 64 * 1024;
const KEPT_HEAD: usize = 48 * 1024;
const KEPT_TAIL: usize = 16 * 1024;

/// Answers that mean "nothing to say" in OpenClaw.
const SILENT_REPLIES: [&str; 2] = ["NO_REPLY", "ANNOUNCE_SKIP"];

/// What a session said, as far as the host gave it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawAnswer {
    /// The text.
    pub text: String,
    /// The host cut it.
    pub truncated: bool,
    /// Why it ends there.
    pub finish: FinishReason,
    /// The host removed something from it.
    pub redacted: bool,
}

impl RawAnswer {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        let text = self.text.trim();
        text.is_empty() || SILENT_REPLIES.contains(&text)
    }
}

/// An answer after its checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What the result keeps.
    pub output: Option<Value>,
    /// Set if the answer did not pass.
    pub error: Option<TaskError>,
    /// Something is missing from `output`.
    pub truncated: bool,
    /// Prose or a fence was left out.
    pub unwrapped: bool,
    /// Comments or trailing commas were left out.
    pub repaired: bool,
}

impl Judged {
    fn kept(raw: &RawAnswer, text: &str, error: Option<TaskError>) -> Self {
        let (output, cut) = keep(text);
        let unwrapped = text.len() < raw.text.len();
        Self { output: Some(output), error, truncated: raw.truncated || cut, unwrapped, repaired: false }
    }
}

/// Checks an answer against what was asked for. Whatever arrived is kept, also when it fails.
pub fn judge(raw: &RawAnswer, format: OutputFormat, output_schema: Option<&Value>) -> Judged {
    if raw.is_empty() {
        let error = error("E_EMPTY_OUTPUT", "the session ended without an answer".to_owned(), true);
        return Judged {
            output: None,
            error: Some(error),
            truncated: raw.truncated,
            unwrapped: false,
            repaired: false,
        };
    }
    if refusal::is_refusal(&raw.text) {
        let why = error("E_REFUSED", format!("the agent declined: {}", text::quoted(raw.text.trim())), true);
        return Judged::kept(raw, &raw.text, Some(why));
    }
    match format {
        OutputFormat::Json => judge_json(raw, output_schema),
        OutputFormat::Code => Judged::kept(raw, without_fence(&raw.text), None),
        OutputFormat::Markdown | OutputFormat::Text => Judged::kept(raw, &raw.text, None),
    }
}

/// Keeps what a session said that did not end by itself; nothing is checked.
pub fn keep_only(raw: &RawAnswer) -> Judged {
    Judged::kept(raw, &raw.text, None)
}

fn judge_json(raw: &RawAnswer, output_schema: Option<&Value>) -> Judged {
    let refuse = |code: &str, message: String| Judged::kept(raw, &raw.text, Some(error(code, message, true)));
    // The head of a cut answer may well be a complete value; it is still not the one that was given.
    if raw.truncated {
        return refuse("E_OUTPUT_TRUNCATED", "the host cut the answer, so its JSON cannot be trusted".to_owned());
    }
    let extracted = match extract::extract(&raw.text) {
        Ok(extracted) => extracted,
        Err(why) => {
            let code = match &why {
                ExtractError::TooLarge(_) => "E_OUTPUT_TOO_LARGE",
                ExtractError::Ambiguous(_) => "E_OUTPUT_AMBIGUOUS",
                ExtractError::Invalid(crate::json::strict::JsonError::TooDeep(_)) => "E_OUTPUT_TOO_DEEP",
                ExtractError::NoJson | ExtractError::Invalid(_) => "E_OUTPUT_INVALID",
            };
            return refuse(code, why.to_string());
        }
    };
    let bytes = json::length(&extracted.value);
    if bytes > MAX_KEPT_BYTES {
        let message = format!("the answer has {bytes} bytes; a JSON answer may have {MAX_KEPT_BYTES}");
        return refuse("E_OUTPUT_TOO_LARGE", message);
    }
    let violations = output_schema.map(|schema| schema::check(schema, &extracted.value)).unwrap_or_default();
    if !violations.is_empty() {
        return refuse("E_OUTPUT_SCHEMA", describe(&violations));
    }
    Judged {
        output: Some(extracted.value),
        error: None,
        truncated: false,
        unwrapped: extracted.unwrapped,
        repaired: extracted.repaired,
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

fn error(code: &str, message: String, retryable: bool) -> TaskError {
    TaskError { code: code.to_owned(), message: text::message(&message), retryable }
}

/// The text, or its two ends with a line between them that says what is missing.
///
/// Counted as it will stand in the report, where a control character takes six bytes: two hundred answers of nothing but
/// those would otherwise not fit into the component's memory.
fn keep(text: &str) -> (Value, bool) {
    let written = |character: char| match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    };
    let fits = |characters: &mut dyn Iterator<Item = char>, room: usize| -> usize {
        let mut used = 0;
        let fitting = characters.take_while(|c| {
            used += written(*c);
            used <= room
        });
        fitting.map(char::len_utf8).sum()
    };
    if fits(&mut text.chars(), MAX_KEPT_BYTES) == text.len() {
        return (Value::from(text), false);
    }
    let head = text::head(text, fits(&mut text.chars(), KEPT_HEAD));
    let tail = text::tail(text, fits(&mut text.chars().rev(), KEPT_TAIL));
    let left_out = text.len().saturating_sub(head.len() + tail.len());
    (Value::from(format!("{head}\n[… {left_out} bytes left out …]\n{tail}")), true)
}

/// The content of the one fence that surrounds a text; the text itself if there is none.
fn without_fence(text: &str) -> &str {
    let inner = || {
        let body = text.trim().strip_prefix("```")?.strip_suffix("```")?;
        let (language, code) = body.split_once('\n')?;
        let plain = !language.contains('`') && !code.contains("\n```") && !code.starts_with("```");
        plain.then_some(code)
    };
    inner().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(text: &str) -> RawAnswer {
        RawAnswer { text: text.to_owned(), ..RawAnswer::default() }
    }

    fn code(judged: &Judged) -> Option<&str> {
        judged.error.as_ref().map(|error| error.code.as_str())
    }

    #[test]
    fn json_has_to_fit_its_schema() {
        let schema =
            json!({"type":"object","required":["score"],"properties":{"score":{"type":"number","maximum":10}}});
        let good = judge(&raw("```json\n{\"score\": 7}\n```"), OutputFormat::Json, Some(&schema));
        assert_eq!((good.output.clone(), code(&good), good.unwrapped), (Some(json!({"score":7})), None, true));
        let bad = judge(&raw("{\"score\": 11}"), OutputFormat::Json, Some(&schema));
        assert_eq!(code(&bad), Some("E_OUTPUT_SCHEMA"));
        assert_eq!(bad.output, Some(json!("{\"score\": 11}")), "the text is kept");
    }

    #[test]
    fn a_cut_answer_is_never_read_as_json() {
        let cut = RawAnswer { truncated: true, ..raw("{\"score\": 7}") };
        let judged = judge(&cut, OutputFormat::Json, None);
        assert_eq!((code(&judged), judged.truncated), (Some("E_OUTPUT_TRUNCATED"), true));
        assert_eq!(code(&judge(&cut, OutputFormat::Text, None)), None);
    }

    #[test]
    fn silence_is_not_an_answer() {
        for text in ["", " \n", "NO_REPLY", "ANNOUNCE_SKIP\n"] {
            for format in [OutputFormat::Json, OutputFormat::Text, OutputFormat::Code, OutputFormat::Markdown] {
                assert_eq!(code(&judge(&raw(text), format, None)), Some("E_EMPTY_OUTPUT"), "{text:?}");
            }
        }
    }

    #[test]
    fn long_texts_keep_both_ends() {
        let text = format!("begin{}end", "é".repeat(200_000));
        let judged = judge(&raw(&text), OutputFormat::Markdown, None);
        let kept = judged.output.as_ref().and_then(Value::as_str).expect("text").to_owned();
        assert!(judged.truncated && kept.starts_with("begin") && kept.ends_with("end"));
        assert!(kept.len() < MAX_KEPT_BYTES + 64);
        let controls = judge(&raw(&"\u{1}".repeat(MAX_KEPT_BYTES)), OutputFormat::Text, None);
        assert!(controls.truncated && controls.output.expect("text").to_string().len() < MAX_KEPT_BYTES + 128);
        assert!(!judge(&raw(&"é".repeat(MAX_KEPT_BYTES / 2)), OutputFormat::Text, None).truncated);
    }

    #[test]
    fn one_surrounding_fence_is_not_code() {
        let judged = judge(&raw("```rust\nfn main() {}\n```"), OutputFormat::Code, None);
        assert_eq!(judged.output, Some(json!("fn main() {}\n")));
        let two = "```a\nx\n```\n```b\ny\n```";
        assert_eq!(judge(&raw(two), OutputFormat::Code, None).output, Some(json!(two)));
    }
}
