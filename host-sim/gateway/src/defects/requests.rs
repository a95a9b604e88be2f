//! The engine reads other rules than those that it is held to, as if it did not keep one of them.

use serde_json::{Value, json};

use super::defect::{Defect, Tamper};

/// The provider does not accept most sessions.
const LOCKED_DAY: &str = r#"
version = 1
[[answers]]
odds = { failing = 600 }
failures = [{ kind = "authentication" }]
template = '{"verdict": "yes", "file": "part.txt"}'
"#;

/// More than any run of tests has: retries, and micro-dollars for 1,000 tokens.
const PLENTY: u64 = 1_000;

const fn of(name: &'static str, invariant: &'static str, imitates: &'static str, change: fn(&mut Value)) -> Defect {
    Defect::new(name, invariant, imitates, Tamper::Request(change))
}

pub(super) const DEFECTS: &[Defect] = &[
    of("off-by-one-cap", "I1", "one session more than the cap is alive", |request| add(request, "/max_concurrent", 1)),
    of("spawns-uncounted", "I2", "one session more than the budget allows is spawned", |request| {
        add(request, "/budget/spawns", 1);
    }),
    of("dependency-ignored", "I3", "a task starts before those that it depends on", |request| {
        each_task(request, |task| {
            task.remove("dependencies");
            task.remove("input_from");
        });
    }),
    of("failed-dependency-ignored", "I3", "a task starts although one that it depends on has failed", |request| {
        request["on_dependency_failure"] = "run".into();
        each_task(request, |task| drop(task.remove("on_dependency_failure")));
    }),
    of("deadline-ignored", "I4", "the run does not stop at its deadline", |request| {
        times(request, "/deadline_seconds", 20);
    }),
    of("budget-exceeded", "I5", "the run spends twice its budget", |request| {
        times(request, "/budget/tokens", 2);
        times(request, "/budget/micro_usd", 2);
    }),
    of("reservation-too-low", "I5", "half of what a session may write is reserved for it", |request| {
        divide(request, "/budget/session_tokens", 2);
    }),
    of("price-too-low", "I5", "a session of an unlisted model costs nothing", |request| {
        if request["prices"].is_object() {
            request["prices"]["*"] = json!({ "input": 0, "output": 0 });
        }
    }),
    of("retry-budget-ignored", "I6", "the run makes more retries than it may", |request| {
        request["retry_budget"] = PLENTY.into();
    }),
    of("retries-off-by-one", "I6", "a task has one retry more than it may", |request| {
        add(request, "/retries", 1);
        each_task(request, |task| {
            if let Some(retries) = task.get("retries").and_then(Value::as_u64) {
                task.insert("retries".to_owned(), (retries + 1).min(5).into());
            }
        });
    }),
    of("breaker-never-opens", "I15", "what is refused again and again is asked for again", |request| {
        request["breaker"] = false.into();
    })
    .in_large_runs(LOCKED_DAY),
    of("time-limit-ignored", "I16", "a session has more time than its task", |request| {
        each_task(request, |task| drop(task.remove("timeout_seconds")));
    }),
    of("cleanup-confused", "I16", "sessions that are to be kept are spawned to be deleted", |request| {
        request["cleanup"] = if request["cleanup"] == "keep" { "delete".into() } else { "keep".into() };
    }),
    of("tier-ignored", "I19", "a task starts with a cheaper tier than it was promised", |request| {
        each_task(request, |task| {
            if task.contains_key("tier") {
                task.insert("tier".to_owned(), "economy".into());
            }
        });
    }),
    of(
        "other-model-accepted",
        "I19",
        "the answer of another model counts where only that of the own one does",
        |request| {
            request["strict_model"] = false.into();
        },
    ),
];

fn each_task(request: &mut Value, change: impl Fn(&mut serde_json::Map<String, Value>)) {
    let tasks = request.get_mut("tasks").and_then(Value::as_array_mut);
    tasks.into_iter().flatten().filter_map(Value::as_object_mut).for_each(change);
}

fn add(request: &mut Value, place: &str, more: u64) {
    number(request, place, |number| number + more);
}

fn times(request: &mut Value, place: &str, factor: u64) {
    number(request, place, |number| number.saturating_mul(factor));
}

fn divide(request: &mut Value, place: &str, by: u64) {
    number(request, place, |number| number / by);
}

/// Changes a number of the request, if it is there.
fn number(request: &mut Value, place: &str, change: impl FnOnce(u64) -> u64) {
    if let Some(value) = request.pointer_mut(place)
        && let Some(number) = value.as_u64()
    {
        *value = change(number).into();
    }
}
