//! What is held against a call that goes on after it was cut off.

use super::*;

/// A ledger that holds a call with the tasks `a` and `b`, one session at a time, of which `a` has ended before the cut.
fn cut() -> Ledger {
    let mut ledger = held_to(A_AND_B, r#""max_concurrent": 1, "budget": {"spawns": 2}, "deadline_seconds": 2"#);
    tell(&mut ledger, 0, Happening::Woke);
    ledger.command(&keyed(1, "x a"));
    ledger.accepted(RequestId(1), &key("s"));
    ledger.command(&progress(0, TaskStatus::Running));
    over(&mut ledger, None);
    ledger.command(&progress(1, TaskStatus::Completed));
    ledger.resumed();
    ledger
}

/// The spawn call of a label, always with the same key.
fn keyed(request: u64, label: &str) -> Command {
    changed(spawn(request, label), |options| options.idempotency_key = label.to_owned())
}

#[test]
fn what_had_ended_before_the_cut_is_not_done_again() {
    let mut ledger = cut();
    assert_eq!(ledger.ended_before_cut().map(TaskId::as_str).collect::<Vec<_>>(), ["a"]);
    ledger.command(&keyed(1, "x b"));
    assert_eq!(broken(&ledger), []);
    ledger.command(&keyed(2, "x a"));
    assert!(broken(&ledger).contains(&Invariant::Resume), "{:?}", ledger.violations());
}

#[test]
fn a_key_from_before_the_cut_asks_for_a_session_of_its_own() {
    let mut ledger = cut();
    ledger.command(&keyed(1, "x b"));
    ledger.accepted(RequestId(1), &key("t"));
    ledger.resumed();
    // The host remembers no key, so that this is a second session: a place and a part of the budget more.
    ledger.command(&keyed(1, "x b"));
    assert_eq!(broken(&ledger), [Invariant::Sessions, Invariant::Cap]);
}

#[test]
fn the_time_of_a_call_counts_from_where_it_first_opened() {
    let mut ledger = cut();
    ledger.event(&Event { seq: 0, at_ms: 1_999, what: Happening::Woke }, false);
    let mut late = ledger.clone();
    ledger.command(&keyed(1, "x b"));
    assert_eq!(broken(&ledger), []);
    late.event(&Event { seq: 1, at_ms: 2_000, what: Happening::Woke }, false);
    late.command(&keyed(1, "x b"));
    assert_eq!(broken(&late), [Invariant::Stop]);
}

#[test]
fn a_call_that_goes_on_late_has_as_long_again_for_cleaning_up() {
    let mut ledger = cut();
    ledger.event(&Event { seq: 0, at_ms: 9_000, what: Happening::Woke }, false);
    ledger.resumed();
    ledger.event(&Event { seq: 0, at_ms: 9_000, what: Happening::Woke }, false);
    ledger.waits(Some(39_000));
    assert_eq!((broken(&ledger), ledger.excuses().times(Excuse::WentOnLate)), (vec![], 1));
    ledger.waits(Some(39_001));
    assert_eq!(broken(&ledger), [Invariant::Time]);
}

#[test]
fn a_jump_of_the_clock_long_before_the_cut_leaves_no_doubt() {
    let wake = |ledger: &mut Ledger, times: u64| (0..times).for_each(|_| tell(ledger, 0, Happening::Woke));
    for (events, is_in_doubt) in [(1, true), (2, true), (3, false)] {
        let mut ledger = Ledger::default();
        wake(&mut ledger, 5);
        ledger.fault(Fault::ClockJumped);
        wake(&mut ledger, events);
        assert!(!ledger.is_time_in_doubt(), "there was no cut");
        ledger.resumed();
        assert_eq!(ledger.is_time_in_doubt(), is_in_doubt, "{events} events later");
    }
    let mut ledger = cut();
    wake(&mut ledger, 1);
    ledger.command(&keyed(1, "x b"));
    assert!(!ledger.is_time_in_doubt(), "the clock has not jumped");
    ledger.fault(Fault::ClockJumped);
    assert!(ledger.is_time_in_doubt());
}

#[test]
fn a_session_that_is_denied_after_the_cut_may_be_done_once_more() {
    let mut ledger = held_to(A_AND_B, r#""retries": 0, "retry_budget": 9, "corrections": 0"#);
    let fail = |ledger: &mut Ledger, request: u64, label: &str| {
        ledger.command(&spawn(request, label));
        let session = key(&format!("s{request}"));
        ledger.accepted(RequestId(request), &session);
        ended(ledger, &session, &SessionOutcome::TimedOut, "sim/a", None);
    };
    fail(&mut ledger, 1, "x a");
    fail(&mut ledger, 2, "x b");
    ledger.resumed();
    // It is said of every request about the session, and counts once.
    ledger.denied(&key("s1"));
    ledger.denied(&key("s1"));
    fail(&mut ledger, 3, "x a");
    assert_eq!((broken(&ledger), ledger.excuses().times(Excuse::HiddenAfterCut)), (vec![], 1));
    fail(&mut ledger, 4, "x a");
    assert_eq!(broken(&ledger), [Invariant::Retries]);
    fail(&mut ledger, 5, "x b");
    assert_eq!(broken(&ledger), [Invariant::Retries; 2], "of b nothing was denied");
}

#[test]
fn whoever_lost_what_a_completed_session_said_may_ask_once_more() {
    let sessions_until_it_is_too_many = |is_lost: bool| {
        let mut ledger = held_to(A_AND_B, r#""retries": 0, "retry_budget": 9, "corrections": 0"#);
        (1..9).find(|request| {
            ledger.command(&spawn(*request, "x a"));
            let session = key(&format!("s{request}"));
            ledger.accepted(RequestId(*request), &session);
            ended(&mut ledger, &session, &SessionOutcome::Completed, "sim/a", None);
            // It is said of every request about the session, and counts once.
            let times = if is_lost && *request == 1 { 2 } else { 0 };
            (0..times).for_each(|_| ledger.unreadable(&session));
            broken(&ledger) == [Invariant::Retries]
        })
    };
    let few = sessions_until_it_is_too_many(false).expect("there is a limit");
    assert_eq!(sessions_until_it_is_too_many(true), Some(few + 1));
}
