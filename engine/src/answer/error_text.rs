//! Whether an answer is an error message that a program put in its place.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::task::{ErrorCode, TaskError};
use crate::text;

/// A kind and the words that such a text begins with, one pair a line. A data file, so that more can be added.
const TEXTS: &str = include_str!("../../../schemas/data/error_texts.txt");

/// The list taken apart, since every answer is looked up in it.
static LIST: LazyLock<List> = LazyLock::new(|| {
    let lines = TEXTS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    let mut list = List::default();
    for (kind, words) in lines {
        list.longest = list.longest.max(words.len());
        let of_first = list.lines.entry(words.chars().next().unwrap_or_default()).or_default();
        of_first.push(Line { kind, words, document: words.replace(' ', "") });
    }
    list
});

#[derive(Default)]
struct List {
    /// By their first character, with which hardly an answer begins.
    lines: BTreeMap<char, Vec<Line>>,
    /// Bytes of the longest beginning.
    longest: usize,
}

struct Line {
    kind: &'static str,
    /// With what such a text begins.
    words: &'static str,
    /// The same where blanks do not count.
    document: String,
}

/// A longer text says more than what went wrong.
const MAX_BYTES: usize = 1_000;

/// A longer text that begins like an error is one about errors.
const MAX_DOUBTFUL_BYTES: usize = 300;

/// What an answer is that reads like an error message.
#[derive(Clone, Debug, PartialEq)]
pub enum ErrorText {
    /// Only programs write this.
    Certain(TaskError),
    /// Agents write this too.
    Doubtful,
}

/// Looks a short text up. None: it reads like an answer.
pub fn of(answer: &str) -> Option<ErrorText> {
    let answer = answer.trim();
    if answer.is_empty() || answer.len() > MAX_BYTES {
        return None;
    }
    let plain = answer.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '[' | '{' | '<'));
    let is_document = plain.starts_with(['{', '<']);
    let lines = LIST.lines.get(&plain.chars().next()?.to_lowercase().next()?)?;
    let shown = beginning(plain, if is_document { "" } else { " " });
    let fits = |line: &&Line| shown.starts_with(if is_document { &line.document } else { line.words });
    let code = match lines.iter().find(fits)?.kind {
        "rate" => ErrorCode::RateLimited,
        "unavailable" => ErrorCode::ModelUnavailable,
        "auth" => ErrorCode::ModelAuthentication,
        "overflow" => ErrorCode::ContextOverflow,
        "refused" => ErrorCode::Refused,
        _ => return (answer.len() <= MAX_DOUBTFUL_BYTES).then_some(ErrorText::Doubtful),
    };
    let message = format!("the answer is an error message: {}", text::quoted(answer));
    Some(ErrorText::Certain(TaskError::new(code, message)))
}

/// The words of a text in lower case, as many as a line of the list can have, with `blank` between them.
fn beginning(text: &str, blank: &str) -> String {
    let (mut taken, mut chars) = (String::new(), 0);
    for word in text.split_whitespace() {
        if chars > 0 {
            taken.push_str(blank);
        }
        taken.push_str(word);
        // In lower case they may have fewer bytes, but not fewer characters.
        chars += word.chars().count();
        if chars > LIST.longest {
            break;
        }
    }
    taken.to_lowercase().replace('\u{2019}', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        match of(text)? {
            ErrorText::Certain(error) => Some(error.code.as_str()),
            ErrorText::Doubtful => Some("doubtful"),
        }
    }

    #[test]
    fn messages_of_programs_are_told_from_answers() {
        for (text, expected) in [
            (
                "API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited",
                "E_RATE_LIMITED",
            ),
            ("API Error: Connection closed mid-response. The response above may be incomplete.", "E_MODEL_UNAVAILABLE"),
            ("API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}", "E_MODEL_UNAVAILABLE"),
            ("API Error: 429 {\"type\":\"error\"}", "E_RATE_LIMITED"),
            ("API Error (Request timed out.)", "E_MODEL_UNAVAILABLE"),
            ("API Error: 401 {\"type\":\"error\"} · Please run /login", "E_MODEL_AUTHENTICATION"),
            ("Error: Request timed out", "E_MODEL_UNAVAILABLE"),
            ("⚠️ API rate limit reached. Please try again later.", "E_RATE_LIMITED"),
            ("⚠️ Agent run failed (model: a/b).", "E_MODEL_UNAVAILABLE"),
            ("LLM request timed out.", "E_MODEL_UNAVAILABLE"),
            ("[API Error: terminated]", "E_MODEL_UNAVAILABLE"),
            ("Error code: 429 - {'error': {'message': 'x'}}", "E_RATE_LIMITED"),
            ("You\u{2019}ve hit your limit · resets 3pm", "E_RATE_LIMITED"),
            (
                "{\n  \"type\": \"error\",\n  \"error\": { \"type\": \"overloaded_error\", \"message\": \"x\" }\n}",
                "E_MODEL_UNAVAILABLE",
            ),
            ("{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"This\"}}", "E_RATE_LIMITED"),
            ("Prompt is too long", "E_CONTEXT_OVERFLOW"),
            ("Credit balance is too low", "E_MODEL_AUTHENTICATION"),
            ("litellm.RateLimitError: x", "E_RATE_LIMITED"),
            ("Error: the file does not exist", "doubtful"),
            ("Something went wrong. Please try again.", "doubtful"),
            ("**Error:** no such city", "doubtful"),
            ("API Error: 404 means that there is no such page.", "doubtful"),
            ("<html>\n<head><title>502 Bad Gateway</title></head>", "doubtful"),
        ] {
            assert_eq!(code(text), Some(expected), "{text}");
        }
        let essay = format!("Error: a history. {}", "Errors are old. ".repeat(30));
        for text in
            ["", "Paris", "Errors happen.", "The API Error: 529 is told by …", "# API Error: 529\n\nis not", &essay]
        {
            let found = code(text);
            assert!(found.is_none() || text.starts_with('#'), "{text}: {found:?}");
        }
    }

    #[test]
    fn every_line_of_the_list_can_be_met() {
        let kinds = ["rate", "unavailable", "auth", "overflow", "refused", "doubtful"];
        for line in TEXTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (kind, beginning) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            assert!(kinds.contains(&kind) && beginning == beginning.to_lowercase(), "{line}");
            let found = code(beginning).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(found == "doubtful", kind == "doubtful", "{line} is hidden by one before it");
        }
    }
}
