//! Spoils a good answer in the ways that models do.

use serde_json::{Map, Value, json};

use super::chance::Dice;
use super::file::DamageName;
use super::source::first_chars;

/// A spoilt version of `answer`, of one of the `kinds`.
///
/// A kind that cannot be applied, such as a missing field where none is required, gives a truncated answer; a bare number
/// or word, of which a part may still be good, gives two answers.
pub(super) fn spoil(answer: &str, schema: Option<&Value>, kinds: &[DamageName], dice: &mut Dice) -> String {
    let kind = dice.pick(kinds).copied().unwrap_or(DamageName::Truncated);
    let Ok(value) = serde_json::from_str::<Value>(answer) else {
        return truncated(answer, dice);
    };
    if !(value.is_object() || value.is_array() || value.is_string()) {
        return two_objects(&value);
    }
    let spoilt = match kind {
        DamageName::TwoObjects => Some(two_objects(&value)),
        DamageName::Truncated => None,
        DamageName::WrongType => wrong_type(value, schema, dice),
        DamageName::MissingField => missing_field(value, schema, dice),
        DamageName::TrailingComma => trailing_comma(&value),
    };
    spoilt.unwrap_or_else(|| truncated(answer, dice))
}

/// Stops somewhere between a quarter and three quarters of the way, as at a limit on output tokens.
fn truncated(answer: &str, dice: &mut Dice) -> String {
    let chars = answer.chars().count() as u64;
    let kept = dice.between(chars / 4, chars * 3 / 4).max(1);
    first_chars(answer, kept as usize).to_owned()
}

/// Offers two versions and lets the reader choose.
fn two_objects(value: &Value) -> String {
    let other = match value {
        Value::Object(map) => {
            let mut other = map.clone();
            other.insert("version".to_owned(), json!("second"));
            Value::Object(other)
        }
        other => json!([other, "second"]),
    };
    format!("Here is my answer:\n\n{value}\n\nOn reflection, this version is better:\n\n{other}\n")
}

/// Gives a required member a value of another kind.
fn wrong_type(value: Value, schema: Option<&Value>, dice: &mut Dice) -> Option<String> {
    let Value::Object(mut map) = value else {
        return None;
    };
    let name = required_member(&map, schema, dice)?;
    let member = map.get_mut(&name)?;
    // The checker has no type that is both: a text where none was, a list of objects where there was one.
    *member = if member.is_string() { json!([{ "value": member.clone() }]) } else { json!("see above") };
    Some(Value::Object(map).to_string())
}

/// Forgets a required member.
fn missing_field(value: Value, schema: Option<&Value>, dice: &mut Dice) -> Option<String> {
    let Value::Object(mut map) = value else {
        return None;
    };
    let name = required_member(&map, schema, dice)?;
    map.shift_remove(&name);
    Some(Value::Object(map).to_string())
}

fn required_member(map: &Map<String, Value>, schema: Option<&Value>, dice: &mut Dice) -> Option<String> {
    let required = schema?.get("required")?.as_array()?;
    let present: Vec<&str> = required.iter().filter_map(Value::as_str).filter(|name| map.contains_key(*name)).collect();
    dice.pick(&present).map(|name| (*name).to_owned())
}

/// Writes JSON the way some programming languages would take it, inside a fence.
fn trailing_comma(value: &Value) -> Option<String> {
    let text = serde_json::to_string_pretty(value).ok()?;
    let end = text.rfind(['}', ']'])?;
    let (body, close) = text.split_at(end);
    Some(format!("```json\n{},\n{close}\n```", body.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::super::chance::{Chance, Purpose};
    use super::*;

    fn spoilt(answer: &Value, schema: &Value, kind: DamageName) -> String {
        let mut dice = Chance::of(1, "a", "b", "c", 1).dice(Purpose::Damage);
        spoil(&answer.to_string(), Some(schema), &[kind], &mut dice)
    }

    fn sample() -> (Value, Value) {
        (json!({"title": "T", "items": ["a", "b"]}), json!({"type": "object", "required": ["title"]}))
    }

    #[test]
    fn no_kind_leaves_a_single_good_value() {
        use DamageName::{MissingField, TrailingComma, Truncated, TwoObjects, WrongType};
        let (answer, schema) = sample();
        for kind in [TwoObjects, Truncated, TrailingComma] {
            let text = spoilt(&answer, &schema, kind);
            assert!(serde_json::from_str::<Value>(&text).is_err(), "{kind:?}: {text}");
        }
        for kind in [WrongType, MissingField] {
            let text = spoilt(&answer, &schema, kind);
            let value: Value = serde_json::from_str(&text).expect("still JSON");
            assert!(value.get("title").is_none_or(|title| !title.is_string()), "{kind:?}: {text}");
        }
    }

    #[test]
    fn two_objects_are_whole_and_different() {
        let (answer, schema) = sample();
        let text = spoilt(&answer, &schema, DamageName::TwoObjects);
        let objects: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        assert_eq!(objects.len(), 2, "{text}");
        assert_ne!(objects[0], objects[1]);
    }

    #[test]
    fn what_cannot_be_spoilt_as_asked_is_truncated() {
        for answer in [json!({"a": 1}), json!([1, 2, 3]), json!("long enough")] {
            let text = spoilt(&answer, &json!({}), DamageName::MissingField);
            assert!(!text.is_empty() && answer.to_string().starts_with(&text) && text.len() < answer.to_string().len());
        }
        let text = spoilt(&json!(123), &json!({}), DamageName::Truncated);
        assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
    }
}
