//! Whether "completed" is borne out by what the host can confirm.

use serde_json::Value;

use crate::host::ToolUse;
use crate::task::Proof;

/// What is missing from the proof, in one sentence. None: it is all there.
///
/// `tools` is what the transcript says; None if it was not read or could not be.
pub fn missing(proof: &Proof, output: Option<&Value>, tools: Option<&ToolUse>) -> Option<String> {
    for pointer in &proof.fields {
        if output.and_then(|output| output.pointer(pointer)).is_none_or(is_blank) {
            return Some(format!("the answer has nothing at {pointer}"));
        }
    }
    if !proof.wants_tools() {
        return None;
    }
    let Some(tools) = tools else { return Some("the transcript that had to prove it could not be read".to_owned()) };
    if tools.calls < proof.min_tool_calls {
        return Some(format!("{} tool calls were made, need at least {}", tools.calls, proof.min_tool_calls));
    }
    for pointer in &proof.artefacts {
        match output.and_then(|output| output.pointer(pointer)).and_then(Value::as_str).filter(|name| !name.is_empty())
        {
            None => return Some(format!("the answer names no artefact at {pointer}")),
            Some(name) if !tools.text.contains(name) => {
                return Some(format!("no tool confirms the artefact at {pointer}: {}", crate::text::quoted(name)));
            }
            Some(_) => {}
        }
    }
    None
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_demand_is_held_against_its_evidence() {
        let output = json!({"summary": "Done.", "file": "out/a.md", "empty": []});
        let tools = ToolUse { calls: 2, text: "wrote out/a.md".to_owned() };
        let check = |min_tool_calls, fields: &[&str], artefacts: &[&str], tools: Option<&ToolUse>| {
            let own = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
            missing(&Proof { min_tool_calls, fields: own(fields), artefacts: own(artefacts) }, Some(&output), tools)
        };
        assert_eq!(check(2, &["/summary"], &["/file"], Some(&tools)), None);
        assert_eq!(check(0, &["/summary"], &[], None), None, "no transcript is needed for fields");
        for (proof, part) in [
            (check(3, &[], &[], Some(&tools)), "2 tool calls were made, need at least 3"),
            (check(0, &["/empty"], &[], Some(&tools)), "nothing at /empty"),
            (check(0, &["/other"], &[], Some(&tools)), "nothing at /other"),
            (check(0, &[], &["/summary"], Some(&tools)), "no tool confirms"),
            (check(0, &[], &["/other"], Some(&tools)), "names no artefact"),
            (check(1, &[], &[], None), "could not be read"),
        ] {
            assert!(proof.as_ref().is_some_and(|proof| proof.contains(part)), "{part} in {proof:?}");
        }
    }
}
