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

/// Where two documents differ, each place with both values.
pub fn differences(gateway: &Value, simulator: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", "", gateway, simulator, &mut differences);
    differences
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
        assert!(differences(&report(1.0, "a", json!([1])), &report(2.0, "b", json!([1]))).is_empty());
        assert_eq!(
            differences(&report(1.0, "a", json!([1])), &report(1.0, "a", json!([2]))),
            ["/results/0/output/0: 1 in the gateway, 2 in the simulator"]
        );
    }

    #[test]
    fn what_only_one_side_has_is_a_difference() {
        assert_eq!(differences(&json!({"a": 1}), &json!({})), ["/a: 1 in the gateway, null in the simulator"]);
        assert_eq!(differences(&json!({}), &json!({"b": 1})), ["/b: null in the gateway, 1 in the simulator"]);
        assert_eq!(differences(&json!([1]), &json!([1, 2])), [": [1] in the gateway, [1,2] in the simulator"]);
        let key = |key: Value| json!({"results": [{"session_key": key}]});
        assert_eq!(differences(&key(json!("a")), &key(Value::Null)).len(), 1);
    }
}
