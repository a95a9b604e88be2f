//! The order, the pauses and what is held back.

use super::*;
use crate::host::Receipt;

fn key(name: &str) -> SessionKey {
    SessionKey::new(name)
}

fn open(live: &[&str], ended: &[&str], deletes: bool) -> Open {
    let keys = |names: &[&str]| names.iter().map(|name| key(name)).collect::<BTreeSet<_>>();
    let sessions = keys(&[live, ended].concat());
    Open { sessions, live: keys(live), ended: keys(ended), deletes, ..Open::default() }
}

/// Asks for all that is due, with requests that count from `first`.
fn ask(attaching: &mut Attaching, now_ms: u64, first: u64) -> Vec<SessionKey> {
    let mut asked = Vec::new();
    while let Some(session) = attaching.next_due(now_ms) {
        attaching.asked(RequestId(first + asked.len() as u64), session.clone());
        asked.push(session);
    }
    asked
}

fn attached(name: &str) -> Result<Reply, HostError> {
    let (session_key, run_id) = (key(name), String::new());
    Ok(Reply::Attached(Receipt { session_key, run_id, applied_model: None, tool_free: true }))
}

fn busy() -> HostError {
    HostError::Busy("locked".to_owned())
}

#[test]
fn those_that_may_run_come_first_and_those_that_ended_only_if_they_are_needed() {
    assert_eq!(ask(&mut Attaching::of(&open(&["b", "d"], &["a", "c"], false)), 0, 1), ["b", "d"].map(key));
    let mut deleting = Attaching::of(&open(&["b", "d"], &["a", "c"], true));
    assert_eq!(ask(&mut deleting, 0, 1), ["b", "d", "a", "c"].map(key));
    for (request, name) in [(1, "b"), (2, "d")] {
        assert!(deleting.is_urgent(), "{name}");
        deleting.answered(RequestId(request), attached(name), 0);
    }
    assert!(!deleting.is_urgent(), "nobody waits for those that ended");
}

#[test]
fn so_many_are_asked_for_at_once_and_the_next_one_with_each_answer() {
    let names: Vec<String> = (100..140).map(|number| number.to_string()).collect();
    let mut attaching = Attaching::of(&open(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[], false));
    assert_eq!(ask(&mut attaching, 0, 1).len(), AT_ONCE);
    attaching.answered(RequestId(1), attached("100"), 0);
    assert_eq!(ask(&mut attaching, 0, 50), [key("116")]);
}

#[test]
fn pauses_double_and_keep_to_what_the_host_asks_for() {
    let mut attaching = Attaching::of(&open(&["a"], &[], false));
    let (mut now_ms, mut pauses) = (0, Vec::new());
    for request in 1..=11 {
        assert_eq!(ask(&mut attaching, now_ms, request), [key("a")]);
        assert_eq!(attaching.is_urgent(), request <= u64::from(MAX_TRIES));
        let error = match request {
            11 => HostError::RateLimited { retry_after_ms: Some(90_000), message: "slower".to_owned() },
            _ => busy(),
        };
        let answer = attaching.answered(RequestId(request), Err(error.clone()), now_ms).expect("it was asked for");
        assert_eq!(answer.verdict, Verdict::NotNow(error));
        let wake_at = attaching.wake_at().expect("a pause");
        assert!(ask(&mut attaching, wake_at - 1, 100).is_empty());
        pauses.push((wake_at - now_ms) / 1_000);
        now_ms = wake_at;
    }
    assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 32, 64, 64, 64, 90]);
    assert_eq!(ask(&mut attaching, now_ms - 60_000, 100), [key("a")], "the clock was set back");
}

#[test]
fn what_is_asked_of_a_session_waits_for_its_answer() {
    let mut attaching = Attaching::of(&open(&[], &["a"], false));
    let [first, second] = [1, 2].map(|request| Command::Delete(RequestId(request), key("a")));
    let other = Command::Cancel(RequestId(3), key("b"));
    assert_eq!(attaching.hold(other.clone()), Held::Not(other));
    assert_eq!(attaching.hold(first.clone()), Held::AsksFor(key("a")));
    attaching.asked(RequestId(10), key("a"));
    assert_eq!(attaching.hold(second.clone()), Held::Waits);
    let answer = attaching.answered(RequestId(10), Err(busy()), 0).expect("it was asked for");
    assert_eq!((answer.verdict, answer.held), (Verdict::NotNow(busy()), vec![first.clone(), second]));
    assert_eq!((ask(&mut attaching, u64::MAX, 11), attaching.wake_at()), (Vec::new(), None), "it had ended");
    assert_eq!(attaching.hold(first.clone()), Held::AsksFor(key("a")));
    attaching.asked(RequestId(11), key("a"));
    let settled = attaching.answered(RequestId(11), Err(HostError::NotFound(String::new())), 0);
    let answer = Answer { session: key("a"), verdict: Verdict::Settled, held: vec![first.clone()] };
    assert_eq!(settled, Some(answer), "that it is gone says nothing new");
    assert_eq!(attaching.hold(first.clone()), Held::Not(first));
}
