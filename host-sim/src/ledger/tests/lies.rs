//! What the host itself got wrong, and nobody could have known.

use parallel_agents_engine::host::{ListFilter, SessionPage, SessionRow};

use super::*;

/// A ledger that holds a call to a request with the tasks `a` and `b`, and more members.
fn held(more: &str) -> Ledger {
    held_to(A_AND_B, more)
}

/// A session comes into being, and the receipt names one, or none.
fn spawned(ledger: &mut Ledger, request: u64, label: &str, real: &str, told: Option<&str>) {
    ledger.command(&changed(spawn(request, label), |options| options.idempotency_key = label.to_owned()));
    ledger.accepted(RequestId(request), &key(real));
    let Some(told) = told else { return };
    let session_key = key(told);
    let receipt = Receipt { session_key, run_id: String::new(), applied_model: None, tool_free: true };
    tell(ledger, 0, Happening::Answered { request: RequestId(request), outcome: Ok(Reply::Spawned(receipt)) });
}

fn ends(ledger: &mut Ledger, session: &str, outcome: &SessionOutcome) {
    ended(ledger, &key(session), outcome, "m", None);
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

/// A call with a cap of one is cut off while it waits for a receipt, and goes on; `host` says what happens next. Then the same
/// session is asked for again, and after it that of the other task.
fn asked_for_again(host: impl FnOnce(&mut Ledger)) -> (Vec<Invariant>, u32) {
    let mut ledger = held(r#""max_concurrent": 1, "retries": 0, "budget": {"spawns": 2}"#);
    spawned(&mut ledger, 1, "x a", "s", None);
    ledger.resumed();
    host(&mut ledger);
    spawned(&mut ledger, 2, "x a", "t", Some("t"));
    ends(&mut ledger, "t", &SessionOutcome::Completed);
    spawned(&mut ledger, 3, "x b", "u", Some("u"));
    (broken(&ledger), ledger.duplicate_sessions())
}

fn lists(ledger: &mut Ledger, session: &str) {
    let filter = ListFilter { search: None, spawned_by: None, offset: 0, limit: 9 };
    ledger.command(&Command::List(RequestId(9), filter));
    let (session_key, state) = (key(session), SessionState::Running);
    let sessions = vec![SessionRow { session_key, label: None, state, model: None, usage: None }];
    let page = SessionPage { sessions, has_more: false };
    tell(ledger, 0, Happening::Answered { request: RequestId(9), outcome: Ok(Reply::Listed(page)) });
}

#[test]
fn what_the_host_keeps_from_a_call_that_goes_on_counts_for_nothing() {
    let left_out = |ledger: &mut Ledger, times| (0..times).for_each(|_| ledger.left_out(&key("s")));
    let vanishes = |ledger: &mut Ledger| {
        ends(ledger, "s", &SessionOutcome::Interrupted);
        ledger.vanished(&key("s"));
    };
    assert_eq!(asked_for_again(|ledger| left_out(ledger, 2)), (vec![], 0));
    assert_eq!(asked_for_again(vanishes), (vec![], 0));
    let broken = vec![Invariant::Cap, Invariant::Sessions, Invariant::Cap];
    assert_eq!(asked_for_again(|ledger| left_out(ledger, 1)), (broken, 1), "the other list named it");
    let listed = asked_for_again(|ledger| {
        lists(ledger, "s");
        left_out(ledger, 2);
        vanishes(ledger);
    });
    assert_eq!(listed.1, 1, "it was told of");
}

#[test]
fn a_session_behind_the_receipt_of_another_counts_for_nothing_after_a_cut() {
    // Task b was told of a's session, and a of none.
    let mut ledger = held(r#""max_concurrent": 2, "retries": 0"#);
    spawned(&mut ledger, 1, "x a", "of a", None);
    spawned(&mut ledger, 2, "x b", "of b", Some("of a"));
    ledger.receipt_repeated(&key("of b"));
    ledger.resumed();
    let mut told = ledger.clone();
    spawned(&mut ledger, 3, "x a", "second of a", Some("second of a"));
    assert_eq!((broken(&ledger), ledger.places().0, ledger.duplicate_sessions()), (vec![], 2, 0));
    spawned(&mut told, 4, "x b", "of b", Some("of b"));
    spawned(&mut told, 3, "x a", "second of a", Some("second of a"));
    assert_eq!(told.places().0, 3, "it was told of");
}

#[test]
fn a_session_that_was_forgotten_before_the_cut_counts_for_nothing_after_it() {
    let mut ledger = held(r#""retries": 0"#);
    spawned(&mut ledger, 1, "x a", "s", None);
    ends(&mut ledger, "s", &SessionOutcome::Interrupted);
    ledger.vanished(&key("s"));
    let mut before = ledger.clone();
    spawned(&mut before, 2, "x a", "t", None);
    assert_eq!(before.duplicate_sessions(), 1, "as long as the call lasts, the same key tells");
    ledger.resumed();
    spawned(&mut ledger, 2, "x a", "t", None);
    assert_eq!(ledger.duplicate_sessions(), 0);
}
