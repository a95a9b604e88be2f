//! What a report has to be, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents::documents::DocumentReply;
use serde_json::Value;

use super::answers::{offers, scores, twins};
use super::case::Case;
use super::finding::{Finding, Found};
use super::workflow::MAP;
use crate::call::Called;
use crate::checker::{Excuse, Excuses};
use crate::error::SimError;
use crate::reply;

/// The statuses that a task can end with.
const FINAL: [&str; 5] = ["completed", "failed", "timeout", "cancelled", "skipped"];

/// Seconds after its deadline by which a run has come back: what it may take for sessions that would not stop.
const GRACE_SECONDS: f64 = 30.0;

/// Everything that is wrong with a call. Empty: nothing. `excuses` counts what does not count as wrong and what
/// the checker does not count already.
pub(super) fn check(case: &Case, called: &Called<DocumentReply>, excuses: &mut Excuses) -> Vec<Finding> {
    let mut found = Found::default();
    match &called.result {
        // What was broken follows below; a host that failed says nothing about the component.
        Err(SimError::Violation { .. } | SimError::Host { .. }) => {}
        Err(error) => found.add("E1", format!("{}: {error}", error.code())),
        Ok(DocumentReply::Refused(text)) => found.add("E1", format!("the request was refused: {}", codes(text))),
        Ok(DocumentReply::Answer(text)) => match serde_json::from_str::<Value>(text) {
            Err(error) => found.add("E1", format!("the report is not JSON: {error}")),
            Ok(reply) => {
                let report = &*reply::run_of(&reply);
                parts(case, &reply, &mut found);
                results(case, report, &mut found);
                census(case, report, &mut found);
                numbers(report, called, &mut found);
                time(&case.request, report, called, &mut found, excuses);
                sessions(report, called, &mut found);
                offers(report, called, &mut found);
                twins(report, &mut found);
                scores(&reply, report, &mut found);
            }
        },
    }
    found.extend(called.backend.checker().violations().iter().map(Finding::from));
    found.all()
}

/// The report of a call's run, whichever function it was.
pub(super) fn run_of(called: &Called<DocumentReply>) -> Option<Value> {
    let Ok(DocumentReply::Answer(text)) = &called.result else { return None };
    let reply: Value = serde_json::from_str(text).ok()?;
    Some(reply::run_of(&reply).into_owned())
}

/// The texts of one field in a list of objects.
fn texts(list: &Value, field: &str) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
}

/// One record for each part of the request, in order.
fn parts(case: &Case, reply: &Value, found: &mut Found) {
    let request = &case.request;
    let (kind, asked, told) = match case.function {
        "run_tasks" => ("task", texts(&request["tasks"], "task_id"), texts(&reply["results"], "task_id")),
        "run_iterative_refinement" => ("draft", texts(&request["drafts"], "name"), texts(&reply["drafts"], "name")),
        MAP => return items(case, reply, found),
        "create_agents" => ("agent type", texts(&request["new_agents"], "name"), texts(&reply["created"], "name")),
        _ => return,
    };
    found.compare(kind, &asked, &told);
    let (mut one, mut other) = (asked.clone(), told.clone());
    one.sort_unstable();
    other.sort_unstable();
    if one == other && asked != told {
        found.add("E1", format!("the results are of {told:?}, asked for were {asked:?}"));
    }
}

/// The items are counted, and those that are completed have a last step that is.
fn items(case: &Case, reply: &Value, found: &mut Found) {
    let (asked, steps) = (&case.request["items"], &case.request["steps"]);
    let [asked, steps] = [asked, steps].map(|list| list.as_array().map_or(0, Vec::len));
    let counted = &reply["items"];
    if counted["items"].as_u64() != Some(asked as u64) {
        found.add("E1", format!("the census says {} items, asked for were {asked}", counted["items"]));
    }
    let sum: u64 = FINAL.iter().filter_map(|status| counted[status].as_u64()).sum();
    if sum != asked as u64 {
        found.add("E1", format!("the census of {asked} items adds up to {sum}"));
    }
    let results = reply["run"]["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_last = |index: &usize| index % steps.max(1) == steps.saturating_sub(1);
    let last = results.iter().take(asked * steps).enumerate().filter(|(index, _)| is_last(index));
    let completed = last.filter(|(_, result)| result["status"] == "completed").count() as u64;
    if counted["completed"].as_u64() != Some(completed) {
        found.add("E1", format!("the census says {} items are completed, {completed} are", counted["completed"]));
    }
}

/// Each task has one final record that makes sense.
fn results(case: &Case, report: &Value, found: &mut Found) {
    // Of items the answers are handed over as they come, and not kept.
    let keeps_answers = case.function != MAP;
    let mut known = BTreeSet::new();
    for result in report["results"].as_array().into_iter().flatten() {
        let (id, status) = (&result["task_id"], result["status"].as_str().unwrap_or_default());
        if !known.insert(id.as_str()) {
            found.add(Finding::DUPLICATED, format!("two results tell of task {id}"));
        }
        if !FINAL.contains(&status) {
            found.add("E1", format!("{id} ended as {status:?}"));
        }
        let has_error = !result["error"].is_null();
        if has_error == (status == "completed") {
            found.add("E1", format!("{id} is {status} and its error is {}", result["error"]));
        }
        if keeps_answers && status == "completed" && result["output"].is_null() {
            found.add("E1", format!("{id} is completed without an output"));
        }
        let usage = &result["metadata"]["usage"];
        for name in ["input_tokens", "output_tokens"] {
            if usage.is_object() && usage[name].as_u64().is_none() {
                found.add("E3", format!("{id} has an odd usage: {usage}"));
            }
        }
    }
}

/// The census counts what the results say, and the run is completed only if every required task is.
fn census(case: &Case, report: &Value, found: &mut Found) {
    let request = &case.request;
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
            found.add("E1", format!("the census says {} {status}, the results {counted}", census[status]));
        }
    }
    if census["tasks"].as_u64() != Some(results.len() as u64) {
        found.add("E1", format!("the census says {} tasks", census["tasks"]));
    }
    // A workflow has a status of its own.
    if case.function != "run_tasks" || report["status"] != "completed" {
        return;
    }
    let wait = &request["wait"];
    let completed = counted.get("completed").copied().unwrap_or(0);
    let count = wait["count"].as_u64().unwrap_or(1);
    match wait["mode"].as_str() {
        None | Some("all") if !required_are_completed => {
            found.add("E4", "the run is completed, and a required task is not");
        }
        Some("any") if completed == 0 => found.add("E4", "the run is completed, and no task is"),
        Some("first") if completed < count => {
            found.add("E4", format!("the run is completed with {completed} tasks, wanted were {count}"));
        }
        Some("quorum") => {
            let pointer = wait["pointer"].as_str().unwrap_or_default();
            let passed = results.iter().filter(|result| result["status"] == "completed");
            let votes: Vec<&Value> = passed.filter_map(|result| result["output"].pointer(pointer)).collect();
            let value = &report["wait"]["value"];
            let agree = votes.iter().filter(|vote| **vote == value).count() as u64;
            if agree < count {
                found.add("E4", format!("the run is completed with {agree} votes for {value}, wanted were {count}"));
            }
        }
        _ => {}
    }
}

/// The report's numbers against the host's own.
fn numbers(report: &Value, called: &Called<DocumentReply>, found: &mut Found) {
    let checker = called.backend.checker();
    let spawn_calls = u64::from(checker.spawn_calls());
    // A call that was cut off makes requests again, or attaches to what came of them.
    if checker.resumes() == 0 && report["spawn_calls"].as_u64() != Some(spawn_calls) {
        found.add("E3", format!("the report says {} spawn calls, the host {spawn_calls}", report["spawn_calls"]));
    }
    let (used, told) = (checker.usage(), checker.told_usage());
    // Usage that came after its session was given up is in no report, and then that does not call itself complete.
    let is_whole = report["usage_complete"] == true && checker.resumes() == 0;
    for (name, used, told) in [
        ("input_tokens", used.input_tokens, told.input_tokens),
        ("output_tokens", used.output_tokens, told.output_tokens),
    ] {
        let says = report["usage"][name].as_u64();
        if says.is_some_and(|says| says > used) {
            found.add("E11", format!("the report says {} {name}, the host {used}", report["usage"][name]));
        }
        if is_whole && says.unwrap_or(0) < told {
            found.add("E11", format!("the report says {} {name}, the host told of {told}", report["usage"][name]));
        }
    }
    let over = checker.overspend().unexcused;
    if over.tokens > 0 || over.micro_usd > 0 {
        let what = format!("{} tokens and {} micro-dollars above the budget", over.tokens, over.micro_usd);
        found.add("I5", format!("the run spent {what} that no session explains"));
    }
}

/// The time that the report says against the deadline.
fn time(request: &Value, report: &Value, called: &Called<DocumentReply>, found: &mut Found, excuses: &mut Excuses) {
    let checker = called.backend.checker();
    let deadline = request["deadline_seconds"].as_f64().unwrap_or(0.0);
    // A call that goes on after its deadline has to find out where its sessions stand, and to stop them.
    let went_on = checker.went_on_ms().map_or(0.0, |at| at as f64 / 1_000.0);
    // Nor can it come back before the event that tells of the end, whatever a clock that was set on makes of that.
    let overshoot = checker.overshoot_ms() as f64 / 1_000.0;
    let limit = deadline.max(went_on) + GRACE_SECONDS + overshoot;
    match report["elapsed_seconds"].as_f64() {
        Some(elapsed) if elapsed <= limit => {}
        Some(_) if checker.is_time_in_doubt() => excuses.add(Excuse::ClockJumped),
        _ => found.add("I4", format!("the run took {} s, the deadline was {deadline} s", report["elapsed_seconds"])),
    }
}

/// Every session that the call was told of belongs to one attempt of one task, and to no other.
fn sessions(report: &Value, called: &Called<DocumentReply>, found: &mut Found) {
    let results = report["results"].as_array().into_iter().flatten();
    let told: Vec<String> = results
        .flat_map(|result| result["metadata"]["attempt_log"].as_array().into_iter().flatten())
        .filter_map(|attempt| attempt["session_key"].as_str().map(str::to_owned))
        .collect();
    let checker = called.backend.checker();
    // A call that was cut off may have been told of sessions that the one which goes on never hears of; but it makes none up.
    let must_tell = checker.told_sessions().map(ToString::to_string).filter(|_| checker.resumes() == 0);
    let may_tell = checker.sessions().map(ToString::to_string).filter(|_| checker.resumes() > 0);
    let asked: Vec<String> = may_tell.filter(|key| told.contains(key)).chain(must_tell).collect();
    found.compare("session", &asked, &told);
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
