//! Two documents, field by field.

use serde_json::Value;

/// Fields that may differ, and why. `*` stands for every element of a list.
const MAY_DIFFER: [(&str, &str); 12] = [
    ("/elapsed_seconds", "the gateway takes real time for real work"),
    ("/results/*/execution_time", "the same"),
    ("/results/*/metadata/queued_ms", "the same"),
    ("/results/*/session_key", "every host names its sessions as it likes"),
    ("/usage/input_tokens", "OpenClaw wraps every prompt in its own instructions, which the model reads too"),
    ("/results/*/metadata/usage/input_tokens", "the same"),
    ("/results/*/metadata/attempt_log/*/usage/input_tokens", "the same"),
    ("/budget/tokens/spent", "the same, summed"),
    ("/results/*/metadata/attempt_log/*/started_ms", "the gateway takes real time for real work"),
    ("/results/*/metadata/attempt_log/*/ended_ms", "the same"),
    ("/results/*/metadata/decisions/*/at_ms", "the same"),
    ("/results/*/metadata/attempt_log/*/session_key", "every host names its sessions as it likes"),
];

/// Whether the gateway's value and the simulator's mean the same.
type IsSame = fn(&Value, &Value) -> bool;

/// Fields that may differ in part: the place, whether both values mean the same, and why they are not the same.
const MAY_VARY: [(&str, IsSame, &str); 7] = [
    ("/results/*/metadata/decisions/*/what", alike, "the times in it are real ones"),
    ("/results/*/error/message", failed, "every host has its own words for what a model's provider said"),
    ("/results/*/metadata/attempt_log/*/error/message", failed, "the same"),
    ("/usage", nothing, "OpenClaw tells of no tokens for a session that failed, the simulator tells nothing"),
    ("/results/*/metadata/usage", nothing, "the same"),
    ("/results/*/metadata/attempt_log/*/usage", nothing, "the same"),
    ("/usage_complete", told, "what follows from it"),
];

/// Where two documents differ, each place with both values.
///
/// Where a function names follow-up tasks, it does so in the order in which results come in, which is a matter of real
/// time: then results are compared by their ids.
pub fn differences(gateway: &Value, simulator: &Value, follows_up: bool) -> Vec<String> {
    let mut differences = Vec::new();
    let [gateway, simulator] = [gateway, simulator].map(|side| if follows_up { by_id(side) } else { side.clone() });
    compare("", "", &gateway, &simulator, &mut differences);
    differences
}

fn by_id(document: &Value) -> Value {
    let mut document = document.clone();
    for place in ["/results", "/run/results"] {
        if let Some(results) = document.pointer_mut(place).and_then(Value::as_array_mut) {
            let id = |result: &Value| result.get("task_id").and_then(Value::as_str).unwrap_or_default().to_owned();
            results.sort_by_key(id);
        }
    }
    document
}

/// The same but for digits.
fn alike(gateway: &Value, simulator: &Value) -> bool {
    let words = |value: &Value| value.as_str().map(|text| text.replace(|char: char| char.is_ascii_digit(), ""));
    words(gateway).is_some() && words(gateway) == words(simulator)
}

/// Both tell of a session that failed.
fn failed(gateway: &Value, simulator: &Value) -> bool {
    [gateway, simulator].iter().all(|side| side.as_str().is_some_and(|text| text.starts_with("the session failed: ")))
}

fn nothing(gateway: &Value, simulator: &Value) -> bool {
    let tokens = |name: &str| gateway.get(name).and_then(Value::as_u64);
    simulator.is_null() && [tokens("input_tokens"), tokens("output_tokens")] == [Some(0); 2]
}

fn told(gateway: &Value, simulator: &Value) -> bool {
    *gateway == Value::Bool(true) && *simulator == Value::Bool(false)
}

/// `path` is where it stands, `pattern` the same with `*` for positions.
fn compare(path: &str, pattern: &str, gateway: &Value, simulator: &Value, differences: &mut Vec<String>) {
    // Workflows have the report of their run inside of theirs.
    let place = pattern.strip_prefix("/run").unwrap_or(pattern);
    if MAY_DIFFER.iter().any(|(known, _)| *known == place) {
        if gateway.is_null() != simulator.is_null() {
            differences.push(format!("{path}: only one side has it: {gateway} and {simulator}"));
        }
        return;
    }
    if MAY_VARY.iter().any(|(known, is_same, _)| *known == place && is_same(gateway, simulator)) {
        return;
    }
    match (gateway, simulator) {
        (Value::Object(left), Value::Object(right)) => {
            for name in left.keys().chain(right.keys().filter(|name| !left.contains_key(*name))) {
                let of = |side: &serde_json::Map<String, Value>| side.get(name).cloned().unwrap_or_default();
                let (path, pattern) = (format!("{path}/{name}"), format!("{pattern}/{name}"));
                compare(&path, &pattern, &of(left), &of(right), differences);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                compare(&format!("{path}/{index}"), &format!("{pattern}/*"), left, right, differences);
            }
        }
        _ if gateway == simulator => {}
        _ => differences.push(format!("{path}: {gateway} in the gateway, {simulator} in the simulator")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_named_fields_may_differ() {
        let report = |seconds: f64, key: &str, output: Value| json!({"results": [{"session_key": key, "execution_time": seconds, "output": output}]});
        assert!(differences(&report(1.0, "a", json!([1])), &report(2.0, "b", json!([1])), false).is_empty());
        assert_eq!(
            differences(&report(1.0, "a", json!([1])), &report(1.0, "a", json!([2])), false),
            ["/results/0/output/0: 1 in the gateway, 2 in the simulator"]
        );
    }

    #[test]
    fn what_only_one_side_has_is_a_difference() {
        assert_eq!(differences(&json!({"a": 1}), &json!({}), false), ["/a: 1 in the gateway, null in the simulator"]);
        assert_eq!(differences(&json!({}), &json!({"b": 1}), false), ["/b: null in the gateway, 1 in the simulator"]);
        assert_eq!(differences(&json!([1]), &json!([1, 2]), false), [": [1] in the gateway, [1,2] in the simulator"]);
        let key = |key: Value| json!({"results": [{"session_key": key}]});
        assert_eq!(differences(&key(json!("a")), &key(Value::Null), false).len(), 1);
    }

    #[test]
    fn follow_up_tasks_are_compared_by_their_ids() {
        let run = |ids: [&str; 2]| json!({"run": {"results": ids.map(|id| json!({"task_id": id}))}});
        assert!(differences(&run(["a", "b"]), &run(["b", "a"]), true).is_empty());
        assert_eq!(differences(&run(["a", "b"]), &run(["b", "a"]), false).len(), 2);
    }

    #[test]
    fn what_may_vary_still_has_to_mean_the_same() {
        let decided = |what: &str| json!({"results": [{"metadata": {"decisions": [{"what": what}]}}]});
        assert!(differences(&decided("after 7 ms"), &decided("after 4200 ms"), false).is_empty());
        assert_eq!(differences(&decided("after 7 ms"), &decided("at once"), false).len(), 1);
        let said = |message: &str| json!({"results": [{"error": {"message": message}}]});
        assert!(differences(&said("the session failed: 400"), &said("the session failed: no"), false).is_empty());
        assert_eq!(differences(&said("the session failed: 400"), &said("too late"), false).len(), 1);
        let usage = |usage: Value| json!({"usage": usage});
        let none = json!({"input_tokens": 0, "output_tokens": 0});
        assert!(differences(&usage(none.clone()), &usage(Value::Null), false).is_empty());
        assert_eq!(differences(&usage(Value::Null), &usage(none), false).len(), 1);
    }
}
