//! Finds the one JSON value in a model's answer, or says why there is not exactly one.
//!
//! Never "the first" or "the last" of several: which of two values counts would then be the choice of whoever gets to
//! write into the answer. The text is read once, plus a bounded number of false starts.

use std::fmt;

use serde_json::Value;

use super::repair;
use crate::canary;
use crate::json::strict::{self, ANSWER_BOUNDS, JsonError};

/// Bytes of an answer that are searched.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Opening brackets in prose that may turn out not to begin a value, before the search ends.
const MAX_FALSE_STARTS: usize = 64;

/// A value and whether anything stood around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted {
    /// The value.
    pub value: Value,
    /// Prose or a fence was left out.
    pub unwrapped: bool,
    /// Comments or trailing commas were left out.
    pub repaired: bool,
}

/// Why there is not exactly one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtractError {
    /// Longer than the search goes.
    TooLarge(usize),
    /// Nothing that begins like a JSON object or array.
    NoJson,
    /// Something that begins like one and is not.
    Invalid(JsonError),
    /// Several that differ.
    Ambiguous(usize),
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => {
                write!(f, "the answer has {bytes} bytes; at most {MAX_ANSWER_BYTES} are searched for JSON")
            }
            Self::NoJson => f.write_str("the answer holds no JSON object or array"),
            Self::Invalid(error) => write!(f, "the answer is not valid JSON: {error}"),
            Self::Ambiguous(count) => write!(f, "the answer holds {count} different JSON values"),
        }
    }
}

/// Finds the value; if something there is almost JSON, it is put right first as far as that needs no guess. A lone scalar
/// counts only if it is the whole answer.
pub fn extract(answer: &str) -> Result<Extracted, ExtractError> {
    if answer.len() > MAX_ANSWER_BYTES {
        return Err(ExtractError::TooLarge(answer.len()));
    }
    let strict = extract_strictly(answer);
    let Err(ExtractError::Invalid(JsonError::Syntax { .. })) = &strict else { return strict };
    match repair::repaired(answer).map(|repaired| extract_strictly(&repaired)) {
        Some(Ok(extracted)) => Ok(Extracted { repaired: true, ..extracted }),
        Some(Err(ExtractError::Ambiguous(count))) => Err(ExtractError::Ambiguous(count)),
        Some(Err(_)) | None => strict,
    }
}

fn extract_strictly(answer: &str) -> Result<Extracted, ExtractError> {
    let whole = answer.trim();
    let whole_error = match strict::parse(whole, ANSWER_BOUNDS) {
        Ok(value) => return Ok(Extracted { value, unwrapped: false, repaired: false }),
        Err(error) => error,
    };
    if !matches!(whole_error, JsonError::Syntax { .. }) {
        return Err(ExtractError::Invalid(whole_error));
    }
    // A fence is the author's own mark of where the value is, so prose outside of it is not searched.
    let fenced = fences(whole);
    let parts: Vec<&str> = if fenced.is_empty() { vec![whole] } else { fenced };
    let mut values: Vec<Value> = Vec::new();
    let mut refused = None;
    for part in parts {
        match strict::parse(part.trim(), ANSWER_BOUNDS) {
            Ok(value) if value.is_object() || value.is_array() => values.push(value),
            Ok(_) => {}
            Err(_) => search(part, &mut values, &mut refused),
        }
    }
    if let Some(error) = refused {
        return Err(ExtractError::Invalid(error));
    }
    let first = values.first().cloned().ok_or(ExtractError::NoJson)?;
    if let Some(value) = values.last().cloned().filter(|_| canary::is("last-object-wins")) {
        return Ok(Extracted { value, unwrapped: true, repaired: false });
    }
    if values.iter().all(|value| *value == first) {
        Ok(Extracted { value: first, unwrapped: true, repaired: false })
    } else {
        Err(ExtractError::Ambiguous(values.len()))
    }
}

/// The contents of code fences that are marked as JSON, or not marked at all and begin like it.
fn fences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = split_at_fence(rest) {
        let (language, body) = after.split_once('\n').unwrap_or((after, ""));
        let Some((content, beyond)) = split_at_fence(body) else { break };
        let language = language.trim();
        let begins_like_json = content.trim_start().starts_with(['{', '[']);
        if language.eq_ignore_ascii_case("json") || (language.is_empty() && begins_like_json) {
            found.push(content);
        }
        rest = beyond;
    }
    found
}

/// Splits at the next line that begins with three backticks; a string inside JSON cannot hold a raw line break, so such a
/// line is never part of a value.
fn split_at_fence(text: &str) -> Option<(&str, &str)> {
    let at = if text.starts_with("```") { 0 } else { text.find("\n```")? + 1 };
    Some((text.get(..at)?, text.get(at + 3..)?))
}

/// Collects the balanced objects and arrays in prose.
fn search(text: &str, values: &mut Vec<Value>, refused: &mut Option<JsonError>) {
    let mut at = 0;
    let mut false_starts = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.find(['{', '['])) {
        let start = at + offset;
        let rest = text.get(start..).unwrap_or_default();
        let looks_like_json = begins_like_a_value(rest);
        let Some(length) = balanced_length(rest) else {
            if looks_like_json {
                let error = strict::parse(rest, ANSWER_BOUNDS).err();
                *refused = refused.take().or(error);
                return;
            }
            false_starts += 1;
            if false_starts > MAX_FALSE_STARTS {
                return;
            }
            at = start + 1;
            continue;
        };
        match strict::parse(rest.get(..length).unwrap_or_default(), ANSWER_BOUNDS) {
            Ok(value) => values.push(value),
            // Prose in brackets is prose. Anything that sets out to be a value has to be one: what stands inside of a
            // broken value must not be taken for the answer.
            Err(error) if looks_like_json => *refused = refused.take().or(Some(error)),
            Err(_) => {}
        }
        at = start + length;
    }
}

/// Whether an opening bracket is followed by what could follow it in JSON.
fn begins_like_a_value(text: &str) -> bool {
    let mut characters = text.chars();
    let open = characters.next();
    let next = characters.find(|c| !c.is_whitespace());
    match (open, next) {
        (Some('{'), Some(c)) => matches!(c, '"' | '}' | '\''),
        (Some('['), Some(c)) => matches!(c, '"' | '{' | '['),
        _ => false,
    }
}

/// The length of the bracketed text that `text` begins with, strings respected. None: it never closes.
fn balanced_length(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(answer: &str) -> Value {
        extract(answer).expect(answer).value
    }

    #[test]
    fn a_bare_value_is_taken_as_it_is() {
        assert_eq!(extract(" {\"a\":1}\n"), Ok(Extracted { value: json!({"a":1}), unwrapped: false, repaired: false }));
        assert_eq!(value("7"), json!(7));
    }

    #[test]
    fn prose_and_fences_are_left_out() {
        for answer in [
            "Here it is:\n```json\n{\"a\": \"`x` ```\"}\n```\nDone.",
            "Sure [as asked]: {\"a\": \"`x` ```\"} - see {above}.",
            "```\n{\"a\": \"`x` ```\"}\n```",
        ] {
            let found = extract(answer).expect(answer);
            assert_eq!(
                found,
                Extracted { value: json!({"a": "`x` ```"}), unwrapped: true, repaired: false },
                "{answer}"
            );
        }
    }

    #[test]
    fn equal_values_count_once_and_different_ones_not_at_all() {
        assert_eq!(value("{\"a\":1} and again {\"a\": 1}"), json!({"a":1}));
        assert_eq!(extract("{\"a\":1} {\"a\":2}"), Err(ExtractError::Ambiguous(2)));
        assert_eq!(extract("```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```"), Err(ExtractError::Ambiguous(2)));
    }

    #[test]
    fn a_part_of_a_broken_value_is_never_the_answer() {
        for answer in [
            "{\"a\": {\"x\": 1}, \"b\": ",
            "text {'a': {\"x\": 1}}",
            "x {\"a\":1,\"a\":{\"x\":1}}",
            "{\"a\": NaN, \"b\": {\"x\": 1}}",
        ] {
            assert!(matches!(extract(answer), Err(ExtractError::Invalid(_))), "{answer}: {:?}", extract(answer));
        }
    }

    #[test]
    fn commas_too_many_and_comments_are_put_right() {
        for answer in
            ["{\"a\": [1,2,], \"b\": {\"x\": 1,}}", "```json\n{\"a\": [1,2], // two\n\"b\": {\"x\": 1},}\n```\nDone."]
        {
            let found = extract(answer).expect(answer);
            assert_eq!((found.value, found.repaired), (json!({"a": [1,2], "b": {"x": 1}}), true), "{answer}");
        }
        // A repair that makes two values of one text does not choose between them.
        assert_eq!(extract("{\"a\":1,} {\"a\":2,}"), Err(ExtractError::Ambiguous(2)));
        // What is hidden in a comment is not looked at.
        assert_eq!(value("{\"score\": 3 /* {\"score\": 10} */,}"), json!({"score": 3}));
    }

    #[test]
    fn hostile_answers_end() {
        assert_eq!(extract(&"[a".repeat(200_000)), Err(ExtractError::NoJson));
        assert!(extract(&"[".repeat(500_000)).is_err());
        assert!(extract(&"{\"a\":".repeat(100_000)).is_err());
        assert!(matches!(extract(&" ".repeat(MAX_ANSWER_BYTES + 1)), Err(ExtractError::TooLarge(_))));
        assert_eq!(extract(""), Err(ExtractError::NoJson));
        assert_eq!(extract("I cannot do that."), Err(ExtractError::NoJson));
    }
}
