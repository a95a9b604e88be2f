//! Spawns of which the host does not say whether they took effect.

use super::faults::one;
use super::puppet::{Open, Puppet, receipt};
use super::stopping::CANCELLED;
use crate::host::{HostError, Reply, SessionState};
use crate::ids::SessionKey;
use crate::plan::Plan;
use crate::task::{RunStatus, TaskStatus};
use crate::testing::plan_of;

#[test]
fn after_a_lost_receipt_only_a_receipt_is_believed() {
    // The session may be alive, so another answer is no reason to start a second one.
    for error in [HostError::Unavailable("restart".to_owned()), HostError::Busy("locked".to_owned())] {
        let mut puppet = Puppet::open(plan_of(1, &[]));
        let first = puppet.open.values().next().cloned();
        puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
        puppet.answer_oldest(Err(error));
        assert!(puppet.open.is_empty(), "a pause comes first");
        puppet.wake();
        assert_eq!(puppet.open.values().next().cloned(), first, "the same key, so the same session");
        puppet.accept("a");
        puppet.ends("a", "fine");
        assert_eq!((puppet.done().status, puppet.done().results[0].metadata.attempts), (RunStatus::Completed, 1));
    }
    let mut puppet = Puppet::open(plan_of(1, &[]));
    puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
    puppet.answer_oldest(Err(HostError::Forbidden("no".to_owned())));
    for _ in 0..2 {
        assert!(puppet.report.is_none(), "a list may leave a session out once");
        puppet.lists(&[("b", "probe task-2 [5b9a0256]", SessionState::Running)]);
    }
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_SPAWN_IN_DOUBT"))]);
    assert_eq!(puppet.done().leaked, [SessionKey::new(format!("label:{LABEL}"))]);
}

#[test]
fn a_session_in_doubt_is_not_asked_for_before_the_host_wants_it() {
    let mut puppet = one();
    puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
    let retry_after = HostError::RateLimited { retry_after_ms: Some(9_000), message: "slow down".to_owned() };
    puppet.answer_oldest(Err(retry_after));
    let before = puppet.now;
    puppet.wake_once();
    assert_eq!((puppet.spawns, puppet.now - before), (3, 9_000));
}

/// Of the first session of the first task.
const LABEL: &str = "probe task-1 [5b9a0256]";

/// Its receipt is lost, and asking again is of no use.
fn in_doubt() -> Puppet {
    let mut puppet = one();
    puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
    puppet.answer_oldest(Err(HostError::Forbidden("no".to_owned())));
    puppet
}

#[test]
fn a_session_in_doubt_is_found_by_its_label_and_taken_over() {
    let mut puppet = in_doubt();
    puppet.lists(&[("b", "probe task-2 [5b9a0256]", SessionState::Running), ("a", LABEL, SessionState::Running)]);
    assert_eq!(puppet.open.values().next(), Some(&Open::Attach(SessionKey::new("a"))));
    puppet.answer_oldest(attached("a"));
    puppet.ends("a", "fine");
    assert_eq!((puppet.verdicts(), puppet.spawns), (vec![(TaskStatus::Completed, None)], 2));
    assert!(puppet.done().leaked.is_empty());
}

#[test]
fn a_run_with_a_long_list_searches_for_one_label_at_a_time() {
    const SESSIONS: u32 = 202;
    let mut puppet = Puppet::open(Plan { max_concurrent: SESSIONS, ..plan_of(SESSIONS as usize, &[]) });
    for _ in 0..2 {
        puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
    }
    (3..=SESSIONS).for_each(|number| puppet.accept(&number.to_string()));
    for _ in 0..2 {
        puppet.answer_oldest(Err(HostError::Forbidden("no".to_owned())));
    }
    let labels = [1, 2].map(|number| format!("probe task-{number} [5b9a0256]"));
    puppet.lists(&[]);
    puppet.lists(&[("2", &labels[1], SessionState::Running)]);
    puppet.lists(&[("1", &labels[0], SessionState::Running)]);
    assert_eq!(puppet.searched, [&*labels[0], &labels[1], &labels[0]], "the first one was left out once");
    for key in ["2", "1"] {
        puppet.answer_oldest(attached(key));
    }
    (1..=SESSIONS).for_each(|number| puppet.ends(&number.to_string(), "fine"));
    assert_eq!((puppet.done().census.completed, puppet.spawns), (SESSIONS, SESSIONS + 2));
}

#[test]
fn a_jump_of_the_clock_gives_up_no_session_that_the_host_lists() {
    let mut puppet = in_doubt();
    puppet.now += 3_600_000;
    puppet.lists(&[("a", LABEL, SessionState::Running)]);
    puppet.answer_oldest(attached("a"));
    puppet.ends("a", "fine");
    assert_eq!(puppet.verdicts(), [(TaskStatus::Completed, None)]);
    assert!(puppet.done().leaked.is_empty());
}

#[test]
fn a_session_in_doubt_that_nobody_wants_any_more_is_found_and_stopped() {
    let mut puppet = in_doubt();
    puppet.stop();
    puppet.lists(&[("a", LABEL, SessionState::Running)]);
    puppet.answer_oldest(attached("a"));
    assert_eq!(puppet.open.values().next(), Some(&Open::Cancel(SessionKey::new("a"))));
    puppet.answer_oldest(Ok(Reply::Cancelled));
    assert_eq!(puppet.verdicts(), [CANCELLED]);
    assert!(puppet.done().leaked.is_empty());
}

#[test]
fn a_host_that_never_says_what_it_has_ends_no_search() {
    let mut puppet = in_doubt();
    let before = puppet.now;
    while puppet.report.is_none() {
        puppet.wake_once();
    }
    assert_eq!(
        (puppet.verdicts(), puppet.now - before),
        (vec![(TaskStatus::Failed, Some("E_SPAWN_IN_DOUBT"))], 30_000)
    );
}

fn attached(key: &str) -> Result<Reply, HostError> {
    match receipt(key) {
        Reply::Spawned(receipt) => Ok(Reply::Attached(receipt)),
        other => Ok(other),
    }
}

#[test]
fn nothing_is_asked_for_again_once_it_is_too_late() {
    let in_doubt_twice = |plan| {
        let mut puppet = Puppet::open(plan);
        puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
        puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
        puppet
    };
    // Somebody stops the run.
    let mut puppet = in_doubt_twice(plan_of(1, &[]));
    puppet.stop();
    puppet.lists(&[]);
    puppet.lists(&[]);
    assert_eq!((puppet.verdicts(), puppet.spawns), (vec![CANCELLED], 2));
    assert_eq!(puppet.done().leaked, [SessionKey::new(format!("label:{LABEL}"))]);
    // The budget's time is over.
    let mut plan = plan_of(1, &[]);
    plan.rules.caps.seconds = Some(1);
    let mut puppet = in_doubt_twice(plan);
    puppet.now += 1_000;
    while puppet.report.is_none() {
        puppet.wake();
    }
    assert_eq!((puppet.verdicts(), puppet.spawns), (vec![(TaskStatus::Failed, Some("E_SPAWN_IN_DOUBT"))], 2));
}
