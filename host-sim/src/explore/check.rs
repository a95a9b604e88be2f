//! What a report has to be, whatever happened.

use std::collections::BTreeMap;

use parallel_agents::documents::DocumentReply;
use serde_json::Value;

use crate::call::Called;

/// The statuses that a task can end with.
const FINAL: [&str; 5] = ["completed", "failed", "timeout", "cancelled", "skipped"];

/// Seconds after its deadline by which a run has come back: 30 for sessions that would not stop, and what deleting takes,
/// two at a time, with every one of them refused some times.
const GRACE_SECONDS: f64 = 900.0;

/// Everything that is wrong with a call. Empty: nothing.
pub(super) fn check(request: &Value, called: &Called<DocumentReply>) -> Vec<String> {
    let mut found = Found(Vec::new());
    match &called.result {
        Err(error) => found.add(format!("{}: {error}", error.code())),
        Ok(DocumentReply::Refused(text)) => found.add(format!("the request was refused: {}", codes(text))),
        Ok(DocumentReply::Answer(text)) => match serde_json::from_str::<Value>(text) {
            Err(error) => found.add(format!("the report is not JSON: {error}")),
            Ok(report) => {
                results(request, &report, &mut found);
                census(request, &report, &mut found);
                numbers(request, &report, called, &mut found);
            }
        },
    }
    found.0.extend(called.world.ledger().violations().iter().map(ToString::to_string));
    found.0
}

struct Found(Vec<String>);

impl Found {
    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }
}

/// One final record for each task, in order.
fn results(request: &Value, report: &Value, found: &mut Found) {
    let ids = |list: &Value| -> Vec<String> {
        let tasks = list.as_array().into_iter().flatten();
        tasks.map(|task| task["task_id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (asked, told) = (ids(&request["tasks"]), ids(&report["results"]));
    if asked != told {
        found.add(format!("the results are of {told:?}, the tasks are {asked:?}"));
    }
    for result in report["results"].as_array().into_iter().flatten() {
        let (id, status) = (&result["task_id"], result["status"].as_str().unwrap_or_default());
        if !FINAL.contains(&status) {
            found.add(format!("{id} ended as {status:?}"));
        }
        let has_error = !result["error"].is_null();
        if has_error == (status == "completed") {
            found.add(format!("{id} is {status} and its error is {}", result["error"]));
        }
        if status == "completed" && result["output"].is_null() {
            found.add(format!("{id} is completed without an output"));
        }
        for (name, usage) in
            [("input_tokens", &result["metadata"]["usage"]), ("output_tokens", &result["metadata"]["usage"])]
        {
            if usage.is_object() && usage[name].as_u64().is_none() {
                found.add(format!("{id} has an odd usage: {usage}"));
            }
        }
    }
}

/// The census counts what the results say, and the run is completed only if every required task is.
fn census(request: &Value, report: &Value, found: &mut Found) {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    let mut required_are_completed = true;
    let results = report["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, result) in results.iter().enumerate() {
        let status = result["status"].as_str().unwrap_or_default();
        *counted.entry(status).or_default() += 1;
        let is_required = request["tasks"][index]["required"] != false;
        required_are_completed &= !is_required || status == "completed";
    }
    let census = &report["census"];
    for status in FINAL {
        let counted = counted.get(status).copied().unwrap_or(0);
        if census[status].as_u64() != Some(counted) {
            found.add(format!("the census says {} {status}, the results {counted}", census[status]));
        }
    }
    if census["tasks"].as_u64() != Some(results.len() as u64) {
        found.add(format!("the census says {} tasks", census["tasks"]));
    }
    // Who waits for a part of the tasks has what it wants without the others.
    let waits_for_all = request["wait"].is_null() || request["wait"]["mode"] == "all";
    if report["status"] == "completed" && waits_for_all && !required_are_completed {
        found.add("the run is completed, and a required task is not");
    }
}

/// The report's numbers against the host's own.
fn numbers(request: &Value, report: &Value, called: &Called<DocumentReply>, found: &mut Found) {
    let ledger = called.world.ledger();
    let spawn_calls = u64::from(ledger.spawn_calls());
    // A call that was cut off makes requests again, or takes over what came of them.
    if ledger.resumes() == 0 && report["spawn_calls"].as_u64() != Some(spawn_calls) {
        found.add(format!("the report says {} spawn calls, the host {spawn_calls}", report["spawn_calls"]));
    }
    let used = ledger.usage();
    for (name, used) in [("input_tokens", used.input_tokens), ("output_tokens", used.output_tokens)] {
        if report["usage"][name].as_u64().is_some_and(|told| told > used) {
            found.add(format!("the report says {} {name}, the host {used}", report["usage"][name]));
        }
    }
    let deadline = request["deadline_seconds"].as_f64().unwrap_or(0.0);
    if report["elapsed_seconds"].as_f64().is_none_or(|elapsed| elapsed > deadline + GRACE_SECONDS) {
        found.add(format!("the run took {} s, the deadline was {deadline} s", report["elapsed_seconds"]));
    }
}

/// The codes of a refusal, with their places.
fn codes(text: &str) -> String {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let problems = document["errors"].as_array().into_iter().flatten();
    let words: Vec<String> = problems
        .map(|problem| {
            format!("{} at {}", problem["code"].as_str().unwrap_or("?"), problem["path"].as_str().unwrap_or("?"))
        })
        .collect();
    words.join(", ")
}
