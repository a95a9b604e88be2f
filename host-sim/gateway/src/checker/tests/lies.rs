//! What the host itself got wrong, and nobody could have known.

use parallel_agents_engine::host::{ListFilter, SessionPage, SessionRow};

use super::*;

/// A checker that holds a call to a request with the tasks `a` and `b`, and more members.
fn held(more: &str) -> Checker {
    held_to(A_AND_B, more)
}

/// A session comes into being, and the receipt names one, or none.
fn spawned(checker: &mut Checker, request: u64, label: &str, real: &str, told: Option<&str>) {
    checker.command(&changed(spawn(request, label), |options| options.idempotency_key = label.to_owned()));
    checker.accepted(RequestId(request), &key(real));
    let Some(told) = told else { return };
    let session_key = key(told);
    let receipt = Receipt { session_key, run_id: String::new(), applied_model: None, tool_free: true };
    tell(checker, 0, EventKind::Answered { request: RequestId(request), outcome: Ok(Reply::Spawned(receipt)) });
}

fn ends(checker: &mut Checker, session: &str, outcome: &SessionOutcome) {
    ended(checker, &key(session), outcome, "m", None);
}

#[test]
fn a_task_is_held_to_what_became_of_the_session_that_it_was_told_of() {
    // Task b was told of a's session. Its own one times out, which nobody hears; the one that it has answers.
    let mut checker = held(r#""retries": 0, "corrections": 1"#);
    spawned(&mut checker, 1, "x a", "of a", None);
    spawned(&mut checker, 2, "x b", "of b", Some("of a"));
    checker.receipt_repeated(&key("of b"));
    ends(&mut checker, "of b", &SessionOutcome::TimedOut);
    ends(&mut checker, "of a", &SessionOutcome::Completed);
    spawned(&mut checker, 3, "x b #2", "correction of b", Some("correction of b"));
    assert_eq!(broken(&checker), [], "a correction follows an answer");

    // A receipt that names no session changes nothing: then the same is a retry.
    let mut checker = held(r#""retries": 0, "corrections": 1"#);
    spawned(&mut checker, 1, "x a", "of a", Some("of a"));
    spawned(&mut checker, 2, "x b", "of b", Some(""));
    ends(&mut checker, "of b", &SessionOutcome::TimedOut);
    ends(&mut checker, "of a", &SessionOutcome::Completed);
    spawned(&mut checker, 3, "x b #2", "correction of b", None);
    assert_eq!(broken(&checker), [Invariant::Retries]);
}

#[test]
fn a_receipt_that_names_a_session_of_another_task_once_more_changes_nothing_for_that_task() {
    let mut checker = held(r#""retries": 0, "corrections": 0"#);
    spawned(&mut checker, 1, "x a", "of a", Some("of a"));
    spawned(&mut checker, 2, "x b", "of b", Some("of a"));
    ends(&mut checker, "of a", &SessionOutcome::TimedOut);
    spawned(&mut checker, 3, "x a #2", "second of a", None);
    assert_eq!(broken(&checker), [Invariant::Retries]);
}

/// A call with a cap of one is cut off while it waits for a receipt, and goes on; `host` says what happens next. Then the same
/// session is asked for again, and after it that of the other task.
fn asked_for_again(host: impl FnOnce(&mut Checker)) -> (Vec<Invariant>, u32) {
    let mut checker = held(r#""max_concurrent": 1, "retries": 0, "budget": {"spawns": 2}"#);
    spawned(&mut checker, 1, "x a", "s", None);
    checker.resumed();
    host(&mut checker);
    spawned(&mut checker, 2, "x a", "t", Some("t"));
    ends(&mut checker, "t", &SessionOutcome::Completed);
    spawned(&mut checker, 3, "x b", "u", Some("u"));
    (broken(&checker), checker.duplicate_sessions())
}

fn lists(checker: &mut Checker, session: &str) {
    let filter = ListFilter { search: None, spawned_by: None, offset: 0, limit: 9 };
    checker.command(&Command::List(RequestId(9), filter));
    let (session_key, state) = (key(session), SessionState::Running);
    let sessions = vec![SessionRow { session_key, label: None, state, model: None, usage: None }];
    let page = SessionPage { sessions, has_more: false };
    tell(checker, 0, EventKind::Answered { request: RequestId(9), outcome: Ok(Reply::Listed(page)) });
}

#[test]
fn what_the_host_keeps_from_a_call_that_goes_on_counts_for_nothing() {
    let left_out = |checker: &mut Checker, times| (0..times).for_each(|_| checker.left_out(&key("s")));
    let vanishes = |checker: &mut Checker| {
        ends(checker, "s", &SessionOutcome::Interrupted);
        checker.vanished(&key("s"));
    };
    assert_eq!(asked_for_again(|checker| left_out(checker, 2)), (vec![], 0));
    assert_eq!(asked_for_again(vanishes), (vec![], 0));
    let broken = vec![Invariant::Cap, Invariant::Sessions, Invariant::Cap];
    assert_eq!(asked_for_again(|checker| left_out(checker, 1)), (broken, 1), "the other list named it");
    let listed = asked_for_again(|checker| {
        lists(checker, "s");
        left_out(checker, 2);
        vanishes(checker);
    });
    assert_eq!(listed.1, 1, "it was told of");
}

#[test]
fn a_session_behind_the_receipt_of_another_counts_for_nothing_after_a_cut() {
    // Task b was told of a's session, and a of none.
    let mut checker = held(r#""max_concurrent": 2, "retries": 0"#);
    spawned(&mut checker, 1, "x a", "of a", None);
    spawned(&mut checker, 2, "x b", "of b", Some("of a"));
    checker.receipt_repeated(&key("of b"));
    checker.resumed();
    let mut told = checker.clone();
    spawned(&mut checker, 3, "x a", "second of a", Some("second of a"));
    assert_eq!((broken(&checker), checker.places().0, checker.duplicate_sessions()), (vec![], 2, 0));
    spawned(&mut told, 4, "x b", "of b", Some("of b"));
    spawned(&mut told, 3, "x a", "second of a", Some("second of a"));
    assert_eq!(told.places().0, 3, "it was told of");
}

#[test]
fn a_session_that_was_forgotten_before_the_cut_counts_for_nothing_after_it() {
    let mut checker = held(r#""retries": 0"#);
    spawned(&mut checker, 1, "x a", "s", None);
    ends(&mut checker, "s", &SessionOutcome::Interrupted);
    checker.vanished(&key("s"));
    let mut before = checker.clone();
    spawned(&mut before, 2, "x a", "t", None);
    assert_eq!(before.duplicate_sessions(), 1, "as long as the call lasts, the same key tells");
    checker.resumed();
    spawned(&mut checker, 2, "x a", "t", None);
    assert_eq!(checker.duplicate_sessions(), 0);
}
