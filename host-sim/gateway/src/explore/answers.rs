//! What a report says that agents said.

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::ids::SessionKey;
use serde_json::Value;

use super::finding::Found;
use crate::call::Called;

/// An output is what its session said. Of an agent that offered two of them none was chosen.
pub(super) fn offers(report: &Value, called: &Called<DocumentReply>, found: &mut Found) {
    for result in report["results"].as_array().into_iter().flatten() {
        let key = result["session_key"].as_str().map(SessionKey::new);
        let said = key.as_ref().and_then(|key| called.backend.host().said(key));
        let (Some(said), "completed") = (said, result["status"].as_str().unwrap_or_default()) else { continue };
        let offered: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if offered.iter().filter(|value| value.is_object()).any(|value| *value != offered[0]) {
            found.add("E1", format!("{} was given one of two answers", result["task_id"]));
        }
        let whole: Value = serde_json::from_str(said).unwrap_or_default();
        // A host that takes secrets out of what it shows says so, and then the engine never saw the whole.
        let is_redacted = result["metadata"]["redacted"] == true;
        if whole.is_object() && result["output"].is_object() && result["output"] != whole && !is_redacted {
            found.add("E1", format!("the output of {} is not what its session said", result["task_id"]));
        }
    }
}

/// Once a session of a task has answered, its twin is stopped.
pub(super) fn twins(report: &Value, found: &mut Found) {
    for result in report["results"].as_array().into_iter().flatten() {
        let log = result["metadata"]["attempt_log"].as_array().map(Vec::as_slice).unwrap_or_default();
        let winner = log.iter().find(|attempt| attempt["session_key"] == result["session_key"]);
        let is_hedged = log.iter().any(|attempt| attempt["kind"] == "hedge");
        let (Some(winner), true, "completed") = (winner, is_hedged, result["status"].as_str().unwrap_or_default())
        else {
            continue;
        };
        let ended = |attempt: &Value| attempt["ended_ms"].as_u64();
        for twin in log.iter().filter(|attempt| ended(attempt) > ended(winner) && attempt["error"].is_null()) {
            let (id, number) = (&result["task_id"], &twin["number"]);
            found.add("I8", format!("session {number} of {id} went on after another one had answered"));
        }
    }
}

/// Every score of a judge is what that judge said in an answer that counts.
pub(super) fn scores(reply: &Value, report: &Value, found: &mut Found) {
    let results = report["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut judges = Vec::new();
    reviews(reply, &mut judges);
    for review in judges.into_iter().filter(|review| review["score"].is_number()) {
        let result = results.iter().find(|result| result["task_id"] == review["task_id"]);
        let said =
            result.filter(|result| result["status"] == "completed").map(|result| &result["output"]["overall_score"]);
        if said.and_then(Value::as_f64) != review["score"].as_f64() {
            let what = format!("{} counts with {}, and said {said:?}", review["task_id"], review["score"]);
            found.add("E1", what);
        }
    }
}

/// All entries of lists of judges.
fn reviews<'a>(value: &'a Value, all: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            all.extend(fields.get("judges").and_then(Value::as_array).into_iter().flatten());
            fields.iter().filter(|(name, _)| *name != "run").for_each(|(_, value)| reviews(value, all));
        }
        Value::Array(items) => items.iter().for_each(|item| reviews(item, all)),
        _ => {}
    }
}
