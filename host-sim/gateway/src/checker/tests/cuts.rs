//! What is held against a call that goes on after it was cut off.

use super::*;

/// A checker that holds a call with the tasks `a` and `b`, one session at a time, of which `a` has ended before the cut.
fn cut() -> Checker {
    let mut checker = held_to(A_AND_B, r#""max_concurrent": 1, "budget": {"spawns": 2}, "deadline_seconds": 2"#);
    tell(&mut checker, 0, EventKind::TimerFired);
    checker.command(&keyed(1, "x a"));
    checker.accepted(RequestId(1), &key("s"));
    checker.command(&progress(0, TaskStatus::Running));
    over(&mut checker, None);
    checker.command(&progress(1, TaskStatus::Completed));
    checker.resumed();
    checker
}

/// The spawn call of a label, always with the same key.
fn keyed(request: u64, label: &str) -> Command {
    changed(spawn(request, label), |options| options.idempotency_key = label.to_owned())
}

#[test]
fn what_had_ended_before_the_cut_is_not_done_again() {
    let mut checker = cut();
    assert_eq!(checker.ended_before_cut().map(TaskId::as_str).collect::<Vec<_>>(), ["a"]);
    checker.command(&keyed(1, "x b"));
    assert_eq!(broken(&checker), []);
    checker.command(&keyed(2, "x a"));
    assert!(broken(&checker).contains(&Invariant::Resume), "{:?}", checker.violations());
}

#[test]
fn a_key_from_before_the_cut_asks_for_a_session_of_its_own() {
    let mut checker = cut();
    checker.command(&keyed(1, "x b"));
    checker.accepted(RequestId(1), &key("t"));
    checker.resumed();
    // The host remembers no key, so that this is a second session: a place and a part of the budget more.
    checker.command(&keyed(1, "x b"));
    assert_eq!(broken(&checker), [Invariant::Sessions, Invariant::Cap]);
}

#[test]
fn the_time_of_a_call_counts_from_where_it_first_opened() {
    let mut checker = cut();
    checker.event(&Event { seq: 0, at_ms: 1_999, what: EventKind::TimerFired }, false);
    let mut late = checker.clone();
    checker.command(&keyed(1, "x b"));
    assert_eq!(broken(&checker), []);
    late.event(&Event { seq: 1, at_ms: 2_000, what: EventKind::TimerFired }, false);
    late.command(&keyed(1, "x b"));
    assert_eq!(broken(&late), [Invariant::Stop]);
}

#[test]
fn a_call_that_goes_on_late_has_as_long_again_for_cleaning_up() {
    let mut checker = cut();
    checker.event(&Event { seq: 0, at_ms: 9_000, what: EventKind::TimerFired }, false);
    checker.resumed();
    checker.event(&Event { seq: 0, at_ms: 9_000, what: EventKind::TimerFired }, false);
    checker.waits(Some(39_000));
    assert_eq!((broken(&checker), checker.excuses().times(Excuse::WentOnLate)), (vec![], 1));
    checker.waits(Some(39_001));
    assert_eq!(broken(&checker), [Invariant::Time]);
}

#[test]
fn a_jump_of_the_clock_long_before_the_cut_leaves_no_doubt() {
    let wake = |checker: &mut Checker, times: u64| (0..times).for_each(|_| tell(checker, 0, EventKind::TimerFired));
    for (events, is_in_doubt) in [(1, true), (2, true), (3, false)] {
        let mut checker = Checker::default();
        wake(&mut checker, 5);
        checker.fault(Fault::ClockJumped);
        wake(&mut checker, events);
        assert!(!checker.is_time_in_doubt(), "there was no cut");
        checker.resumed();
        assert_eq!(checker.is_time_in_doubt(), is_in_doubt, "{events} events later");
    }
    let mut checker = cut();
    wake(&mut checker, 1);
    checker.command(&keyed(1, "x b"));
    assert!(!checker.is_time_in_doubt(), "the clock has not jumped");
    checker.fault(Fault::ClockJumped);
    assert!(checker.is_time_in_doubt());
}

#[test]
fn a_session_that_is_denied_after_the_cut_may_be_done_once_more() {
    let mut checker = held_to(A_AND_B, r#""retries": 0, "retry_budget": 9, "corrections": 0"#);
    let fail = |checker: &mut Checker, request: u64, label: &str| {
        checker.command(&spawn(request, label));
        let session = key(&format!("s{request}"));
        checker.accepted(RequestId(request), &session);
        ended(checker, &session, &SessionOutcome::TimedOut, "sim/a", None);
    };
    fail(&mut checker, 1, "x a");
    fail(&mut checker, 2, "x b");
    checker.resumed();
    // It is said of every request about the session, and counts once.
    checker.denied(&key("s1"));
    checker.denied(&key("s1"));
    fail(&mut checker, 3, "x a");
    assert_eq!((broken(&checker), checker.excuses().times(Excuse::HiddenAfterCut)), (vec![], 1));
    fail(&mut checker, 4, "x a");
    assert_eq!(broken(&checker), [Invariant::Retries]);
    fail(&mut checker, 5, "x b");
    assert_eq!(broken(&checker), [Invariant::Retries; 2], "of b nothing was denied");
}

#[test]
fn whoever_lost_what_a_completed_session_said_may_ask_once_more() {
    let sessions_until_it_is_too_many = |is_lost: bool| {
        let mut checker = held_to(A_AND_B, r#""retries": 0, "retry_budget": 9, "corrections": 0"#);
        (1..9).find(|request| {
            checker.command(&spawn(*request, "x a"));
            let session = key(&format!("s{request}"));
            checker.accepted(RequestId(*request), &session);
            ended(&mut checker, &session, &SessionOutcome::Completed, "sim/a", None);
            // It is said of every request about the session, and counts once.
            let times = if is_lost && *request == 1 { 2 } else { 0 };
            (0..times).for_each(|_| checker.unreadable(&session));
            broken(&checker) == [Invariant::Retries]
        })
    };
    let few = sessions_until_it_is_too_many(false).expect("there is a limit");
    assert_eq!(sessions_until_it_is_too_many(true), Some(few + 1));
}
