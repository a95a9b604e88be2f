//! A workflow is held to its request like a run of tasks, although its tasks are found out in the course of it.

use parallel_agents::documents::DocumentReply;

use super::*;

fn held(more: &str) -> Checker {
    let mut checker = Checker::default();
    let text = format!(r#"{{"goal": "a", {more}}}"#);
    checker.hold_to(Allowance::of_workflow(&text, None).expect("a request"));
    checker.event(&Event { seq: 0, at_ms: 0, what: EventKind::TimerFired }, false);
    checker
}

/// Two sessions of different tasks, each of which answers with so many tokens.
fn two(checker: &mut Checker, tokens: u64) -> Vec<Invariant> {
    for request in [1, 2] {
        checker.command(&spawn(request, &format!("x task-{request}")));
        let session = key(&format!("s{request}"));
        checker.accepted(RequestId(request), &session);
        let usage = Some(Usage { input_tokens: 0, output_tokens: tokens });
        ended(checker, &session, &SessionOutcome::Completed, "m", usage);
    }
    broken(checker)
}

#[test]
fn its_budget_is_kept() {
    for (budget, expected) in [
        (r#"{"spawns": 2}"#, vec![]),
        (r#"{"spawns": 1}"#, vec![Invariant::Sessions]),
        (r#"{"tokens": 151, "session_tokens": 100}"#, vec![]),
        (r#"{"tokens": 150, "session_tokens": 100}"#, vec![Invariant::Budget]),
        (r#"{"micro_usd": 1510, "session_tokens": 100}"#, vec![]),
        (r#"{"micro_usd": 1499, "session_tokens": 100}"#, vec![Invariant::Budget]),
    ] {
        let mut checker = held(&format!(r#""budget": {budget}, "prices": {{"*": {{"output": 10000}}}}"#));
        assert_eq!(two(&mut checker, 50), expected, "{budget}");
    }
}

#[test]
fn its_models_and_its_cleanup_are_those_of_the_request() {
    let with = |more: &str, model: &str| {
        let mut checker = held(more);
        checker.command(&changed(spawn(1, "x a"), |options| options.model = Some(model.to_owned())));
        broken(&checker)
    };
    let models = r#""models": {"economy": "m/e", "premium": "m/p"}"#;
    assert_eq!(with(models, "m/p"), []);
    assert_eq!(with(models, "m/x"), [Invariant::Taint]);
    assert_eq!(with(r#""model": "m/x""#, "m/x"), []);
    assert_eq!(with(r#""tasks": [{"agent_type": "x", "model": "m/t"}]"#, "m/t"), []);
    assert_eq!(with(r#""max_concurrent": 1"#, "m/x"), [Invariant::Taint], "it names none");
    assert_eq!(with(r#""cleanup": "delete", "model": "m/x""#, "m/x"), [Invariant::Taint], "it was spawned to be kept");
}

#[test]
fn its_deadline_and_the_end_of_its_budget_of_time_are_kept() {
    let after = |more: &str, at_ms: u64| {
        let mut checker = held(more);
        checker.time.waits(Some(at_ms));
        checker.event(&Event { seq: 1, at_ms, what: EventKind::TimerFired }, false);
        checker.command(&spawn(1, "x a"));
        broken(&checker)
    };
    assert_eq!(after(r#""deadline_seconds": 20"#, 19_999), []);
    assert_eq!(after(r#""deadline_seconds": 20"#, 20_000), [Invariant::Stop]);
    assert_eq!(after(r#""budget": {"seconds": 9}, "deadline_seconds": 20"#, 9_000), [Invariant::Stop]);
    assert_eq!(after(r#""max_rounds": 1"#, 1_800_000), [Invariant::Stop], "the deadline by default");
    let mut checker = held(r#""deadline_seconds": 20"#);
    checker.waits(Some(50_001));
    assert_eq!(broken(&checker), [Invariant::Time]);
}

#[test]
fn its_tasks_never_go_down_a_tier() {
    let mut checker = held(r#""models": {"economy": "m/e", "premium": "m/p"}"#);
    let mut ask = |request, label: &str, model: &str| {
        checker.command(&changed(spawn(request, label), |options| options.model = Some(model.to_owned())));
        checker.refused(RequestId(request), &HostError::AtCapacity(String::new()));
        broken(&checker)
    };
    assert_eq!(ask(1, "x a", "m/p"), []);
    assert_eq!(ask(2, "x b", "m/e"), [], "another task");
    assert_eq!(ask(3, "x a #2", "m/e"), [Invariant::Tier]);
}

#[test]
fn what_another_model_answered_does_not_count_where_its_model_is_strict() {
    for (strict, expected) in [(true, vec![Invariant::Tier]), (false, vec![])] {
        let mut checker = held(&format!(r#""model": "m/x", "strict_model": {strict}"#));
        checker.command(&changed(spawn(1, "x a"), |options| options.model = Some("m/x".to_owned())));
        checker.accepted(RequestId(1), &key("s1"));
        let (state, outcome) = (SessionState::Completed, &SessionOutcome::Completed);
        let (outcome, model) = (outcome.clone(), "m/y".to_owned());
        checker.session_over(&key("s1"), &SessionOver { state, outcome, model, usage: None, cost_micro_usd: 0 });
        let end = SessionEnd {
            session: key("s1"),
            outcome: SessionOutcome::Completed,
            completion: None,
            usage: None,
            model: Some("m/y".to_owned()),
        };
        checker.event(&Event { seq: 1, at_ms: 0, what: EventKind::SessionEnded(end) }, false);
        let run = r#"{"results": [{"task_id": "a", "status": "completed", "session_key": "s1"}]}"#;
        checker.replied(&DocumentReply::Answer(format!(r#"{{"status": "completed", "run": {run}}}"#)));
        assert_eq!(broken(&checker), expected, "{strict}");
    }
}
