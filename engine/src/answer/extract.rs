//! Finds the one JSON value in a model's answer, or says why there is not exactly one.
//!
//! `docs/json-extraction.md` is the specification; `fuzz/src/extract_reading.rs` holds this file to another reading of it.
//! Never "the first" or "the last" of several: which of two values counts would then be the choice of whoever gets to
//! write into the answer.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::reader::{self, Broken};
use super::signs::{self, Sign};
use super::work;
use crate::json::strict::{self, ANSWER_BOUNDS, JsonError};

/// Bytes of an answer that are searched.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Digits of a number in brackets that may be a citation.
const CITATION_DIGITS: usize = 4;

/// A value and what had to be done for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted {
    /// The value that was found.
    pub value: Value,
    /// Prose or a fence was left out.
    pub unwrapped: bool,
    /// It was not quite JSON, and could only mean one thing.
    pub repaired: bool,
}

/// What may stand around the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Prose in which nothing looks like another value.
    Prose,
    /// Nothing, or one fence.
    Nothing,
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
    /// So many that look like one and differ.
    Ambiguous(usize),
    /// One, with prose around it where none may be.
    NotAlone,
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => {
                write!(f, "the answer has {bytes} bytes; at most {MAX_ANSWER_BYTES} are searched for JSON")
            }
            Self::NoJson => f.write_str("the answer holds no JSON object or array"),
            Self::Invalid(error) => write!(f, "the answer is not valid JSON: {error}"),
            Self::Ambiguous(count) => {
                write!(f, "{count} things in the answer look like its JSON value, and they are not the same")
            }
            Self::NotAlone => f.write_str("text stands beside the JSON value, which has to be the whole answer"),
        }
    }
}

/// Finds the value. A lone scalar counts only if it is the whole answer.
pub fn extract(answer: &str, around: Surroundings) -> Result<Extracted, ExtractError> {
    if answer.len() > MAX_ANSWER_BYTES {
        return Err(ExtractError::TooLarge(answer.len()));
    }
    let whole = answer.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let has_mark = whole.len() < answer.trim().len();
    let taken = match whole_value(whole) {
        None => fenced(whole).and_then(whole_value).map(|taken| (taken, true)),
        Some(taken) => Some((taken, false)),
    };
    if let Some((taken, unwrapped)) = taken {
        let (value, repaired) = taken.map_err(ExtractError::Invalid)?;
        return Ok(Extracted { value, unwrapped, repaired: repaired || has_mark });
    }
    match (around, search(whole).decide(whole)) {
        (Surroundings::Nothing, Ok(_)) => Err(ExtractError::NotAlone),
        (_, decided) => decided,
    }
}

/// The value that a text is, and whether it was put right. None: the text is something else.
fn whole_value(text: &str) -> Option<Result<(Value, bool), JsonError>> {
    // Most answers begin with words, and need no reader that says what is wrong with them.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '{' | '[' | '"' | '-' | 't' | 'f' | 'n')) {
        return None;
    }
    match strict::parse(text, ANSWER_BOUNDS) {
        Ok(value) => return Some(Ok((value, false))),
        Err(JsonError::Syntax { .. }) if !text.starts_with(['{', '[']) => return None,
        Err(error) if !text.starts_with(['{', '[']) => return Some(Err(error)),
        Err(_) => {}
    }
    let read = reader::read(text, 0).ok().filter(|read| read.end == text.len())?;
    Some(strict::parse(&read.text, ANSWER_BOUNDS).map(|value| (value, true)))
}

/// The content of the one fence that a whole text is.
fn fenced(text: &str) -> Option<&str> {
    let mark = ["```", "~~~"].into_iter().find(|mark| text.starts_with(mark))?;
    let (_, content) = text.strip_suffix(mark)?.split_once('\n')?;
    Some(content.trim())
}

/// Everything in a text that looks like a value.
#[derive(Default)]
struct Found {
    /// Whole ones, and whether each was put right.
    values: Vec<(Value, bool)>,
    /// Numbers in brackets, which prose has too.
    citations: Vec<Value>,
    /// The first broken one.
    broken: Option<Broken>,
    /// What the strict reader said of the first one that it refused.
    refused: Option<JsonError>,
    /// How many are broken or refused.
    broken_count: usize,
}

impl Found {
    fn add(&mut self, value: Value, repaired: bool) {
        match is_citation(&value) {
            true => self.citations.push(value),
            false => self.values.push((value, repaired)),
        }
    }

    fn broke(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
        self.broken_count += 1;
    }

    fn decide(mut self, text: &str) -> Result<Extracted, ExtractError> {
        if self.values.is_empty() && self.broken.is_none() && self.refused.is_none() {
            self.values = self.citations.drain(..).map(|list| (list, false)).collect();
        }
        let seen = self.values.len() + self.broken_count;
        let broken = self.broken.map(|broken| broken.error(text));
        if let Some(error) = self.refused.or(broken) {
            return Err(if seen > 1 { ExtractError::Ambiguous(seen) } else { ExtractError::Invalid(error) });
        }
        let mut values = self.values.into_iter();
        let Some((first, repaired)) = values.next() else { return Err(ExtractError::NoJson) };
        // Beside a list, numbers in brackets are another list; beside an object they are what they are in any prose.
        let lists = self.citations.iter().filter(|list| first.is_array() && **list != first).count();
        if lists > 0 || values.any(|(value, _)| value != first) {
            return Err(ExtractError::Ambiguous(seen + lists));
        }
        Ok(Extracted { value: first, unwrapped: true, repaired })
    }
}

/// Looks at everything, fences or not: a mark around a value does not make another one beside it harmless.
fn search(text: &str) -> Found {
    let mut found = Found::default();
    let mut at = 0;
    while let Some((start, sign)) = signs::first(text, at) {
        if sign == Sign::Key {
            found.broke(Broken::key(start));
            at = start + 1;
            continue;
        }
        // Most values are strict JSON. The strict reader gives up on others no later than the one that puts them right.
        if let Some((value, length)) = text.get(start..).and_then(strict::first) {
            work::looked_at(length);
            found.add(value, false);
            at = start + length;
            continue;
        }
        at = match reader::read(text, start) {
            Ok(read) => {
                let repaired = matches!(read.text, Cow::Owned(_));
                work::looked_at(read.text.len());
                match strict::parse(&read.text, ANSWER_BOUNDS) {
                    Ok(value) => found.add(value, repaired),
                    Err(error) => {
                        found.refused.get_or_insert(error);
                        found.broken_count += 1;
                    }
                }
                read.end
            }
            Err(broken) if !broken.rich && sign == Sign::List => broken.seen.max(start + 1),
            Err(broken) => {
                found.broke(broken);
                // What stands inside of a broken value is no other one. A value without an end takes all that follows.
                match balanced_length(text.get(start..).unwrap_or_default()) {
                    Some(length) => broken.seen.max(start + length),
                    None => return found,
                }
            }
        };
    }
    found
}

/// A list of small whole numbers, such as `[1]` or `[2, 3]`, or of such lists.
fn is_citation(value: &Value) -> bool {
    let small = |item: &Value| item.is_u64() && item.to_string().len() <= CITATION_DIGITS;
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(|item| small(item) || is_citation(item)))
}

/// The length of the bracketed text that `text` begins with, strings respected. None: it never closes.
fn balanced_length(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        work::looked_at(1);
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
#[path = "extract_tests.rs"]
mod tests;
