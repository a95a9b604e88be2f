//! What the simulated gateway and its provider do wrong when a script wants it.

use gateway_sim::script::Fault;
use parallel_agents_engine::host::{
    Command, EventKind, FailureKind, HistoryQuery, HostError, MessageRole, Reply, SessionOutcome, SessionState,
    SpawnOptions,
};

use crate::bench::{Bench, START_MS, options};

fn bench(faults: &str) -> Bench {
    Bench::new(&format!("[faults]\n{faults}"))
}

fn times(bench: &Bench, fault: Fault) -> u64 {
    bench.simulation.checker().faults().get(&fault).copied().unwrap_or(0)
}

fn spawn(bench: &mut Bench, task: &str) -> Result<Reply, HostError> {
    let request = bench.spawn(task);
    bench.answer(request)
}

#[test]
fn spawn_requests_are_refused_as_the_script_says() {
    let limited = |wait| HostError::RateLimited { retry_after_ms: wait, message: String::new() };
    let cases = [
        (
            "spawn_rate = { burst = 2, per_ms = 5000, retry_after_ms = 700 }",
            2,
            Fault::SpawnRateLimited,
            limited(Some(700)),
        ),
        ("spawn_burst = { burst = 2, per_ms = 5000 }", 2, Fault::SpawnBusy, HostError::Busy(String::new())),
        (
            "unavailable = [{ from_ms = 15, to_ms = 5000 }]",
            1,
            Fault::SpawnUnavailable,
            HostError::Unavailable(String::new()),
        ),
        ("spawn_rate_limited = 1000", 0, Fault::SpawnRateLimited, limited(None)),
        ("spawn_busy = 1000", 0, Fault::SpawnBusy, HostError::Busy(String::new())),
        ("spawn_unavailable = 1000", 0, Fault::SpawnUnavailable, HostError::Unavailable(String::new())),
        ("spawn_lost_before = 1000", 0, Fault::SpawnLostBefore, HostError::InDoubt(String::new())),
    ];
    for (faults, good, fault, refusal) in cases {
        let mut bench = bench(faults);
        for n in 0..good {
            assert!(spawn(&mut bench, &format!("slow {n}")).is_ok(), "{faults}");
        }
        let error = spawn(&mut bench, "slow again").expect_err(faults);
        assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&refusal), "{faults}: {error:?}");
        if let (HostError::RateLimited { retry_after_ms: got, .. }, HostError::RateLimited { retry_after_ms, .. }) =
            (&error, &refusal)
        {
            assert_eq!(got, retry_after_ms, "{faults}");
        }
        assert_eq!(times(&bench, fault), 1, "{faults}");
        // A gateway that is away, or a window that is full, is better later.
        if good > 0 {
            bench.next_until(Some(6_000)).expect("a time was named");
            while bench.elapsed() < 6_000 {
                bench.next_until(Some(6_000)).expect("a time was named");
            }
            assert!(spawn(&mut bench, "slow again").is_ok(), "{faults}");
        }
    }
}

#[test]
fn a_lost_answer_is_found_again_by_its_key() {
    let mut bench = bench("spawn_lost_after = 500");
    let mut lost = 0;
    for n in 0..40 {
        let task = format!("slow {n}");
        let mut answer = spawn(&mut bench, &task);
        let sessions = bench.simulation.checker().live();
        while let Err(error) = &answer {
            assert!(matches!(error, HostError::InDoubt(_)), "{error:?}");
            lost += 1;
            answer = spawn(&mut bench, &task);
        }
        assert_eq!(bench.simulation.checker().live(), sessions, "the session existed already");
    }
    assert!(lost > 5 && times(&bench, Fault::SpawnLostAfter) == lost, "{lost}");
    assert_eq!(bench.simulation.checker().violations(), [], "asking again is no second session");
}

#[test]
fn sessions_start_late_or_never() {
    let mut never = bench("never_start = 1000");
    let key = never.spawned("plain");
    assert_eq!(never.rest(), []);
    never.cancel(&key);
    assert_eq!(never.end(&key).outcome, SessionOutcome::Cancelled);
    assert_eq!(times(&never, Fault::NeverStart), 1);

    let mut late = bench("late_start = { per_mille = 1000, delay_ms = 9000 }");
    let key = late.spawned("plain");
    assert_eq!(late.end(&key).outcome, SessionOutcome::Completed);
    assert_eq!((late.elapsed(), times(&late, Fault::LateStart)), (10_010, 1));
}

#[test]
fn a_restart_cuts_sessions_off() {
    let mut bench = bench("interrupted = 1000");
    let key = bench.spawned("plain");
    let end = bench.end(&key);
    assert_eq!((end.outcome, end.completion), (SessionOutcome::Interrupted, None));
    assert!(bench.elapsed() < 1_010, "{}", bench.elapsed());
    assert_eq!(times(&bench, Fault::Interrupted), 1);
}

#[test]
fn a_provider_refuses_what_is_too_much_for_a_model() {
    let models =
        "[models.\"sim/tight\"]\nmax_concurrent = 1\n[models.\"sim/slow\"]\nrate = { starts = 1, per_ms = 8000 }";
    for (model, words) in [("sim/tight", "retry after 5 seconds"), ("sim/slow", "retry after 8 seconds")] {
        let mut bench = Bench::new(models);
        let mut spawn = |task: &str| {
            let options = SpawnOptions { model: Some(model.to_owned()), ..options(task) };
            let request = bench.ask(|request| Command::Spawn(request, options.into()));
            match bench.answer(request) {
                Ok(Reply::Spawned(receipt)) => receipt.session_key,
                other => panic!("{other:?}"),
            }
        };
        let first = spawn("slow one");
        let second = spawn("slow two");
        let end = bench.end(&second);
        let SessionOutcome::Failed { kind: FailureKind::RateLimited, message, .. } = end.outcome else {
            panic!("{end:?}")
        };
        assert!(message.contains(words), "{message}");
        assert!(bench.elapsed() < 1_000);
        assert_eq!(times(&bench, Fault::ProviderLimit), 1);
        assert_eq!(bench.end(&first).outcome, SessionOutcome::Completed);
    }
}

#[test]
fn another_model_runs_and_the_receipt_says_so_or_not() {
    for (lies, receipt_model) in [("true", "sim/standard"), ("false", "sim/cheap")] {
        let swap = format!("swaps = [{{ to = \"sim/cheap\", per_mille = 1000, receipt_lies = {lies} }}]");
        let mut bench = bench(&swap);
        let request = bench.spawn("plain");
        let Ok(Reply::Spawned(receipt)) = bench.answer(request) else { panic!("it was not spawned") };
        assert_eq!(receipt.applied_model.as_deref(), Some(receipt_model));
        assert_eq!(bench.end(&receipt.session_key).model.as_deref(), Some("sim/cheap"));
        let fault = if lies == "true" { Fault::ReceiptLied } else { Fault::ModelSwapped };
        assert_eq!(times(&bench, fault), 1);
    }
}

#[test]
fn usage_is_kept_silent_or_grows() {
    let mut silent = bench("no_usage = 1000");
    let key = silent.spawned("plain");
    assert_eq!(silent.end(&key).usage, None);
    assert_eq!(silent.simulation.checker().usage().input_tokens, 100, "the host knows all the same");
    assert_eq!(times(&silent, Fault::NoUsage), 1);

    let mut more = bench("more_usage = { per_mille = 1000, factor = 30 }");
    let key = more.spawned("plain");
    let usage = more.end(&key).usage.expect("it is told");
    assert_eq!((usage.input_tokens, usage.output_tokens, times(&more, Fault::MoreUsage)), (3_000, 210, 1));
}

#[test]
fn stopping_and_deleting_may_take_some_tries() {
    let mut bench =
        bench("cancel_refused = { per_mille = 1000, times = 2 }\ndelete_refused = { per_mille = 1000, times = 1 }");
    let key = bench.spawned("hang");
    for (delete, good) in [(false, false), (false, false), (false, true), (true, false), (true, true)] {
        let request = if delete { bench.delete(&key) } else { bench.cancel(&key) };
        match bench.answer(request) {
            Err(HostError::Busy(words)) => assert!(!good && words.contains("still active; try again"), "{words}"),
            answer => assert!(good && answer.is_ok(), "{answer:?}"),
        }
    }
    assert_eq!((times(&bench, Fault::CancelRefused), times(&bench, Fault::DeleteRefused)), (2, 1));
}

#[test]
fn ends_come_twice_late_or_from_somebody_else() {
    let faults = "end_twice = 1000\nforeign_end = 1000\nlate_end = { per_mille = 1000, delay_ms = 4000 }";
    let mut bench = bench(faults);
    let key = bench.spawned("plain");
    let ends: Vec<_> = bench
        .rest()
        .into_iter()
        .filter_map(|event| match event.what {
            EventKind::SessionEnded(end) => Some((end.session, event.at_ms - START_MS)),
            _ => None,
        })
        .collect();
    let own: Vec<u64> = ends.iter().filter(|(session, _)| *session == key).map(|(_, at)| *at).collect();
    assert_eq!((own.len(), own[0], ends.len()), (2, 5_010, 3), "{ends:?}");
    assert_eq!(bench.simulation.checker().violations(), []);
    for fault in [Fault::EndTwice, Fault::LateEnd, Fault::ForeignEnd] {
        assert_eq!(times(&bench, fault), 1, "{fault:?}");
    }
}

#[test]
fn tools_leave_messages_where_there_are_tools() {
    let rule = "[[answers]]\ntask_contains = \"tooled\"\ntemplate = \"done\"\ntool_calls = 2\ntool_text = \"file {{ call }} of {{ task_id }}\"";
    for (tool_free, include_tools, expected) in [(false, true, 2), (false, false, 0), (true, true, 0)] {
        let mut bench = Bench::new(rule);
        let options = SpawnOptions { tool_free, ..options("tooled") };
        let request = bench.ask(|request| Command::Spawn(request, options.into()));
        let Ok(Reply::Spawned(receipt)) = bench.answer(request) else { panic!("it was not spawned") };
        bench.end(&receipt.session_key);
        let query = HistoryQuery { session_key: receipt.session_key, offset: 0, limit: 50, include_tools };
        let request = bench.ask(|request| Command::History(request, query));
        let Ok(Reply::History(page)) = bench.answer(request) else { panic!("it was not read") };
        let tools: Vec<_> =
            page.messages.iter().filter(|m| m.role == MessageRole::Tool).map(|m| m.text.as_str()).collect();
        assert_eq!(tools, ["file 1 of tooled", "file 2 of tooled"][..expected], "{tool_free} {include_tools}");
        assert_eq!(page.messages.last().map(|message| message.role), Some(MessageRole::Assistant));
    }
}

#[test]
fn lists_come_in_pages_with_states() {
    let mut bench = Bench::new("");
    for task in ["plain 1", "fail 2", "hang 3"] {
        bench.spawned(task);
    }
    while bench.elapsed() < 2_000 {
        bench.next_until(Some(2_000)).expect("a time was named");
    }
    let mut rows = Vec::new();
    loop {
        let Ok(Reply::Listed(page)) = bench.list(None, rows.len() as u32, 2) else { panic!("it was not listed") };
        rows.extend(page.sessions);
        if !page.has_more {
            break;
        }
        assert_eq!(rows.len(), 2, "a page is full if more follow");
    }
    let states: Vec<_> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [SessionState::Completed, SessionState::Failed, SessionState::Running]);
    let Ok(Reply::Listed(found)) = bench.list(Some("fail"), 0, 10) else { panic!("it was not listed") };
    assert_eq!((found.sessions.len(), found.has_more), (1, false));
    assert_eq!(found.sessions[0].label.as_deref(), Some("fail 2"));
}

#[test]
fn impossible_faults_are_refused_with_their_place() {
    let text = "version = 1\n[faults]\nno_usage = 1001\nspawn_rate = { burst = 0, per_ms = 1 }\n\
                unavailable = [{ from_ms = 5, to_ms = 5 }]\nswaps = [{ to = \"cheap\", per_mille = 1 }]\n\
                [models.\"sim/a\"]\nrate = { starts = 1 }";
    let error = gateway_sim::script::Script::from_toml(text).expect_err("refused").to_string();
    for place in [
        "/faults/no_usage",
        "/faults/spawn_rate/burst",
        "/faults/unavailable/0/to_ms",
        "/faults/swaps/0/to",
        "/models/sim~1a/rate/per_ms",
    ] {
        assert!(error.contains(&format!("{place}: ")), "{place} is missing in {error}");
    }
}

#[test]
fn the_manual_names_every_fault_and_its_example_is_valid() {
    let manual = include_str!("../../scripts/README.md");
    let example = manual.split("```toml\n").find(|part| part.starts_with("[faults]")).expect("an example");
    let example = example.split("```").next().expect("its end");
    let script = gateway_sim::script::Script::from_toml(&format!("version = 1\n{example}")).expect("valid");
    let known = serde_json::to_value(script.faults()).expect("a document");
    for (name, value) in known.as_object().expect("an object") {
        assert!(example.contains(name), "{name}");
        assert_ne!(*value, serde_json::json!(0), "{name}");
    }
    assert_eq!(known.as_object().map(|fields| fields.len()), Some(50));
}
