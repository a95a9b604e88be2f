//! What a session answered: the one JSON value in it, or the reason why there is not exactly one.

use parallel_agents_engine::answer::extract::{ExtractError, Surroundings, extract};
use parallel_agents_engine::answer::{self, Expected, MAX_KEPT_BYTES, RawAnswer, reader, thoughts};
use parallel_agents_engine::json::strict::{self, ANSWER_BOUNDS, JsonError};
use parallel_agents_engine::task::OutputFormat;
use serde_json::{Value, json};

use crate::extract_reading::{self, Reading};

/// Room for the line that says what is missing, and for quotes.
const MORE: usize = 128;

/// Checks one answer for the invariants.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    strictly(&text);
    read_twice(&text);
    extracted(&text);
    judged(&text);
    assert!(text.contains(thoughts::without(&text)), "what is left of an answer is a part of it");
}

/// The strict reader accepts nothing that serde_json refuses, reads the same, and refuses more only for its own reasons;
/// what is in order needs no repair.
fn strictly(text: &str) {
    let other = serde_json::from_str::<Value>(text);
    match strict::parse(text, ANSWER_BOUNDS) {
        Ok(value) => {
            if text.starts_with(['{', '[']) {
                let read = reader::read(text, 0).expect("what is JSON is read");
                assert!(text.get(..read.end) == Some(&*read.text), "what is in order needs no repair");
            }
            assert_eq!(other.ok(), Some(value));
        }
        Err(JsonError::Syntax { .. }) => assert!(other.is_err(), "both refuse what is no JSON"),
        Err(_) => {}
    }
}

/// The specification, read by somebody else, says the same.
pub fn read_twice(text: &str) {
    for (around, alone) in [(Surroundings::Prose, false), (Surroundings::Nothing, true)] {
        let reading = match extract(text, around) {
            Ok(found) => Reading::Value { value: found.value, unwrapped: found.unwrapped, repaired: found.repaired },
            Err(ExtractError::TooLarge(_)) => return,
            Err(ExtractError::NoJson | ExtractError::Invalid(_)) => Reading::Invalid,
            Err(ExtractError::Ambiguous(_)) => Reading::Ambiguous,
            Err(ExtractError::NotAlone) => Reading::NotAlone,
        };
        assert_eq!(reading, extract_reading::read(text, alone), "alone: {alone}, in {text:?}");
    }
}

fn extracted(text: &str) {
    let Ok(found) = extract(text, Surroundings::Prose) else { return };
    let shown = found.value.to_string();
    let alone = extract(&shown, Surroundings::Nothing).expect("a value that was found is one");
    assert!(!alone.unwrapped && !alone.repaired && alone.value == found.value, "{shown}");
    if found.repaired || found.unwrapped {
        assert!(strict::parse(text.trim(), ANSWER_BOUNDS).is_err(), "what was whole is not said to be in pieces");
    }
    // A second value takes the choice away, wherever it stands and however broken it is.
    if found.value.is_object() {
        let other = json!({ "other": found.value });
        for second in [other.to_string(), "{other: 1".to_owned(), "{'other': 'it's'}".to_owned()] {
            for both in [format!("{shown}\n{second}"), format!("{second} and {shown}")] {
                let refused = extract(&both, Surroundings::Prose).map(|found| found.value);
                assert!(refused.is_err(), "{refused:?} in {both}");
            }
        }
    }
    if found.value.is_object() || found.value.is_array() {
        let twice = extract(&format!("{shown}\n{shown}"), Surroundings::Prose).expect("the same twice is one");
        assert_eq!(twice.value, found.value, "{shown}");
    }
}

fn judged(text: &str) {
    let schema = json!({"type": "object", "required": ["score"], "properties": {"score": {"type": "number"}}});
    for (format, schema) in [
        (OutputFormat::Json, None),
        (OutputFormat::Json, Some(&schema)),
        (OutputFormat::Text, None),
        (OutputFormat::Code, None),
    ] {
        for truncated in [false, true] {
            let raw = RawAnswer { text: text.to_owned(), truncated, ..RawAnswer::default() };
            let judged = answer::judge(&raw, &Expected { schema, ..Expected::of(format) });
            assert_eq!(judged.output.is_none(), raw.is_empty(), "what was said is kept");
            assert!(!truncated || judged.error.is_some(), "what was cut is no success");
            assert!(judged.truncated >= truncated, "a cut is never forgotten");
            let kept = judged.output.map(|output| output.to_string()).unwrap_or_default();
            assert!(kept.len() <= MAX_KEPT_BYTES + MORE, "{} bytes kept", kept.len());
        }
    }
}
