//! Sessions and runs that are stopped: by time, by somebody, and by a host that will not.

use super::faults::one;
use super::puppet::{Open, Puppet};
use crate::host::{EventKind, HostError, Reply, SessionOutcome};
use crate::ids::{RequestId, SessionKey};
use crate::task::{Cleanup, RunStatus, TaskStatus};
use crate::testing::plan_of;

/// Somebody stopped it.
pub(super) const CANCELLED: (TaskStatus, Option<&str>) = (TaskStatus::Cancelled, Some("E_CANCELLED"));

#[test]
fn a_session_that_runs_too_long_is_stopped() {
    let mut puppet = one();
    puppet.accept("a");
    puppet.wake();
    assert_eq!(puppet.now, 5_000 + 122_000, "its 120 seconds and two of grace");
    puppet.stop_oldest();
    assert_eq!(puppet.verdicts(), [(TaskStatus::Timeout, Some("E_TIMEOUT"))]);
    assert_eq!(puppet.done().ignored_events, 0);
}

#[test]
fn the_deadline_ends_everything() {
    let mut plan = plan_of(7, &[]);
    plan.deadline_seconds = 60;
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.ends("a", "fine");
    puppet.accept("b");
    puppet.wake();
    assert_eq!(puppet.now, 65_000);
    while puppet.report.is_none() {
        match puppet.open.values().next().cloned().expect("something to answer") {
            Open::Spawn(key) => puppet.accept(&key),
            _ => puppet.stop_oldest(),
        }
    }
    assert_eq!(puppet.done().status, RunStatus::Deadline);
    assert_eq!(puppet.done().census.cancelled, 6);
    assert_eq!(puppet.spawns, 6, "five at first and one more when the first ended");
}

#[test]
fn stopping_works_in_every_state_and_twice() {
    // Before the receipt.
    let mut puppet = one();
    puppet.stop();
    puppet.stop();
    puppet.accept("a");
    assert_eq!(puppet.open.values().next(), Some(&Open::Cancel(SessionKey::new("a"))));
    puppet.ends("a", "done after all");
    assert_eq!(puppet.verdicts(), [CANCELLED]);
    assert_eq!(puppet.done().results[0].output, Some("done after all".into()), "what was paid for is kept");
    // The receipt never comes: refused.
    let mut puppet = one();
    puppet.stop();
    puppet.answer_oldest(Err(HostError::Unavailable("draining".to_owned())));
    assert_eq!(puppet.verdicts(), [CANCELLED]);
    // While the transcript is read.
    let mut puppet = one();
    puppet.accept("a");
    puppet.ends_as("a", SessionOutcome::Completed, None);
    puppet.stop();
    assert_eq!(puppet.verdicts(), [CANCELLED]);
    // One task of two.
    let mut puppet = Puppet::open(plan_of(2, &[]));
    let task = Some(crate::ids::TaskId::new("task-2"));
    puppet.happens(EventKind::StopRequested { task, reason: "not this one".to_owned() });
    puppet.accept("a");
    puppet.ends("a", "fine");
    puppet.accept("b");
    puppet.stop_oldest();
    assert_eq!(puppet.verdicts(), [(TaskStatus::Completed, None), CANCELLED]);
    assert_eq!(puppet.done().status, RunStatus::Partial);
}

#[test]
fn a_session_that_will_not_stop_is_named() {
    let mut puppet = one();
    puppet.accept("a");
    puppet.stop();
    for _ in 0..4 {
        puppet.answer_oldest(Err(HostError::Busy("still active; try again".to_owned())));
        puppet.wake();
    }
    puppet.answer_oldest(Err(HostError::Busy("still active; try again".to_owned())));
    assert_eq!(puppet.done().leaked, [SessionKey::new("a")]);
}

#[test]
fn a_session_that_will_not_stop_counts_against_the_cap() {
    let mut plan = plan_of(3, &[]);
    plan.max_concurrent = 1;
    let mut puppet = Puppet::open(plan.clone());
    puppet.accept("a");
    puppet.wake();
    puppet.answer_oldest(Err(HostError::NotOwner("no".to_owned())));
    let lost = (TaskStatus::Failed, Some("E_SLOTS_LOST"));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Timeout, Some("E_TIMEOUT")), lost, lost]);
    // With room for one more the others run, and one that ends late is not leaked any more.
    plan.max_concurrent = 2;
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.accept("b");
    puppet.ends("b", "fine");
    puppet.wake();
    puppet.answer(RequestId(4), Err(HostError::NotOwner("no".to_owned())));
    puppet.ends("a", "late");
    puppet.accept("c");
    puppet.ends("c", "fine");
    assert_eq!((puppet.done().leaked.len(), puppet.done().census.completed), (0, 2));
}

#[test]
fn a_silent_host_cannot_hold_a_run() {
    let mut puppet = Puppet::open(plan_of(2, &[]));
    puppet.accept("a");
    puppet.stop();
    while puppet.report.is_none() {
        puppet.wake();
    }
    assert!(puppet.now <= 5_000 + 30_000, "at {}", puppet.now);
    assert_eq!(puppet.verdicts(), [CANCELLED, CANCELLED]);
    let leaked = [SessionKey::new("a"), SessionKey::new("label:probe task-2 [5b9a0256]")];
    assert_eq!(puppet.done().leaked, leaked, "the other one has a label only");
}

#[test]
fn sessions_are_deleted_after_everything_else() {
    let mut plan = plan_of(6, &[]);
    plan.cleanup = Cleanup::Delete;
    let mut puppet = Puppet::open(plan);
    for number in 0..6 {
        assert!(puppet.open.values().all(|open| matches!(open, Open::Spawn(_))), "deleting is not in the way");
        puppet.accept(&format!("s{number}"));
        puppet.ends(&format!("s{number}"), "fine");
    }
    assert_eq!(puppet.open.len(), 2, "a few at a time");
    puppet.answer_oldest(Err(HostError::Unsupported("no".to_owned())));
    while puppet.report.is_none() {
        puppet.answer_oldest(Ok(Reply::Deleted));
    }
    let deleted: Vec<bool> = puppet.done().results.iter().map(|result| result.metadata.deleted).collect();
    assert_eq!(deleted, [false, true, true, true, true, true]);
    assert_eq!((puppet.done().leaked.len(), puppet.done().status), (1, RunStatus::Completed));
}
