//! A clock that jumps switches nothing off.

use super::*;

const HOUR_MS: u64 = 3_600_000;

/// A checker that holds a call with the task `a` and more members, and has opened at an hour on the host's clock.
fn open(more: &str) -> Checker {
    let mut checker = held_to(A, more);
    tell(&mut checker, HOUR_MS, HOUR_MS, opened());
    checker
}

/// An event that tells one time and happens at another, after a wait until the time that it tells.
fn tell(checker: &mut Checker, told_ms: u64, real_ms: u64, what: EventKind) {
    checker.time.waits(Some(told_ms));
    checker.event_at(&Event { seq: checker.heard.events, at_ms: told_ms, what }, false, real_ms);
}

fn excused(checker: &Checker) -> u64 {
    checker.excuses().times(Excuse::ClockJumped)
}

#[test]
fn what_a_clock_that_was_set_back_hides_is_counted_and_the_rest_of_the_run_is_held_to_its_end() {
    let mut checker = open(r#""deadline_seconds": 100, "retries": 3, "retry_budget": 3"#);
    // An hour back, after 60 s of which nobody can know.
    tell(&mut checker, 60_000, HOUR_MS + 60_000, EventKind::TimerFired);
    tell(&mut checker, 150_000, HOUR_MS + 150_000, EventKind::TimerFired);
    checker.command(&spawn(1, "x a"));
    assert_eq!(
        (broken(&checker), excused(&checker)),
        (vec![], 1),
        "90 s have passed that it knows of, and 150 s in reality"
    );
    checker.refused(RequestId(1), &HostError::AtCapacity(String::new()));
    tell(&mut checker, 160_000, HOUR_MS + 160_000, EventKind::TimerFired);
    checker.command(&spawn(2, "x a"));
    assert_eq!((broken(&checker), excused(&checker)), (vec![Invariant::Stop], 1), "100 s that it knows of");
}

#[test]
fn a_clock_that_was_set_on_does_not_excuse_from_what_it_tells() {
    let mut checker = open(r#""deadline_seconds": 15, "retries": 3"#);
    checker.time.waits(Some(HOUR_MS + 5_000));
    checker.event_at(&Event { seq: 1, at_ms: 2 * HOUR_MS, what: EventKind::TimerFired }, false, HOUR_MS);
    assert_eq!(checker.known_ms(), 15_000, "what was asked for, and ten seconds");
    checker.command(&spawn(1, "x a"));
    assert_eq!(broken(&checker), [Invariant::Stop]);
}

#[test]
fn a_pause_goes_by_what_the_clock_tells() {
    for (told_ms, real_ms, expected) in
        [(1_999, 9_000, vec![Invariant::Pauses]), (2_000, 2_000, vec![]), (2_000, 1_000, vec![])]
    {
        let mut checker = open(r#""retries": 3, "retry_budget": 3"#);
        checker.command(&spawn(1, "x a"));
        let why = HostError::RateLimited { retry_after_ms: Some(2_000), message: String::new() };
        checker.refused(RequestId(1), &why);
        tell(&mut checker, HOUR_MS, HOUR_MS, EventKind::Answered { request: RequestId(1), outcome: Err(why) });
        tell(&mut checker, HOUR_MS + told_ms, HOUR_MS + real_ms, EventKind::TimerFired);
        checker.command(&spawn(2, "x a"));
        assert_eq!(
            (broken(&checker), excused(&checker)),
            (expected, u64::from(real_ms < 2_000)),
            "{told_ms} {real_ms}"
        );
    }
}

#[test]
fn a_wait_and_a_return_go_by_what_the_clock_tells() {
    let mut checker = open(r#""deadline_seconds": 10"#);
    tell(&mut checker, 1_000, HOUR_MS + 5_000, EventKind::TimerFired);
    checker.waits(Some(41_000));
    assert_eq!(broken(&checker), []);
    checker.waits(Some(41_001));
    assert_eq!(broken(&checker), [Invariant::Time]);
    let mut late = open(r#""deadline_seconds": 10"#);
    tell(&mut late, 1_000, HOUR_MS + 5_000, EventKind::TimerFired);
    tell(&mut late, 41_000, HOUR_MS + 45_000, EventKind::TimerFired);
    let mut later = late.clone();
    late.returned();
    assert_eq!((broken(&late), excused(&late)), (vec![], 1));
    tell(&mut later, 42_001, HOUR_MS + 46_001, EventKind::TimerFired);
    later.returned();
    assert_eq!((broken(&later), excused(&later)), (vec![Invariant::Liveness], 0));
}

#[test]
fn only_a_jump_after_a_session_was_to_go_excuses_that_it_stayed() {
    let left = |jump_first: bool| {
        let mut checker = open(r#""deadline_seconds": 1000"#);
        let jump = |checker: &mut Checker| tell(checker, HOUR_MS + 9_000, HOUR_MS, EventKind::TimerFired);
        if jump_first {
            jump(&mut checker);
        }
        checker.command(&spawn(1, "x a"));
        checker.accepted(RequestId(1), &key("s"));
        checker.command(&Command::Cancel(RequestId(2), key("s")));
        if !jump_first {
            jump(&mut checker);
        }
        checker.returned();
        checker.leak_was_named(key("s"));
        (broken(&checker), excused(&checker))
    };
    assert_eq!(left(true), (vec![Invariant::NoOrphans], 0));
    assert_eq!(left(false), (vec![], 1));
}

#[test]
fn a_clock_that_is_set_on_in_the_last_wait_makes_a_call_no_later_than_it_could_be() {
    let after_wait_until = |until_ms: u64| {
        let mut checker = open(r#""deadline_seconds": 10"#);
        checker.time.waits(Some(HOUR_MS + until_ms));
        checker.event_at(&Event { seq: 1, at_ms: 2 * HOUR_MS, what: EventKind::TimerFired }, false, HOUR_MS);
        checker.returned();
        (broken(&checker), excused(&checker))
    };
    assert_eq!(after_wait_until(31_000), (vec![], 0), "41 s that it knows of");
    assert_eq!(after_wait_until(40_000), (vec![], 1), "50 s, of which it could not know before");
    assert_eq!(after_wait_until(41_001), (vec![Invariant::Liveness], 0));
}
