//! The call comes back with something else than what happened.

use serde_json::{Value, json};

use super::defect::{Defect, Tamper};

const fn of(name: &'static str, invariant: &'static str, imitates: &'static str, change: fn(&mut Value)) -> Defect {
    Defect::new(name, invariant, imitates, Tamper::Reply(change))
}

pub(super) const DEFECTS: &[Defect] = &[
    of("wrong-order-of-results", "E1", "the results come in another order than the tasks", |reply| {
        results(reply).reverse();
    }),
    of("result-lost", "E1", "a task has no result", |reply| drop(results(reply).pop())),
    of("result-doubled", "E1", "a task has two results", |reply| {
        let again = results(reply).first().cloned();
        results(reply).extend(again);
    }),
    of("failure-hidden", "E1", "a task that failed counts as completed", |reply| {
        let failed = results(reply).iter_mut().find(|result| result["status"] == "failed");
        if let Some(failed) = failed {
            failed["status"] = "completed".into();
            failed["error"] = Value::Null;
            failed["output"] = json!({ "verdict": "yes", "file": "part.txt" });
        }
    }),
    of("answer-changed", "E1", "an output is not what its session said", |reply| {
        for result in results(reply) {
            let other = if result["output"]["verdict"] == "yes" { "no" } else { "yes" };
            if result["output"]["verdict"].is_string() {
                result["output"]["verdict"] = other.into();
            }
        }
    }),
    of("attempt-forgotten", "E1", "a session is missing in the log of its task", |reply| {
        for result in results(reply) {
            if let Some(log) = result["metadata"]["attempt_log"].as_array_mut().filter(|log| log.len() > 1) {
                log.remove(0);
            }
        }
    }),
    of("census-wrong", "E1", "the census counts a task too few", |reply| {
        let census = run(reply).get_mut("census");
        if let Some(completed) = census.and_then(|census| census.get_mut("completed")) {
            *completed = completed.as_u64().map(|tasks| tasks.saturating_sub(1)).into();
        }
    }),
    of("score-made-up", "E1", "a score beyond the scale is clamped instead of refused", |reply| {
        each_review(reply, |review| {
            if review["score"].is_null() {
                review["score"] = 10.into();
            }
        });
    }),
    of("leak-not-named", "E2", "a session that would not stop is not named", |reply| {
        run(reply)["leaked"] = json!([]);
    }),
    of("spawn-call-uncounted", "E3", "a spawn call is not counted", |reply| {
        if let Some(calls) = run(reply)["spawn_calls"].as_u64() {
            run(reply)["spawn_calls"] = calls.saturating_sub(1).into();
        }
    }),
    of("usage-overstated", "E11", "the report says more tokens than the host", |reply| {
        if let Some(tokens) = run(reply)["usage"]["input_tokens"].as_u64() {
            run(reply)["usage"]["input_tokens"] = (tokens + 1_000_000).into();
        }
    }),
    of("usage-understated", "E11", "the report leaves out tokens that the host told of", |reply| {
        if !run(reply)["usage"].is_null() {
            run(reply)["usage"]["input_tokens"] = 0.into();
        }
    }),
    of("success-claimed", "E4", "a run is completed although a required task is not", |reply| {
        run(reply)["status"] = "completed".into();
    }),
];

/// The report of the call's run.
fn run(reply: &mut Value) -> &mut Value {
    if reply["run"].is_object() { &mut reply["run"] } else { reply }
}

fn results(reply: &mut Value) -> &mut Vec<Value> {
    let results = &mut run(reply)["results"];
    if !results.is_array() {
        *results = json!([]);
    }
    match results {
        Value::Array(results) => results,
        _ => unreachable!("it is a list now"),
    }
}

/// The reviews of all judges that a reply names.
fn each_review(value: &mut Value, change: fn(&mut Value)) {
    match value {
        Value::Object(fields) => {
            let judges = fields.get_mut("judges").and_then(Value::as_array_mut);
            judges.into_iter().flatten().for_each(change);
            fields.iter_mut().filter(|(name, _)| *name != "run").for_each(|(_, value)| each_review(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_review(item, change)),
        _ => {}
    }
}
