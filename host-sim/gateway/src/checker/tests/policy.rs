//! What a request allows, and what is noticed beyond that.

use super::*;

/// A checker that holds a call to a request with one task, `a`, of agent type `x`, and more members.
fn held(more: &str) -> Checker {
    held_to(A, more)
}

/// One session of task `a` from its spawn call to its end.
fn attempt(checker: &mut Checker, request: u64, outcome: &SessionOutcome, usage: Option<Usage>) {
    checker.command(&changed(spawn(request, "x a"), |options| options.label = format!("x a #{request}")));
    let key = key(&format!("s{request}"));
    let request = RequestId(request);
    checker.accepted(request, &key);
    ended(checker, &key, outcome, "sim/a", usage);
}

#[test]
fn retries_follow_failures_and_second_chances_follow_answers() {
    let failed = SessionOutcome::TimedOut;
    for (outcome, more, allowed) in [
        (&failed, r#""retries": 2, "retry_budget": 9"#, 3),
        (&failed, r#""retries": 5, "retry_budget": 1"#, 2),
        (&SessionOutcome::Completed, r#""retries": 0, "corrections": 1"#, 3),
        (&SessionOutcome::Completed, r#""retries": 0, "corrections": 0, "escalate": true"#, 4),
        (&SessionOutcome::Completed, r#""retries": 0, "corrections": 1, "escalate": true"#, 5),
    ] {
        let mut checker = held(more);
        for request in 1..=allowed {
            attempt(&mut checker, request, outcome, None);
        }
        assert_eq!(broken(&checker), [], "{more}");
        attempt(&mut checker, allowed + 1, outcome, None);
        assert_eq!(broken(&checker), [Invariant::Retries], "{more}");
    }
}

#[test]
fn a_session_that_is_said_to_have_answered_did_so_for_the_call() {
    for (told, expected) in [(SessionOutcome::TimedOut, vec![Invariant::Retries]), (SessionOutcome::Completed, vec![])]
    {
        let mut checker = held(r#""retries": 0, "corrections": 1"#);
        attempt(&mut checker, 1, &SessionOutcome::TimedOut, None);
        let end = SessionEnd { session: key("s1"), outcome: told.clone(), completion: None, usage: None, model: None };
        checker.event(&Event { seq: 0, at_ms: 0, what: EventKind::SessionEnded(end) }, false);
        attempt(&mut checker, 2, &SessionOutcome::Completed, None);
        assert_eq!(broken(&checker), expected, "{told:?}");
    }
}

#[test]
fn the_end_of_an_earlier_session_that_is_told_again_is_not_that_of_the_last_one() {
    let mut checker = held(r#""retries": 0, "corrections": 0"#);
    attempt(&mut checker, 1, &SessionOutcome::Completed, None);
    // A restart cut the second one off, which costs nothing; then a call that goes on is told of the first one again.
    attempt(&mut checker, 2, &SessionOutcome::Interrupted, None);
    let outcome = SessionOutcome::Completed;
    let end = SessionEnd { session: key("s1"), outcome, completion: None, usage: None, model: None };
    checker.event(&Event { seq: 0, at_ms: 0, what: EventKind::SessionEnded(end) }, false);
    attempt(&mut checker, 3, &SessionOutcome::Completed, None);
    assert_eq!(broken(&checker), []);
}

#[test]
fn a_request_that_found_no_room_is_no_attempt() {
    let mut checker = held(r#""retries": 0, "corrections": 0"#);
    for request in 1..=3 {
        checker.command(&spawn(request, "x a"));
        checker.refused(RequestId(request), &HostError::AtCapacity(String::new()));
    }
    assert_eq!(broken(&checker), []);
    checker.command(&spawn(4, "x a"));
    for request in 4..=10 {
        checker.refused(RequestId(request), &HostError::Busy(String::new()));
        assert_eq!(broken(&checker), [], "request {request} follows six refusals at the most");
        checker.command(&spawn(request + 1, "x a"));
    }
    assert_eq!(broken(&checker), [Invariant::Retries]);
}

#[test]
fn a_budget_is_taken_at_the_spawn_call_and_settled_at_the_end() {
    let usage = |tokens: u64| Some(Usage { input_tokens: 1, output_tokens: tokens - 1 });
    // A prompt of one byte counts as one token, so a session reserves 101.
    let budget =
        r#""retries": 5, "corrections": 1, "escalate": true, "budget": {"tokens": 200, "session_tokens": 100}"#;
    let mut checker = held(budget);
    attempt(&mut checker, 1, &SessionOutcome::Completed, usage(99));
    attempt(&mut checker, 2, &SessionOutcome::Completed, usage(50));
    assert_eq!(broken(&checker), []);
    assert_eq!(checker.overspend(), Overspend::default());
    attempt(&mut checker, 3, &SessionOutcome::Completed, usage(2));
    assert_eq!(broken(&checker), [Invariant::Budget], "149 and 101 are more than 200");

    let mut checker = held(budget);
    attempt(&mut checker, 1, &SessionOutcome::Completed, usage(900));
    let over = checker.overspend();
    assert_eq!(
        (broken(&checker), over.unexcused.tokens, over.excused.tokens),
        (vec![], 0, 700),
        "the session is to blame"
    );
    attempt(&mut checker, 2, &SessionOutcome::Completed, usage(2));
    assert_eq!(broken(&checker), [Invariant::Budget], "and nothing may follow");
}

#[test]
fn money_and_sessions_have_budgets_of_their_own() {
    let money = r#""prices": {"*": {"output": 10000}}, "budget": {"micro_usd": 999, "session_tokens": 100}"#;
    for (more, invariant) in [(money, Invariant::Budget), (r#""budget": {"spawns": 0}"#, Invariant::Sessions)] {
        let mut checker = held(more);
        attempt(&mut checker, 1, &SessionOutcome::Completed, None);
        assert_eq!(broken(&checker), [invariant], "{more}");
    }
}

#[test]
fn nothing_is_spawned_once_the_time_is_over_or_the_task_was_stopped() {
    let timer = |at_ms, seq| Event { seq, at_ms, what: EventKind::TimerFired };
    let mut checker = held(r#""deadline_seconds": 2"#);
    checker.event(&timer(0, 0), false);
    checker.event(&timer(1_999, 1), false);
    checker.command(&spawn(1, "x a"));
    assert_eq!(broken(&checker), []);
    checker.refused(RequestId(1), &HostError::AtCapacity(String::new()));
    checker.event(&timer(2_000, 2), false);
    checker.command(&spawn(2, "x a"));
    assert_eq!(broken(&checker), [Invariant::Stop]);

    let mut checker = held(r#""deadline_seconds": 2"#);
    let what = EventKind::StopRequested { task: Some(TaskId::new("a")), reason: String::new() };
    checker.event(&Event { seq: 0, at_ms: 0, what }, false);
    checker.command(&spawn(1, "x a"));
    assert_eq!(broken(&checker), [Invariant::Stop]);
}

#[test]
fn a_task_waits_for_what_it_depends_on_and_is_not_started_after_its_end() {
    let text = r#"{"tasks": [{"agent_type": "x", "task_id": "b", "dependencies": ["a"]}]}"#;
    let mut checker = Checker::default();
    checker.hold_to(Allowance::of_run("run_tasks", text, None).expect("a request"));
    let mut early = checker.clone();
    early.command(&spawn(1, "x b"));
    assert_eq!(broken(&early), [Invariant::Dependencies]);
    checker.command(&progress(0, TaskStatus::Running));
    checker.command(&progress(1, TaskStatus::Completed));
    checker.command(&spawn(1, "x b"));
    assert_eq!(broken(&checker), []);

    let mut checker = held(r#""retries": 1"#);
    checker.command(&progress(0, TaskStatus::Failed));
    checker.command(&spawn(1, "x a"));
    assert_eq!(broken(&checker), [Invariant::OneAttempt]);
}

#[test]
fn only_what_may_be_hedged_has_two_sessions() {
    let two = |hedge: bool| {
        let mut checker = Checker::default();
        // Of twenty tasks, one may be hedged.
        let others: Vec<String> = (0..19).map(|n| format!(r#"{{"agent_type": "x", "task_id": "b-{n}"}}"#)).collect();
        let hedged = r#"{"agent_type": "x", "task_id": "a", "idempotent": true}"#;
        let text = format!(r#"{{"hedge": {hedge}, "tasks": [{hedged}, {}]}}"#, others.join(", "));
        checker.hold_to(Allowance::of_run("run_tasks", &text, None).expect("a request"));
        checker.command(&spawn(1, "x a"));
        checker.command(&spawn(2, "x a #2"));
        checker
    };
    assert_eq!(two(true).violations(), []);
    let mut three = two(true);
    three.command(&spawn(3, "x a #3"));
    assert_eq!(broken(&three), [Invariant::OneAttempt]);
    assert!(broken(&two(false)).contains(&Invariant::OneAttempt));
}

#[test]
fn an_end_that_only_the_script_made_up_is_nobodys_fault() {
    let mut checker = running();
    over(&mut checker, None);
    let end = |session| SessionEnd {
        session,
        outcome: SessionOutcome::Completed,
        completion: None,
        usage: None,
        model: None,
    };
    for (seq, key) in [key("s"), key("s"), key("foreign")].into_iter().enumerate() {
        let event = Event { seq: seq as u64, at_ms: 0, what: EventKind::SessionEnded(end(key)) };
        checker.event(&event, seq > 0);
    }
    assert_eq!(broken(&checker), []);
}

#[test]
fn a_model_that_the_host_keeps_to_itself_counts_as_the_one_that_was_asked_for() {
    let money = r#""retries": 5, "corrections": 1, "escalate": true, "budget": {"micro_usd": 250, "session_tokens": 100},
        "prices": {"sim/a": {"output": 2000}, "*": {"output": 1000}}"#;
    let usage = Some(Usage { input_tokens: 0, output_tokens: 100 });
    for (named, expected) in [(None, vec![]), (Some("sim/a"), vec![Invariant::Budget])] {
        let mut checker = held(money);
        for request in [1, 2] {
            attempt(&mut checker, request, &SessionOutcome::Completed, usage);
            let receipt = Receipt {
                session_key: key(&format!("s{request}")),
                run_id: String::new(),
                applied_model: named.map(str::to_owned),
                tool_free: true,
            };
            let told = EventKind::Answered { request: RequestId(request), outcome: Ok(Reply::Spawned(receipt)) };
            let (session, outcome) = (key(&format!("s{request}")), SessionOutcome::Completed);
            let end = SessionEnd { session, outcome, completion: None, usage, model: None };
            for what in [told, EventKind::SessionEnded(end)] {
                checker.event(&Event { seq: checker.heard.events, at_ms: 0, what }, false);
            }
        }
        assert_eq!(
            broken(&checker),
            expected,
            "two sessions took 200 each, and 100 each as they were asked for: {named:?}"
        );
        assert_eq!(checker.overspend().unexcused.micro_usd, 0, "either way each took more than could be foreseen");
    }
}
