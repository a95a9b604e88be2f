//! Every kind of bad rule: which code, at which place, and never a word to the host.

mod refusing;

use refusing::{problems, run_with, task, with};
use serde_json::{Value, json};

#[test]
fn the_rules_of_a_run() {
    let number = |field: &str, code: &str, path: &str, bad: Vec<Value>| -> Vec<(Value, String, String)> {
        bad.into_iter().map(|value| (run_with(field, value), code.to_owned(), path.to_owned())).collect()
    };
    let wrong = || vec![json!(-1), json!(1.5), json!("1"), json!([]), json!(true)];
    let beyond = |limit: u64| [wrong(), vec![json!(limit + 1)]].concat();
    let mut rows = [
        number("retries", "E_RETRY_RANGE", "/retries", beyond(5)),
        number("retry_budget", "E_RETRY_RANGE", "/retry_budget", beyond(1_000)),
        number("corrections", "E_RETRY_RANGE", "/corrections", beyond(1)),
        number("canary", "E_CANARY", "/canary", [beyond(20), vec![json!(0)]].concat()),
        number("start_interval_ms", "E_START", "/start_interval_ms", beyond(60_000)),
        number(
            "start_timeout_seconds",
            "E_TIMEOUT_RANGE",
            "/start_timeout_seconds",
            [beyond(86_400), vec![json!(0)]].concat(),
        ),
        number("escalate", "E_TYPE", "/escalate", vec![json!(1), json!("yes")]),
        number("strict_model", "E_TYPE", "/strict_model", vec![json!(0)]),
        number("breaker", "E_TYPE", "/breaker", vec![json!("off")]),
        number("hedge", "E_TYPE", "/hedge", vec![json!([])]),
        number("on_dependency_failure", "E_ENUM", "/on_dependency_failure", vec![json!("stop"), json!(1)]),
    ]
    .concat();
    for (field, inner, code, bad) in [
        ("budget", "tokens", "E_BUDGET_RANGE", [wrong(), vec![json!(0), json!(1_u64 << 54)]].concat()),
        ("budget", "micro_usd", "E_BUDGET_RANGE", [wrong(), vec![json!(0), json!(1e300)]].concat()),
        ("budget", "spawns", "E_BUDGET_RANGE", [beyond(1_000), vec![json!(0)]].concat()),
        ("budget", "seconds", "E_BUDGET_RANGE", [beyond(86_400), vec![json!(0)]].concat()),
        ("budget", "session_tokens", "E_BUDGET_RANGE", vec![json!(99), json!("many")]),
        ("backoff", "base_ms", "E_RETRY_RANGE", [beyond(300_000), vec![json!(99)]].concat()),
        ("backoff", "max_ms", "E_RETRY_RANGE", [beyond(300_000), vec![json!(99)]].concat()),
        (
            "models",
            "economy",
            "E_MODEL_FORMAT",
            vec![json!(""), json!("../x"), json!("a b"), json!(7), json!("x".repeat(129))],
        ),
        ("prices", "m", "E_PRICE", vec![json!(7), json!("free")]),
    ] {
        for value in bad {
            rows.push((run_with(field, json!({ inner: value })), code.to_owned(), format!("/{field}/{inner}")));
        }
    }
    for (field, value, code, path) in [
        ("budget", json!(7), "E_BUDGET_RANGE", "/budget"),
        ("budget", json!({"dollars": 1}), "E_UNKNOWN_FIELD", "/budget/dollars"),
        ("budget", json!({"tokens": 100}), "E_BUDGET_TOO_SMALL", "/budget/tokens"),
        ("budget", json!({"micro_usd": 100}), "E_BUDGET_UNENFORCEABLE", "/budget/micro_usd"),
        ("prices", json!([]), "E_PRICE", "/prices"),
        ("prices", json!({"m": {"input": -1, "output": 0}}), "E_PRICE", "/prices/m/input"),
        ("prices", json!({"m": {"input": 1}}), "E_PRICE", "/prices/m/output"),
        ("wait", json!({}), "E_WAIT", "/wait/mode"),
        ("wait", json!({"mode": "some"}), "E_WAIT", "/wait/mode"),
        ("wait", json!({"mode": "first"}), "E_WAIT", "/wait/count"),
        ("wait", json!({"mode": "first", "count": 0}), "E_WAIT", "/wait/count"),
        ("wait", json!({"mode": "any", "count": 2}), "E_WAIT", "/wait/count"),
        ("wait", json!({"mode": "quorum", "count": 2}), "E_WAIT", "/wait/pointer"),
        ("wait", json!({"mode": "quorum", "count": 2, "pointer": "verdict"}), "E_WAIT", "/wait/pointer"),
        ("wait", json!({"mode": "until"}), "E_WAIT", "/wait/seconds"),
        ("judge", json!({}), "E_THRESHOLD", "/judge/threshold"),
        ("judge", json!({"threshold": 10.5}), "E_THRESHOLD", "/judge/threshold"),
        ("judge", json!({"threshold": 8, "agent": "nobody"}), "E_AGENT_UNKNOWN", "/judge/agent"),
        ("judge", json!({"threshold": 8, "agent": "backend_developer"}), "E_AGENT_TOOLS", "/judge/agent"),
        ("judge", json!({"threshold": 8, "agent": "agent_refiner"}), "E_REVIEWERS", "/judge/agent"),
    ] {
        rows.push((run_with(field, value), code.to_owned(), path.to_owned()));
    }
    for (field, value, code, path) in [
        ("tier", json!("cheap"), "E_ENUM", "/tier"),
        ("retries", json!(6), "E_RETRY_RANGE", "/retries"),
        ("start_timeout_seconds", json!(0), "E_TIMEOUT_RANGE", "/start_timeout_seconds"),
        ("on_dependency_failure", json!("retry"), "E_ENUM", "/on_dependency_failure"),
        ("idempotent", json!("yes"), "E_TYPE", "/idempotent"),
        ("required", json!(0), "E_TYPE", "/required"),
        ("proof", json!(1), "E_PROOF", "/proof"),
        ("proof", json!({"min_tool_calls": 1_001}), "E_PROOF", "/proof/min_tool_calls"),
        ("proof", json!({"min_tool_calls": 1}), "E_PROOF", "/proof"),
        ("proof", json!({"fields": ["summary"]}), "E_PROOF", "/proof/fields/0"),
        ("proof", json!({"fields": vec!["/a"; 33]}), "E_PROOF", "/proof/fields"),
        ("proof", json!({"files": []}), "E_UNKNOWN_FIELD", "/proof/files"),
    ] {
        rows.push((with(field, value), code.to_owned(), format!("/tasks/0{path}")));
    }
    assert!(rows.len() > 100, "{} rows", rows.len());
    for (request, code, path) in rows {
        assert_eq!(problems("run_tasks", &request.to_string()), [(code, path)], "{request}");
    }
}

#[test]
fn helpers_and_reports() {
    let report = json!({"results": [{"task_id": "a", "status": "completed", "output": "x"}]});
    for (function, request, code, path) in [
        ("spawn_with_retry", json!({}), "E_TASK_TYPE", "/task"),
        ("spawn_with_retry", json!({"task": task(), "max_retries": 6}), "E_RETRY_RANGE", "/max_retries"),
        (
            "spawn_with_retry",
            json!({"task": {"agent_type": "nobody", "task_description": "x"}}),
            "E_AGENT_UNKNOWN",
            "/task/agent_type",
        ),
        (
            "spawn_with_model_hierarchy",
            json!({"task": task(), "models": {"tiny": "x"}}),
            "E_UNKNOWN_FIELD",
            "/models/tiny",
        ),
        ("spawn_parallel_with_retry", json!({"tasks": []}), "E_TASK_COUNT", "/tasks"),
        ("forecast_run", json!({"tasks": []}), "E_TASK_COUNT", "/tasks"),
        ("collect_results", json!({"sessions": []}), "E_SESSIONS", "/sessions"),
        ("collect_results", json!({"sessions": ["a", "a"]}), "E_SESSIONS", "/sessions/1"),
        ("collect_results", json!({"sessions": ["a"], "wait_seconds": -1}), "E_DEADLINE_RANGE", "/wait_seconds"),
        ("result_digest", json!({"report": {}}), "E_REPORT", "/report"),
        ("result_digest", json!({"report": report, "max_chars": 999}), "E_PAGE", "/max_chars"),
        ("result_page", json!({"report": report, "task_id": "b"}), "E_TASK_UNKNOWN", "/task_id"),
        ("explain_task", json!({"report": report}), "E_ID_FORMAT", "/task_id"),
    ] {
        assert_eq!(
            problems(function, &request.to_string()),
            [(code.to_owned(), path.to_owned())],
            "{function} {request}"
        );
    }
}
