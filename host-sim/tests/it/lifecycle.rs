//! How sessions begin and end, and in which order one hears of it.

use parallel_agents_engine::host::{Command, EventKind, FailureKind, SessionOutcome};

use crate::bench::{Bench, START_MS, options};

fn names(events: &[parallel_agents_engine::host::Event]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| match event.what {
            EventKind::Opened(_) => "opened",
            EventKind::Answered { .. } => "answered",
            EventKind::SessionStarted(_) => "started",
            EventKind::SessionEnded(_) => "ended",
            EventKind::StopRequested { .. } => "stop",
            EventKind::TimerFired => "timer-fired",
        })
        .collect()
}

#[test]
fn a_session_is_answered_then_starts_then_ends() {
    let mut bench = Bench::new("");
    bench.spawn("plain");
    let events = bench.rest();
    assert_eq!(names(&events), ["answered", "started", "ended"]);
    let times: Vec<u64> = events.iter().map(|event| event.at_ms - START_MS).collect();
    assert_eq!(times, [10, 10, 1_010]);
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, [1, 2, 3], "0 was `opened`");
    let EventKind::SessionEnded(end) = &events[2].what else { panic!("{events:?}") };
    assert_eq!(end.outcome, SessionOutcome::Completed);
    assert_eq!(end.completion.as_ref().map(|c| (c.text.as_str(), c.truncated)), Some(("done", false)));
    assert_eq!(end.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), Some((100, 7)));
    assert_eq!(end.model.as_deref(), Some("sim/standard"));
}

#[test]
fn a_gateway_may_keep_silent_about_starts_models_and_tokens() {
    let mut bench = Bench::new("reports_starts = false\nreports_model = false\nreports_usage = false");
    bench.spawn("plain");
    let events = bench.rest();
    assert_eq!(names(&events), ["answered", "ended"]);
    let EventKind::SessionEnded(end) = &events[1].what else { panic!("{events:?}") };
    assert_eq!((end.usage, end.model.as_deref()), (None, None));
}

#[test]
fn a_failure_keeps_its_kind_and_words() {
    let mut bench = Bench::new("");
    let key = bench.spawned("fail");
    let end = bench.end(&key);
    let failed = SessionOutcome::Failed {
        kind: FailureKind::Rejected,
        message: "the model was not found".to_owned(),
        retry_after_ms: None,
    };
    assert_eq!(end.outcome, failed);
    assert_eq!(end.completion, None);
}

#[test]
fn the_host_ends_a_session_that_hangs_when_its_time_is_over() {
    let mut bench = Bench::new("");
    let request = bench.ask(|request| {
        let options = parallel_agents_engine::host::SpawnOptions { run_timeout_seconds: 3, ..options("hang") };
        Command::Spawn(request, options.into())
    });
    assert!(bench.answer(request).is_ok());
    let events = bench.rest();
    assert_eq!(names(&events), ["started", "ended"]);
    assert_eq!(events[1].at_ms - START_MS, 3_010);
    assert!(matches!(&events[1].what, EventKind::SessionEnded(end) if end.outcome == SessionOutcome::TimedOut));
}

#[test]
fn long_answers_are_cut_when_they_are_delivered() {
    let mut bench = Bench::new("completion_chars = 4096");
    let key = bench.spawned("long");
    let completion = bench.end(&key).completion.expect("it answered");
    assert!(completion.truncated);
    assert_eq!(completion.text.chars().count(), 4_096);
    assert!(completion.text.ends_with('…'));
}

#[test]
fn a_full_lane_makes_sessions_wait_their_turn() {
    let mut bench = Bench::new("max_concurrent = 2");
    let keys: Vec<_> = ["a", "b", "c"].map(|name| bench.spawned(name)).into();
    let events = bench.rest();
    let started: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.what {
            EventKind::SessionStarted(key) => Some((key, event.at_ms - START_MS)),
            _ => None,
        })
        .collect();
    let third = started.iter().find(|(key, _)| **key == keys[2]).expect("the third started");
    assert_eq!(third.1, 1_010, "when the first one ended");
    assert_eq!(bench.elapsed(), 2_010);
    assert_eq!(bench.simulation.checker().peak_live(), 3, "a session that waits is alive");
}

#[test]
fn a_cancelled_session_is_reported_as_ended_and_frees_its_place() {
    let mut bench = Bench::new("max_concurrent = 1");
    let running = bench.spawned("hang");
    let waiting = bench.spawned("slow");
    let later = bench.spawned("plain");
    bench.cancel(&waiting);
    bench.cancel(&running);
    let events = bench.rest();
    // Two cancellations, answered and reported, then the last one has the lane.
    assert_eq!(names(&events), ["answered", "ended", "answered", "ended", "started", "ended"]);
    let ends: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.what {
            EventKind::SessionEnded(end) => Some((end.session.clone(), end.outcome.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(ends[2], (later, SessionOutcome::Completed));
    assert!(ends[..2].iter().all(|(_, outcome)| *outcome == SessionOutcome::Cancelled), "{ends:?}");
}

#[test]
fn waiting_ends_at_the_time_that_was_named() {
    let mut bench = Bench::new("");
    let fired = bench.next_until(Some(250)).expect("a time was named");
    assert_eq!((fired.what, fired.at_ms), (EventKind::TimerFired, START_MS + 250));
    let again = bench.next_until(Some(100)).expect("a time was named");
    assert_eq!(again.at_ms, START_MS + 250, "a time that is over is reached at once, and time never runs back");
    assert_eq!(bench.next_until(None), None, "nothing is under way, so nothing can happen");
}

#[test]
fn a_stop_request_comes_as_an_event() {
    let mut bench = Bench::new("");
    {
        let now_ms = bench.simulation.now_ms();
        bench.simulation.request_stop_at(now_ms, None, "enough");
    };
    let stop = bench.next();
    assert_eq!(stop.what, EventKind::StopRequested { task: None, reason: "enough".to_owned() });
}

#[test]
fn a_seed_orders_what_falls_into_one_millisecond() {
    let orders: Vec<Vec<u64>> = (0..8)
        .map(|seed| {
            let mut bench = Bench::with_seed("", seed);
            for name in ["a", "b", "c", "d"] {
                bench.spawn(name);
            }
            let answered = bench.rest().into_iter().filter_map(|event| match event.what {
                EventKind::Answered { request, .. } => Some(request.0),
                _ => None,
            });
            answered.collect()
        })
        .collect();
    let first = &orders[0];
    assert!(orders.iter().any(|order| order != first), "every seed gave {first:?}");
    assert!(orders.iter().all(|order| order.len() == 4));
}
