//! What is tried again, how often, and what is not.

use super::puppet::Puppet;
use crate::host::{EventKind, FailureKind, HostError, Reply, SessionOutcome};
use crate::ids::SessionKey;
use crate::json::output_schema::OutputSchema;
use crate::plan::Plan;
use crate::task::{AttemptKind, OutputFormat, RunStatus, TaskStatus};
use crate::testing::plan_of;

pub(super) fn kinds(puppet: &Puppet, task: usize) -> Vec<AttemptKind> {
    puppet.done().results[task].metadata.attempt_log.iter().map(|record| record.kind).collect()
}

pub(super) fn json_plan(tasks: usize) -> Plan {
    let mut plan = plan_of(tasks, &[]);
    for task in &mut plan.tasks {
        task.output_format = OutputFormat::Json;
        task.output_schema = Some(OutputSchema::new(serde_json::json!({"type": "object", "required": ["a"]})));
    }
    plan
}

#[test]
fn a_bad_moment_is_waited_out_and_costs_a_retry() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    puppet.accept("a");
    puppet.breaks("a", FailureKind::Infrastructure);
    assert!(puppet.open.is_empty(), "a pause comes first");
    let before = puppet.now;
    puppet.wake();
    assert!(puppet.now - before <= 1_000);
    assert_eq!(puppet.asked[1].1, "probe task-1 #2 [5b9a0256]");
    puppet.accept("b");
    puppet.ends("b", "fine");
    assert_eq!(puppet.verdicts(), [(TaskStatus::Completed, None)]);
    assert_eq!(kinds(&puppet, 0), [AttemptKind::First, AttemptKind::Retry]);
    let metadata = &puppet.done().results[0].metadata;
    assert_eq!(
        (metadata.attempts, metadata.attempt_log[0].error.as_ref().map(|e| e.code.as_str())),
        (2, Some("E_MODEL_UNAVAILABLE"))
    );
    assert!(metadata.decisions.iter().any(|decision| decision.what.to_string().starts_with("retry 1 in")));
}

#[test]
fn retries_end_with_the_task_and_with_the_run() {
    // One of its own.
    let mut puppet = Puppet::open(plan_of(1, &[]));
    for key in ["a", "b"] {
        puppet.accept(key);
        puppet.breaks(key, FailureKind::Infrastructure);
        if puppet.report.is_none() {
            puppet.wake();
        }
    }
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_MODEL_UNAVAILABLE"))]);
    // Two for all five.
    let mut plan = plan_of(5, &[]);
    plan.rules.breaker = false;
    let mut puppet = Puppet::open(plan);
    puppet.play(|puppet, key| puppet.breaks(key, FailureKind::Infrastructure));
    assert_eq!(puppet.spawns, 7, "a tenth of the tasks, but two at least");
}

#[test]
fn what_cannot_help_is_not_tried_again() {
    for kind in [FailureKind::Authentication, FailureKind::Rejected, FailureKind::ContextOverflow, FailureKind::Other] {
        let mut puppet = Puppet::open(plan_of(1, &[]));
        puppet.accept("a");
        puppet.breaks("a", kind);
        assert_eq!((puppet.spawns, puppet.done().status), (1, RunStatus::Failed), "{kind:?}");
    }
}

#[test]
fn a_wrong_form_is_put_right_by_one_session_without_tools() {
    let mut puppet = Puppet::open(json_plan(1));
    puppet.accept("a");
    puppet.ends("a", "Here you are: {\"b\": 1}");
    let prompt = puppet.prompts.last().expect("a correction").clone();
    assert!(prompt.contains("Here you are: {\"b\": 1}") && prompt.contains("a is missing"), "{prompt}");
    assert!(prompt.contains("Put an answer right."));
    puppet.accept("b");
    puppet.ends("b", "{\"a\": 1}");
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Completed, 2));
    let metadata = &puppet.done().results[0].metadata;
    assert!(metadata.corrected && !metadata.repaired);
    // A second time is not asked, and what was said is kept.
    let mut puppet = Puppet::open(json_plan(1));
    for key in ["a", "b"] {
        puppet.accept(key);
        puppet.ends(key, "{\"b\": 1}");
    }
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_OUTPUT_SCHEMA"))]);
    assert_eq!(puppet.done().results[0].output, Some("{\"b\": 1}".into()));
    // A correction that says nothing does not take the first answer away.
    let mut puppet = Puppet::open(json_plan(1));
    puppet.accept("a");
    puppet.ends("a", "{\"b\": 1}");
    puppet.accept("b");
    puppet.breaks("b", FailureKind::Other);
    assert_eq!(puppet.done().results[0].output, Some("{\"b\": 1}".into()));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_SESSION_FAILED"))]);
}

#[test]
fn a_slip_of_the_pen_needs_no_session() {
    let mut puppet = Puppet::open(json_plan(1));
    puppet.accept("a");
    puppet.ends("a", "{\"a\": 1,}");
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Completed, 1));
    assert!(puppet.done().results[0].metadata.repaired);
}

#[test]
fn a_limited_rate_is_obeyed_and_costs_no_attempt() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    let limited = HostError::RateLimited { retry_after_ms: Some(30_000), message: "slow down".to_owned() };
    puppet.answer_oldest(Err(limited));
    let before = puppet.now;
    while puppet.open.is_empty() {
        puppet.wake();
    }
    assert!(puppet.now - before >= 30_000, "{}", puppet.now - before);
    puppet.accept("a");
    puppet.ends("a", "fine");
    assert_eq!((puppet.done().status, puppet.done().results[0].metadata.attempts), (RunStatus::Completed, 1));
}

#[test]
fn a_host_that_stays_locked_is_not_asked_without_end() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    let mut asked = 0;
    puppet.until_over(|puppet| {
        asked += 1;
        puppet.answer_oldest(Err(HostError::Busy("file_lock_stale".to_owned())));
    });
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_HOST_BUSY"))]);
    assert_eq!(asked, 8, "six times put back, once refused, and once more for its retry");
}

#[test]
fn a_session_that_never_starts_is_given_up_unless_the_queue_moves() {
    let mut puppet = Puppet::reporting_starts(plan_of(2, &[]));
    puppet.accept("a");
    puppet.accept("b");
    puppet.now += 100_000;
    puppet.happens(EventKind::SessionStarted(SessionKey::new("a")));
    puppet.now += 100_000;
    puppet.ends("a", "fine");
    puppet.wake();
    assert_eq!(puppet.now, 5_000 + 200_000 + 120_000, "two minutes after the queue last moved");
    puppet.answer_oldest(Ok(Reply::Cancelled));
    puppet.wake();
    puppet.accept("c");
    puppet.happens(EventKind::SessionStarted(SessionKey::new("c")));
    puppet.ends("c", "fine");
    assert_eq!(puppet.done().status, RunStatus::Completed);
    let log = &puppet.done().results[1].metadata.attempt_log;
    assert_eq!(log[0].error.as_ref().map(|error| error.code.as_str()), Some("E_START_TIMEOUT"));
}

#[test]
fn a_host_with_one_place_is_waited_for_while_it_is_taken() {
    let mut plan = plan_of(3, &[]);
    for task in &mut plan.tasks {
        task.timeout_seconds = 600;
    }
    let mut puppet = Puppet::reporting_starts(plan);
    for key in ["a", "b", "c"] {
        puppet.accept(key);
    }
    for key in ["a", "b", "c"] {
        puppet.happens(EventKind::SessionStarted(SessionKey::new(key)));
        let done_at = puppet.now + 500_000;
        while puppet.engine.wake_at().is_some_and(|at| at < done_at) {
            puppet.wake();
        }
        puppet.now = done_at;
        puppet.ends(key, "fine");
    }
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Completed, 3));
}

#[test]
fn a_server_that_loads_its_model_is_waited_for_and_costs_no_retry() {
    let not_ready = |retry_after_ms| SessionOutcome::Failed {
        kind: FailureKind::NotReady,
        message: "HTTP 503: Loading model".to_owned(),
        retry_after_ms,
    };
    // It names its time, which holds for the other tasks too.
    let mut plan = plan_of(5, &[]);
    (plan.rules.retries.budget, plan.rules.breaker) = (Some(0), true);
    let mut puppet = Puppet::open(plan.clone());
    let ready_at = puppet.now + 300_000;
    puppet.play(|puppet, key| match puppet.now < ready_at {
        true => puppet.ends_as(key, not_ready(Some(10_000)), None),
        false => puppet.ends(key, "fine"),
    });
    assert_eq!(puppet.done().status, RunStatus::Completed);
    assert!(puppet.spawns < 60, "{} sessions for five tasks and 300 seconds", puppet.spawns);
    // It names none: the pauses grow, and they end.
    plan.tasks.truncate(1);
    let mut puppet = Puppet::open(plan);
    let before = puppet.now;
    puppet.play(|puppet, key| puppet.ends_as(key, not_ready(None), None));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_MODEL_NOT_READY"))]);
    assert_eq!(puppet.spawns, 1 + crate::policy::retry::MAX_NOT_READY);
    assert!(puppet.now - before > 240_000, "given up after {} ms", puppet.now - before);
}

#[test]
fn a_wait_that_the_provider_names_is_kept() {
    for kind in [FailureKind::RateLimited, FailureKind::Infrastructure] {
        let mut puppet = Puppet::open(plan_of(1, &[]));
        puppet.accept("a");
        let message = "slow down, retry after 1 ms".to_owned();
        puppet.ends_as("a", SessionOutcome::Failed { kind, message, retry_after_ms: Some(40_000) }, None);
        let before = puppet.now;
        while puppet.open.is_empty() {
            puppet.wake();
        }
        assert!((40_000..50_000).contains(&(puppet.now - before)), "{kind:?}: {}", puppet.now - before);
    }
}

#[test]
fn a_stop_ends_a_task_that_pauses() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    puppet.accept("a");
    puppet.breaks("a", FailureKind::Infrastructure);
    puppet.stop();
    assert_eq!(puppet.verdicts(), [(TaskStatus::Cancelled, Some("E_CANCELLED"))]);
    assert_eq!(puppet.spawns, 1);
}
