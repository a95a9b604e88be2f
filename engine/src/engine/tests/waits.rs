//! When it is enough, and what becomes of the rest.

use serde_json::json;

use super::puppet::{Open, Puppet};
use crate::host::{EventKind, FailureKind, HostError};
use crate::ids::{SessionKey, TaskIndex};
use crate::plan::{Plan, Reference};
use crate::policy::wait::Wait;
use crate::task::{OnDependencyFailure, OutputFormat, RunStatus, TaskStatus, WaitMode};
use crate::testing::plan_of;

fn waiting(tasks: usize, mode: WaitMode, count: usize) -> Plan {
    let mut plan = plan_of(tasks, &[]);
    plan.rules.wait = Wait { mode, count, pointer: "/verdict".to_owned(), seconds: 60 };
    for task in &mut plan.tasks {
        task.output_format = OutputFormat::Json;
    }
    plan
}

/// Accepts everything that is open, as `s0`, `s1`, …
fn accept_all(puppet: &mut Puppet) {
    let count = puppet.open.values().filter(|open| matches!(open, Open::Spawn(_))).count();
    (0..count).for_each(|number| puppet.accept(&format!("s{number}")));
}

fn cancel_all(puppet: &mut Puppet) {
    while puppet.report.is_none() {
        puppet.stop_oldest();
    }
}

#[test]
fn the_first_good_answer_is_enough_and_the_losers_are_stopped() {
    let mut puppet = Puppet::open(waiting(4, WaitMode::Any, 1));
    accept_all(&mut puppet);
    puppet.breaks("s0", FailureKind::Rejected);
    puppet.ends("s2", "{\"verdict\": \"yes\"}");
    cancel_all(&mut puppet);
    let report = puppet.done();
    assert_eq!((report.status, report.wait.satisfied, report.census.cancelled), (RunStatus::Completed, true, 2));
    assert_eq!(report.results[3].error.as_ref().map(|error| error.code.as_str()), Some("E_NOT_NEEDED"));
    // Nobody was good enough.
    let mut puppet = Puppet::open(waiting(2, WaitMode::Any, 1));
    accept_all(&mut puppet);
    puppet.breaks("s0", FailureKind::Rejected);
    puppet.breaks("s1", FailureKind::Rejected);
    assert_eq!((puppet.done().status, puppet.done().wait.satisfied), (RunStatus::Failed, false));
}

#[test]
fn the_first_two_and_a_quorum_of_two() {
    let mut puppet = Puppet::open(waiting(5, WaitMode::First, 2));
    accept_all(&mut puppet);
    puppet.ends("s0", "{\"verdict\": \"no\"}");
    assert!(puppet.report.is_none());
    puppet.ends("s1", "{\"verdict\": \"yes\"}");
    cancel_all(&mut puppet);
    assert_eq!((puppet.done().status, puppet.done().census.completed), (RunStatus::Completed, 2));

    let mut puppet = Puppet::open(waiting(5, WaitMode::Quorum, 2));
    accept_all(&mut puppet);
    for (key, verdict) in [("s0", "no"), ("s1", "yes"), ("s4", "yes")] {
        assert!(puppet.open.is_empty(), "no two agree yet");
        puppet.ends(key, &json!({ "verdict": verdict }).to_string());
    }
    cancel_all(&mut puppet);
    let report = puppet.done();
    assert_eq!(
        (report.status, &report.wait.value, report.census.cancelled),
        (RunStatus::Completed, &Some(json!("yes")), 2)
    );
}

#[test]
fn what_is_there_after_a_minute_is_enough() {
    let mut puppet = Puppet::open(waiting(3, WaitMode::Until, 1));
    accept_all(&mut puppet);
    puppet.ends("s1", "{}");
    puppet.wake();
    assert_eq!(puppet.now, 65_000);
    cancel_all(&mut puppet);
    assert_eq!((puppet.done().status, puppet.done().census.cancelled), (RunStatus::Completed, 2));
}

#[test]
fn a_step_on_the_way_is_no_answer() {
    let mut plan = waiting(2, WaitMode::Until, 1);
    plan.tasks[0].handling.is_interim = true;
    plan.tasks[0].handling.required = false;
    let mut puppet = Puppet::open(plan);
    accept_all(&mut puppet);
    puppet.ends("s0", "{}");
    puppet.wake();
    cancel_all(&mut puppet);
    let report = puppet.done();
    assert_eq!((report.status, report.wait.satisfied, report.census.completed), (RunStatus::Failed, false, 1));
}

#[test]
fn a_dependant_may_go_on_without_or_stop_everything() {
    let run = |mode: OnDependencyFailure| {
        let mut plan = plan_of(3, &[(1, 0)]);
        plan.tasks[1].handling.on_dependency_failure = mode;
        let reference = Reference { field: "draft".to_owned(), task: TaskIndex(0), pointer: String::new() };
        plan.tasks[1].input_from = vec![reference];
        let mut puppet = Puppet::open(plan);
        accept_all(&mut puppet);
        puppet.breaks("s0", FailureKind::Rejected);
        puppet
    };
    let mut puppet = run(OnDependencyFailure::Run);
    assert!(puppet.prompts[2].contains("<<<FIELD draft ") && puppet.prompts[2].contains("\nnull\n"));
    puppet.accept("b");
    puppet.ends("b", "fine");
    puppet.ends("s1", "fine");
    assert_eq!(puppet.done().census.completed, 2);
    let mut puppet = run(OnDependencyFailure::FailFast);
    cancel_all(&mut puppet);
    assert_eq!(
        puppet.verdicts(),
        [
            (TaskStatus::Failed, Some("E_MODEL_REJECTED")),
            (TaskStatus::Cancelled, Some("E_FAIL_FAST")),
            (TaskStatus::Cancelled, Some("E_FAIL_FAST")),
        ]
    );
}

#[test]
fn a_task_that_is_not_required_does_not_spoil_the_run() {
    let mut plan = plan_of(2, &[]);
    plan.tasks[1].handling.required = false;
    let mut puppet = Puppet::open(plan);
    accept_all(&mut puppet);
    puppet.breaks("s1", FailureKind::Rejected);
    puppet.ends("s0", "fine");
    assert_eq!((puppet.done().status, puppet.done().census.failed), (RunStatus::Completed, 1));
}

/// Twenty sessions at work, all but two of which have ended; one of the two is late, and a second session is asked for.
fn with_a_straggler() -> Puppet {
    let mut plan = plan_of(20, &[]);
    plan.rules.hedge = true;
    plan.max_concurrent = 20;
    for task in &mut plan.tasks {
        task.handling.idempotent = true;
    }
    let mut puppet = Puppet::reporting_starts(plan);
    accept_all(&mut puppet);
    for number in 0..20 {
        puppet.happens(EventKind::SessionStarted(SessionKey::new(format!("s{number}"))));
    }
    puppet.now += 1_000;
    (0..18).for_each(|number| puppet.ends(&format!("s{number}"), "fine"));
    assert_eq!(puppet.spawns, 20, "nobody is late yet");
    puppet.wake();
    assert_eq!((puppet.now, puppet.spawns), (6_001, 21), "one of twenty, and no second one for the other straggler");
    puppet
}

#[test]
fn a_straggler_gets_a_twin_and_the_loser_is_stopped() {
    let mut puppet = with_a_straggler();
    puppet.accept("twin");
    puppet.happens(EventKind::SessionStarted(SessionKey::new("twin")));
    puppet.ends("twin", "first");
    puppet.stop_oldest();
    puppet.ends("s19", "fine");
    let report = puppet.done();
    assert_eq!((report.status, report.peak_in_flight), (RunStatus::Completed, 20));
    let hedged = report.results.iter().find(|result| result.metadata.attempts == 2).expect("a hedged task");
    let log: Vec<_> = hedged.metadata.attempt_log.iter().map(|r| (r.kind.name(), r.status)).collect();
    assert_eq!(log, [("hedge", TaskStatus::Completed), ("first", TaskStatus::Cancelled)]);
    assert_eq!(hedged.output, Some("first".into()));
}

#[test]
fn a_twin_that_the_host_refuses_leaves_the_task_as_its_first_session_did() {
    let busy = HostError::RateLimited { retry_after_ms: None, message: "slow down".to_owned() };
    for refused in [HostError::AtCapacity("20/20".to_owned()), busy] {
        let mut puppet = with_a_straggler();
        for session in ["s18", "s19"] {
            puppet.breaks(session, FailureKind::Rejected);
        }
        assert!(puppet.report.is_none(), "the twin may still answer");
        puppet.answer_oldest(Err(refused));
        let report = puppet.done();
        let failed = report.results.iter().filter_map(|result| result.error.as_ref().map(|error| error.code.as_str()));
        assert_eq!(failed.collect::<Vec<_>>(), ["E_MODEL_REJECTED"; 2]);
        assert_eq!(puppet.spawns, 21, "what failed for good is not started again");
    }
}
