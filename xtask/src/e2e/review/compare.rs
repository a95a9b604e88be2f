//! Two reports, field by field.

use anyhow::{Result, bail};
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

/// Shows both sides of every task and compares everything else.
///
/// # Errors
/// All differences, each with its place and both values.
pub fn reports(gateway: &Value, simulator: &Value) -> Result<()> {
    let mut differences = Vec::new();
    compare("", "", gateway, simulator, &mut differences);
    show(gateway, simulator, &differences);
    if differences.is_empty() {
        return Ok(());
    }
    bail!("the gateway and the simulator disagree:\n{}", differences.join("\n"))
}

/// `path` is where it stands, `pattern` the same with `*` for positions.
fn compare(path: &str, pattern: &str, gateway: &Value, simulator: &Value, differences: &mut Vec<String>) {
    if MAY_DIFFER.iter().any(|(known, _)| *known == pattern) {
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

fn show(gateway: &Value, simulator: &Value, differences: &[String]) {
    let results = |report: &Value| report.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
    eprintln!(
        "{:<24} {:<10} {:>7} {:<14} {:>9} {:>9}  EQUAL",
        "TASK", "STATUS", "BYTES", "MODEL", "GATEWAY", "SIMULATOR"
    );
    for (index, (real, simulated)) in results(gateway).iter().zip(results(simulator)).enumerate() {
        let text = |pointer: &str| {
            real.pointer(pointer).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let text = |pointer: &str| text(pointer).unwrap_or_default();
        let seconds = |report: &Value| report.get("execution_time").and_then(Value::as_f64).unwrap_or_default();
        let place = format!("/results/{index}/");
        let equal = if differences.iter().any(|difference| difference.starts_with(&place)) { "NO" } else { "yes" };
        eprintln!(
            "{:<24} {:<10} {:>7} {:<14} {:>7.1} s {:>7.1} s  {equal}",
            text("/task_id"),
            text("/status"),
            text("/metadata/output_bytes"),
            text("/metadata/model_applied"),
            seconds(real),
            seconds(&simulated),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(left: Value, right: Value) -> Vec<String> {
        let mut differences = Vec::new();
        compare("", "", &left, &right, &mut differences);
        differences
    }

    #[test]
    fn only_the_named_fields_may_differ() {
        let report = |seconds: f64, key: &str, output: Value| json!({"results": [{"session_key": key, "execution_time": seconds, "output": output}]});
        assert!(differences(report(1.0, "a", json!([1])), report(2.0, "b", json!([1]))).is_empty());
        assert_eq!(
            differences(report(1.0, "a", json!([1])), report(1.0, "a", json!([2]))),
            ["/results/0/output/0: 1 in the gateway, 2 in the simulator"]
        );
    }

    #[test]
    fn what_only_one_side_has_is_a_difference() {
        assert_eq!(differences(json!({"a": 1}), json!({})), ["/a: 1 in the gateway, null in the simulator"]);
        assert_eq!(differences(json!({}), json!({"b": 1})), ["/b: null in the gateway, 1 in the simulator"]);
        assert_eq!(differences(json!([1]), json!([1, 2])), [": [1] in the gateway, [1,2] in the simulator"]);
        let key = |key: Value| json!({"results": [{"session_key": key}]});
        assert_eq!(differences(key(json!("a")), key(Value::Null)).len(), 1);
    }
}
