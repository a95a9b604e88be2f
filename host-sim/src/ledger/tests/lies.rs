//! What the host itself got wrong, and nobody could have known.

use super::*;

/// A ledger that holds a call to a request with the tasks `a` and `b`, and more members.
fn held(more: &str) -> Ledger {
    let mut ledger = Ledger::default();
    let task = |id: &str| format!(r#"{{"agent_type": "x", "task_id": "{id}"}}"#);
    let text = format!(r#"{{"tasks": [{}, {}], {more}}}"#, task("a"), task("b"));
    ledger.hold_to(Allowance::of_run("run_tasks", &text, None).expect("a request"));
    ledger
}

fn tell(ledger: &mut Ledger, what: Happening) {
    ledger.event(&Event { seq: ledger.events, at_ms: 0, what }, false);
}

/// A session comes into being, and the receipt names one, or none.
fn spawned(ledger: &mut Ledger, request: u64, label: &str, real: &str, told: Option<&str>) {
    ledger.command(&changed(spawn(request, label), |options| options.label = label.to_owned()));
    ledger.accepted(RequestId(request), &key(real));
    let Some(told) = told else { return };
    let session_key = key(told);
    let receipt = Receipt { session_key, run_id: String::new(), applied_model: None, tool_free: true };
    tell(ledger, Happening::Answered { request: RequestId(request), outcome: Ok(Reply::Spawned(receipt)) });
}

fn ends(ledger: &mut Ledger, session: &str, outcome: &SessionOutcome) {
    let state = SessionState::Completed;
    let over = SessionOver { state, outcome, model: "m", usage: None, cost_micro_usd: 0 };
    ledger.session_over(&key(session), over);
}

#[test]
fn a_task_is_held_to_what_became_of_the_session_that_it_was_told_of() {
    // Task b was told of a's session. Its own one times out, which nobody hears; the one that it has answers.
    let mut ledger = held(r#""retries": 0, "corrections": 1"#);
    spawned(&mut ledger, 1, "x a", "of a", None);
    spawned(&mut ledger, 2, "x b", "of b", Some("of a"));
    ledger.receipt_repeated(&key("of b"));
    ends(&mut ledger, "of b", &SessionOutcome::TimedOut);
    ends(&mut ledger, "of a", &SessionOutcome::Completed);
    spawned(&mut ledger, 3, "x b #2", "correction of b", Some("correction of b"));
    assert_eq!(broken(&ledger), [], "a correction follows an answer");

    // A receipt that names no session changes nothing: then the same is a retry.
    let mut ledger = held(r#""retries": 0, "corrections": 1"#);
    spawned(&mut ledger, 1, "x a", "of a", Some("of a"));
    spawned(&mut ledger, 2, "x b", "of b", Some(""));
    ends(&mut ledger, "of b", &SessionOutcome::TimedOut);
    ends(&mut ledger, "of a", &SessionOutcome::Completed);
    spawned(&mut ledger, 3, "x b #2", "correction of b", None);
    assert_eq!(broken(&ledger), [Invariant::Retries]);
}

#[test]
fn a_receipt_that_names_a_session_of_another_task_once_more_changes_nothing_for_that_task() {
    let mut ledger = held(r#""retries": 0, "corrections": 0"#);
    spawned(&mut ledger, 1, "x a", "of a", Some("of a"));
    spawned(&mut ledger, 2, "x b", "of b", Some("of a"));
    ends(&mut ledger, "of a", &SessionOutcome::TimedOut);
    spawned(&mut ledger, 3, "x a #2", "second of a", None);
    assert_eq!(broken(&ledger), [Invariant::Retries]);
}
