//! `docs/json-extraction.md` read a second time, as plainly as it is written: no attention to cost, and nothing in common
//! with the crate's own reading but serde_json.

mod looks;
mod parser;

use serde_json::Value;

use looks::{is_key, looks_like_value};
use parser::Parser;

/// What an answer is.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One value, or several that are equal.
    Value {
        /// After what was put right in it.
        value: Value,
        /// Something stood around it.
        unwrapped: bool,
        /// It was put right.
        repaired: bool,
    },
    /// No value, or a broken one.
    Invalid,
    /// Several values that differ, or a value beside a broken one.
    Ambiguous,
    /// One, with something around it where nothing may be.
    NotAlone,
}

/// Reads an answer. `alone`: nothing may stand beside the value.
pub fn read(answer: &str, alone: bool) -> Reading {
    let outer = |c: char| c.is_whitespace() || c == '\u{feff}';
    let whole = answer.trim_matches(outer);
    let marked = whole.len() != answer.trim().len();
    if let Some((value, repaired)) = whole_value(whole) {
        return value.map_or(Reading::Invalid, |value| Reading::Value {
            value,
            unwrapped: false,
            repaired: repaired || marked,
        });
    }
    for fence in ["```", "~~~"] {
        let inner =
            whole.strip_prefix(fence).and_then(|rest| rest.strip_suffix(fence)).and_then(|rest| rest.split_once('\n'));
        if let Some((value, repaired)) = inner.and_then(|(_, content)| whole_value(content.trim())) {
            let repaired = repaired || marked;
            return value.map_or(Reading::Invalid, |value| Reading::Value { value, unwrapped: true, repaired });
        }
    }
    match decide(&find(&whole.chars().collect::<Vec<char>>())) {
        Reading::Value { .. } if alone => Reading::NotAlone,
        reading => reading,
    }
}

/// Some: the text is a value by its form, and this is it unless it breaks a limit; and whether it was put right.
fn whole_value(text: &str) -> Option<(Option<Value>, bool)> {
    if serde_json::from_str::<Value>(text).is_ok() {
        return Some((limited(text), false));
    }
    let chars: Vec<char> = text.chars().collect();
    if !matches!(chars.first(), Some('{' | '[')) {
        return None;
    }
    let (end, json, _) = Parser::new(&chars, 0).parse();
    (end? == chars.len()).then(|| (limited(&json), true))
}

/// The value of a text that is JSON, within the limits.
fn limited(json: &str) -> Option<Value> {
    parallel_agents_engine::json::strict::parse(json, parallel_agents_engine::json::strict::ANSWER_BOUNDS).ok()
}

#[derive(Clone, Debug, PartialEq)]
enum Thing {
    Whole(Value, bool),
    Citation(Value),
    Broken,
}

fn decide(things: &[Thing]) -> Reading {
    let serious: Vec<&Thing> = things.iter().filter(|thing| !matches!(thing, Thing::Citation(_))).collect();
    let counted = if serious.is_empty() { things.iter().collect() } else { serious };
    let taken = |value: &Value, repaired| Reading::Value { value: value.clone(), unwrapped: true, repaired };
    let same = |value: &Value| {
        counted.iter().all(|thing| matches!(thing, Thing::Whole(other, _) | Thing::Citation(other) if other == value))
    };
    match counted.as_slice() {
        [] | [Thing::Broken] => Reading::Invalid,
        [Thing::Whole(value, repaired), ..] if same(value) => {
            let other_list = |thing: &Thing| matches!(thing, Thing::Citation(list) if list != value);
            if value.is_array() && things.iter().any(other_list) { Reading::Ambiguous } else { taken(value, *repaired) }
        }
        [Thing::Citation(value), ..] if same(value) => taken(value, false),
        _ => Reading::Ambiguous,
    }
}

fn find(text: &[char]) -> Vec<Thing> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (looks, is_list, row) = looks_like_value(text, at);
        if text[at] == '"' && is_key(text, at) {
            found.push(Thing::Broken);
            at += 1;
        } else if looks || is_list {
            let (end, json, rest) = Parser::new(text, at).parse();
            match end {
                Some(end) => {
                    let plain: String = text[at..end].iter().collect();
                    let repaired = serde_json::from_str::<Value>(&plain).is_err();
                    found.push(match limited(&json) {
                        Some(value) if is_citation(&value) => Thing::Citation(value),
                        Some(value) => Thing::Whole(value, repaired),
                        None => Thing::Broken,
                    });
                    at = end;
                }
                None if is_list && !rest.rich => at = rest.seen.max(at + 1),
                None => {
                    found.push(Thing::Broken);
                    match last_bracket(text, at) {
                        Some(end) => at = rest.seen.max(end),
                        None => return found,
                    }
                }
            }
        } else {
            at += row.max(1);
        }
    }
    found
}

fn is_citation(value: &Value) -> bool {
    let small = |item: &Value| item.as_u64().is_some_and(|number| number <= 9_999);
    value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(|item| small(item) || is_citation(item)))
}

/// Behind the bracket that closes the one at `at`.
fn last_bracket(text: &[char], at: usize) -> Option<usize> {
    let (mut depth, mut quoted) = (0, false);
    let mut here = at;
    while here < text.len() {
        match text[here] {
            '\\' if quoted => here += 1,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        here += 1;
        if depth == 0 {
            return Some(here);
        }
    }
    None
}
