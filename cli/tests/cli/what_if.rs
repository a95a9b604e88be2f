//! `--record` and `what-if` on simulated calls, and files that cannot be written.

use std::fs;

use serde_json::json;

use super::{Ran, command, path, ran};

const ONE: &str = r#"{"task": {"agent_type": "content_writer_funny", "task_id": "one", "task_description": "x",
    "input_data": {"topic": "tides"}}}"#;

fn native(arguments: &[&str], input: &str) -> Ran {
    ran(&mut command(&[arguments, &["--engine", "native"]].concat()), input.as_bytes())
}

/// A recorded call. Its file.
fn recorded(name: &str, function: &str, input: &str, exit: i32) -> String {
    let tape = path(name);
    let called = native(&["call", function, "-", "--record", &tape], input);
    assert_eq!(called.code, exit, "{}", called.err);
    tape
}

#[test]
fn the_run_of_a_single_task_can_be_gone_through_again() {
    let tape = recorded("what-if-one.jsonl", "spawn_with_retry", ONE, 0);
    let again = native(&["what-if", &tape, "--json"], "");
    assert_eq!((again.code, &again.json()["what_if"]["completed"]), (0, &json!(1)), "{}", again.err);
    assert_eq!(again.json()["differing_tasks"], json!([]));
}

#[test]
fn a_call_ends_as_its_whole_reply_says() {
    let tape = recorded("what-if-draft.jsonl", "run_iterative_refinement", super::FAILING_DRAFT, 1);
    let again = native(&["what-if", &tape, "--json"], "");
    assert_eq!((again.code, &again.json()["what_if"]["status"]), (1, &json!("failed")), "{}", again.err);
    // A single task has statuses that a run has not.
    let late = ONE.replacen("{\"agent_type\"", "{\"timeout_seconds\": 1, \"agent_type\"", 1);
    let late = native(&["call", "spawn_with_retry", "-"], &late);
    assert_eq!((late.code, &late.json()["status"]), (1, &json!("timeout")));
}

#[test]
fn what_is_no_run_or_no_journal_is_refused() {
    let tape = recorded("what-if-none.jsonl", "versions", "{}", 0);
    let none = native(&["what-if", &tape, "--json"], "");
    assert_eq!((none.code, &none.json()["error"]["code"]), (2, &json!("E_RECORDING")), "{}", none.out);
    let journal = native(&["replay", &tape, "--json"], "");
    assert_eq!((journal.code, &journal.json()["error"]["code"]), (2, &json!("E_RECORDING")), "{}", journal.out);
}

#[test]
fn a_setting_may_be_an_object_and_a_pace_that_changes_nothing_is_told() {
    let tape = recorded("what-if-settings.jsonl", "spawn_with_retry", ONE, 0);
    let budget = r#"budget={"tokens":100000,"spawns":10},max_concurrent=2"#;
    let asked = native(&["what-if", &tape, "--latency-factor", "biggg=2", "--set", budget], "");
    assert!(!asked.err.contains("needs the form"), "{}", asked.err);
    let wanted = native(&["what-if", &tape, "--set", "budget={\"tokens\":1"], "");
    assert_eq!(wanted.code, 2, "{}", wanted.err);
    let paced = native(&["what-if", &tape, "--latency-factor", "biggg=2"], "");
    assert_eq!(paced.code, 0, "{}", paced.err);
    assert!(paced.err.contains("the latency factor of biggg counts for nothing"), "{}", paced.err);
}

#[test]
fn a_run_whose_files_cannot_be_written_is_not_begun() {
    let (nowhere, trace) = (path("no-such-folder/file"), path("not-begun.trace"));
    let _ = fs::remove_file(&trace);
    for option in ["--record", "--report"] {
        let call = ["call", "spawn_with_retry", "-", "--json", "--trace", &trace, option, &nowhere];
        let refused = native(&call, ONE);
        assert_eq!((refused.code, &refused.json()["error"]["code"]), (3, &json!("E_OUTPUT")), "{option}");
        // A run that had been begun would stand in it.
        assert_eq!(fs::read_to_string(&trace).unwrap_or_default(), "", "{option}");
    }
}
