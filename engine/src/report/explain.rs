//! One task's story, for people: what was decided, when and why. The words of hosts and agents in it are escaped, for the
//! report may come from anywhere.

use serde_json::Value;

use crate::order;
use crate::text::{dollars, escaped};

/// What a result must have for its story to be told: its name, and whether its value is one.
type Part = (&'static str, fn(&Value) -> bool);
const PARTS: [Part; 3] =
    [("agent_type", Value::is_string), ("status", Value::is_string), ("metadata", Value::is_object)];

/// What a result lacks of what its story is made of.
pub fn lacking(row: &Value) -> Vec<&'static str> {
    let has = |(name, is_one): &Part| row.get(name).is_some_and(is_one);
    PARTS.iter().filter(|part| !has(part)).map(|(name, _)| *name).collect()
}

/// The story of a task, from its result in a report, as lines of text.
pub fn explain(row: &Value) -> String {
    let words = |pointer: &str| escaped(row.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let mut lines =
        vec![format!("{}, a task for {}, is {}.", words("/task_id"), words("/agent_type"), words("/status"))];
    if row.pointer("/error/code").is_some_and(Value::is_string) {
        lines.push(format!("Why: {}: {}", words("/error/code"), words("/error/message")));
    }
    // Decisions and ends of sessions in the order of time; of two at the same moment an end leads to a decision.
    let mut events: Vec<(u64, u8, String)> = Vec::new();
    for decision in list(row, "/metadata/decisions") {
        let what = decision.get("what").and_then(Value::as_str).unwrap_or_default();
        events.push((number(decision, "at_ms"), 1, escaped(what).into_owned()));
    }
    for attempt in list(row, "/metadata/attempt_log") {
        events.push((number(attempt, "ended_ms"), 0, escaped(&ended(attempt)).into_owned()));
    }
    let events = order::sorted_by_key(events, |(at, order, _)| (*at, *order));
    if events.is_empty() {
        lines.push("It never had a session.".to_owned());
    }
    lines.extend(events.into_iter().map(|(at, _, what)| format!("{:>9.3} s  {what}", at as f64 / 1_000.0)));
    let known = |name: &str| row.pointer(&format!("/metadata/{name}")).filter(|value| !value.is_null());
    if let Some(cost) = known("cost_micro_usd").and_then(Value::as_u64) {
        let is_whole = list(row, "/metadata/attempt_log").iter().all(|attempt| !is_untold(attempt));
        let gap = if is_whole { "" } else { ", as far as its sessions told" };
        lines.push(format!("It cost {}{gap}.", dollars(cost, 6)));
    }
    for (flag, words) in [
        (
            "repaired",
            "Its answer was not quite JSON and was put right without asking, as it could only mean one thing.",
        ),
        ("doubtful", "Its answer reads like an error message in the place of one."),
        ("corrected", "Its answer is that of a session that only put the form right."),
        ("truncated", "Its answer is not whole."),
        ("model_mismatch", "Another model ran than the one that was asked for."),
    ] {
        if known(flag) == Some(&Value::Bool(true)) {
            lines.push(words.to_owned());
        }
    }
    lines.join("\n")
}

/// Whether there was a session that told no usage.
fn is_untold(attempt: &Value) -> bool {
    let has = |name: &str| attempt.get(name).is_some_and(|value| !value.is_null());
    has("session_key") && !has("usage")
}

fn ended(attempt: &Value) -> String {
    let number = number(attempt, "number");
    let status = attempt.get("status").and_then(Value::as_str).unwrap_or_default();
    let model = attempt.get("model_applied").and_then(Value::as_str).map(|model| format!(" under {model}"));
    let tokens = match attempt.get("usage").filter(|usage| usage.is_object()) {
        Some(usage) => {
            let sum = self::number(usage, "input_tokens").saturating_add(self::number(usage, "output_tokens"));
            format!(", {sum} tokens")
        }
        None if is_untold(attempt) => ", usage not told".to_owned(),
        None => String::new(),
    };
    let error = attempt.pointer("/error/message").and_then(Value::as_str).map(|message| {
        let code = attempt.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
        format!(": {code}: {message}")
    });
    format!("session {number} ended{} as {status}{}{}", model.unwrap_or_default(), tokens, error.unwrap_or_default())
}

fn list<'a>(row: &'a Value, pointer: &str) -> &'a [Value] {
    row.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn number(value: &Value, field: &str) -> u64 {
    value.get(field).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_story_is_told_in_order() {
        let row = json!({"task_id": "t", "agent_type": "critic", "status": "completed", "error": null,
            "metadata": {"attempts": 2, "cost_micro_usd": 42, "corrected": true,
                "decisions": [{"at_ms": 0, "what": "session 1 (first) with p/small (economy) asked for"},
                    {"at_ms": 2_500, "what": "a correction is asked for: no JSON"},
                    {"at_ms": 2_500, "what": "session 2 (correction) with p/small (economy) asked for"}],
                "attempt_log": [
                    {"number": 1, "status": "failed", "model_applied": "p/small", "ended_ms": 2_500, "session_key": "s1",
                        "usage": {"input_tokens": 10, "output_tokens": 5},
                        "error": {"code": "E_OUTPUT_INVALID", "message": "no JSON"}},
                    {"number": 2, "status": "completed", "model_applied": "p/small", "ended_ms": 4_000, "usage": null,
                        "session_key": "s2", "error": null}]}});
        insta::assert_snapshot!(explain(&row));
    }

    #[test]
    fn a_result_without_its_parts_has_no_story() {
        assert_eq!(lacking(&json!({"task_id": "a"})), ["agent_type", "status", "metadata"]);
        assert_eq!(lacking(&json!({"agent_type": "critic", "status": 7, "metadata": []})), ["status", "metadata"]);
        assert!(lacking(&json!({"agent_type": "critic", "status": "completed", "metadata": {}})).is_empty());
    }

    #[test]
    fn nothing_in_a_story_acts_on_a_terminal() {
        let bad = "a\u{1b}[2J\nb\u{202e}";
        let row = json!({"task_id": bad, "agent_type": bad, "status": bad,
            "error": {"code": bad, "message": bad}, "metadata": {"decisions": [{"at_ms": 1, "what": bad}],
                "attempt_log": [{"status": bad, "model_applied": bad, "error": {"code": bad, "message": bad}}]}});
        let story = explain(&row);
        assert_eq!(story.lines().count(), 4, "{story}");
        assert!(!story.replace('\n', "").contains(crate::text::acts), "{story:?}");
    }
}
