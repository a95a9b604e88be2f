//! What a session answered: the one JSON value in it, or the reason why there is not exactly one.

use parallel_agents::answer::{self, MAX_KEPT_BYTES, RawAnswer, extract, repair};
use parallel_agents::json::strict::{self, ANSWER_BOUNDS, JsonError};
use parallel_agents::task::OutputFormat;
use serde_json::{Value, json};

/// Room for the line that says what is missing, and for quotes.
const MORE: usize = 128;

/// Holds one answer to the promises.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    strictly(&text);
    extracted(&text);
    judged(&text);
}

/// The strict reader accepts nothing that serde_json refuses, reads the same, and refuses more only for its own reasons.
fn strictly(text: &str) {
    let other = serde_json::from_str::<Value>(text);
    match strict::parse(text, ANSWER_BOUNDS) {
        Ok(value) => {
            assert_eq!(other.ok(), Some(value));
            assert_eq!(repair::repaired(text), None, "what is in order needs no repair");
        }
        Err(JsonError::Syntax { .. }) => assert!(other.is_err(), "both refuse what is no JSON"),
        Err(_) => {}
    }
}

fn extracted(text: &str) {
    let Ok(found) = extract::extract(text) else { return };
    let shown = found.value.to_string();
    let alone = extract::extract(&shown).expect("a value that was found is one");
    assert!(!alone.unwrapped && !alone.repaired && same(&alone.value, &found.value), "{shown}");
    if found.repaired || found.unwrapped {
        assert!(strict::parse(text.trim(), ANSWER_BOUNDS).is_err(), "what was whole is not said to be in pieces");
    }
    // A second value takes the choice away, wherever it stands.
    if found.value.is_object() || found.value.is_array() {
        let other = json!({ "other": found.value });
        for both in [format!("{shown}\n{other}"), format!("{other} and {shown}")] {
            let refused = extract::extract(&both).expect_err("two values are none");
            let deep = extract::ExtractError::Invalid(JsonError::TooDeep(ANSWER_BOUNDS.depth));
            assert!(refused == extract::ExtractError::Ambiguous(2) || refused == deep, "{refused:?} in {both}");
        }
        let twice = extract::extract(&format!("{shown}\n{shown}")).expect("the same twice is one");
        assert!(same(&twice.value, &found.value), "{shown}");
    }
}

/// Equality but for the last digit of a fraction, which serde_json reads inexactly by default.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|((name, left), (other, right))| name == other && same(left, right))
        }
        (Value::Number(left), Value::Number(right)) if left.is_f64() => {
            let (left, right) = (left.as_f64().unwrap_or_default(), right.as_f64().unwrap_or_default());
            (left - right).abs() <= left.abs() * 4.0 * f64::EPSILON
        }
        _ => left == right,
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
            let judged = answer::judge(&raw, format, schema);
            assert_eq!(judged.output.is_none(), raw.is_empty(), "what was said is kept");
            assert!(judged.truncated >= truncated, "a cut is never forgotten");
            let kept = judged.output.map(|output| output.to_string()).unwrap_or_default();
            assert!(kept.len() <= MAX_KEPT_BYTES + MORE, "{} bytes kept", kept.len());
            if format == OutputFormat::Json && truncated {
                assert!(judged.error.is_some(), "JSON that was cut is no answer");
            }
        }
    }
}
