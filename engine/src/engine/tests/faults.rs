//! A host that refuses, loses, repeats and comes late.

use super::puppet::{Puppet, receipt, say};
use crate::host::{
    Completion, EventKind, FailureKind, FinishReason, HistoryPage, HostError, Message, MessageRole, Reply,
    SessionOutcome, SessionState,
};
use crate::ids::{RequestId, SessionKey};
use crate::task::{RunStatus, TaskStatus};
use crate::testing::plan_of;

/// One task that gets one session.
pub(super) fn one() -> Puppet {
    let mut plan = plan_of(1, &[]);
    plan.rules.retries.budget = Some(0);
    Puppet::open(plan)
}

#[test]
fn late_repeated_and_foreign_events_change_nothing() {
    let mut puppet = Puppet::open(plan_of(2, &[]));
    puppet.accept("a");
    puppet.ends("a", "first");
    puppet.ends("a", "second");
    puppet.ends("stranger", "third");
    puppet.happens(EventKind::SessionStarted(SessionKey::new("a")));
    puppet.answer(RequestId(99), Ok(Reply::Cancelled));
    puppet.answer(RequestId(1), Ok(receipt("z")));
    puppet.accept("b");
    puppet.ends("b", "fine");
    let report = puppet.done();
    assert_eq!(report.results[0].output, Some("first".into()));
    assert_eq!(report.ignored_events, 5);
}

#[test]
fn a_refused_spawn_fails_its_task_and_no_other() {
    let mut puppet = Puppet::open(plan_of(2, &[]));
    puppet.answer_oldest(Err(HostError::Forbidden("agentId is not allowed\u{1b}[0m".to_owned())));
    puppet.accept("b");
    puppet.ends("b", "fine");
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_SPAWN_FORBIDDEN")), (TaskStatus::Completed, None)]);
    let message = &puppet.done().results[0].error.as_ref().expect("error").message;
    assert!(!message.contains('\u{1b}'), "{message}");
}

#[test]
fn a_full_host_delays_and_costs_no_attempt() {
    let mut puppet = Puppet::open(plan_of(3, &[]));
    puppet.accept("a");
    for _ in 0..2 {
        puppet.answer_oldest(Err(HostError::AtCapacity("7/7".to_owned())));
    }
    assert!(puppet.open.is_empty(), "nothing is asked for while the host is full");
    puppet.ends("a", "fine");
    puppet.accept("b");
    puppet.ends("b", "fine");
    while puppet.report.is_none() {
        puppet.accept("c");
        puppet.ends("c", "fine");
    }
    assert_eq!(puppet.done().status, RunStatus::Completed);
    assert_eq!(puppet.done().results.iter().map(|result| result.metadata.attempts).max(), Some(1));
}

#[test]
fn a_host_that_is_full_of_others_is_asked_again_later() {
    let mut puppet = one();
    puppet.answer_oldest(Err(HostError::AtCapacity("full".to_owned())));
    assert!(puppet.open.is_empty());
    puppet.wake();
    puppet.accept("a");
    puppet.ends("a", "fine");
    assert_eq!(puppet.done().status, RunStatus::Completed);
}

#[test]
fn a_used_up_total_ends_what_has_not_started() {
    let mut puppet = Puppet::open(plan_of(7, &[]));
    puppet.accept("a");
    puppet.answer_oldest(Err(HostError::Exhausted("200/200".to_owned())));
    for _ in 0..3 {
        puppet.answer_oldest(Err(HostError::Exhausted("200/200".to_owned())));
    }
    puppet.ends("a", "fine");
    assert_eq!(puppet.spawns, 5);
    let failed = (TaskStatus::Failed, Some("E_HOST_TOTAL_CAP"));
    assert_eq!(puppet.verdicts(), [vec![(TaskStatus::Completed, None)], vec![failed; 6]].concat());
}

#[test]
fn a_lost_receipt_is_asked_for_again_with_the_same_key() {
    let mut puppet = one();
    let first = puppet.open.values().next().cloned();
    puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned())));
    assert_eq!(puppet.open.values().next().cloned(), first);
    puppet.accept("a");
    puppet.ends("a", "fine");
    assert_eq!((puppet.done().status, puppet.done().results[0].metadata.attempts), (RunStatus::Completed, 1));
}

#[test]
fn two_tasks_never_share_a_session() {
    let mut puppet = Puppet::open(plan_of(2, &[]));
    puppet.accept("a");
    puppet.accept("a");
    for _ in 0..3 {
        puppet.accept("a");
        puppet.wake();
    }
    puppet.accept("a");
    // Nor is that session the second one's because the list says so.
    puppet.lists(&[("a", "probe task-2 [5b9a0256]", SessionState::Running)]);
    puppet.lists(&[]);
    puppet.ends("a", "fine");
    assert_eq!(puppet.verdicts(), [(TaskStatus::Completed, None), (TaskStatus::Failed, Some("E_SPAWN_IN_DOUBT"))]);
}

#[test]
fn a_key_without_end_is_no_receipt() {
    let mut puppet = one();
    puppet.accept(&"x".repeat(1_025));
    puppet.accept(&"x".repeat(1_024));
    puppet.ends(&"x".repeat(1_024), "fine");
    assert_eq!((puppet.verdicts(), puppet.spawns), (vec![(TaskStatus::Completed, None)], 2));
}

#[test]
fn a_clock_that_jumps_ends_no_run() {
    let mut puppet = one();
    puppet.accept("a");
    puppet.now += 3_600_000;
    puppet.happens(EventKind::TimerFired);
    assert!(puppet.report.is_none(), "the deadline is half an hour away");
    puppet.ends("a", "fine");
    assert_eq!(puppet.verdicts(), [(TaskStatus::Completed, None)]);
    // The wait for the first look at the list, and what a late host may take beyond that.
    assert_eq!(puppet.done().elapsed_ms, 30_000 + 10_000);
}

#[test]
fn failures_keep_their_kind_and_what_was_said() {
    let mut puppet = one();
    puppet.accept("a");
    let outcome = SessionOutcome::Failed {
        kind: FailureKind::Infrastructure,
        message: "HTTP 500".to_owned(),
        retry_after_ms: None,
    };
    puppet.ends_as(
        "a",
        outcome,
        Some(Completion { text: "half of".to_owned(), truncated: false, finish: FinishReason::Stop }),
    );
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_MODEL_UNAVAILABLE"))]);
    let result = &puppet.done().results[0];
    assert_eq!(result.output, Some("half of".into()));
    assert!(result.error.as_ref().is_some_and(|error| error.retryable && error.message.contains("HTTP 500")));
}

#[test]
fn a_cut_completion_is_completed_from_the_transcript() {
    let mut puppet = one();
    puppet.accept("a");
    let cut = Completion { text: "long ans…".to_owned(), truncated: true, finish: FinishReason::Stop };
    puppet.ends_as("a", SessionOutcome::Completed, Some(cut));
    let messages = vec![say(MessageRole::Assistant, "long answer"), say(MessageRole::User, "thanks")];
    let page = HistoryPage { messages, has_more: false, dropped_messages: 0, redacted: true };
    puppet.answer_oldest(Ok(Reply::History(page)));
    let result = &puppet.done().results[0];
    assert_eq!(result.output, Some("long answer".into()));
    assert_eq!((result.metadata.truncated, result.metadata.redacted), (false, true));
}

#[test]
fn an_unreadable_transcript_is_tried_five_times() {
    let mut puppet = one();
    puppet.accept("a");
    puppet.ends_as("a", SessionOutcome::Completed, None);
    for _ in 0..4 {
        puppet.answer_oldest(Err(HostError::Unavailable("draining".to_owned())));
        puppet.wake();
    }
    puppet.answer_oldest(Err(HostError::Unavailable("draining".to_owned())));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_HISTORY_UNAVAILABLE"))]);
}

#[test]
fn time_never_runs_backwards() {
    let mut puppet = one();
    puppet.accept("a");
    puppet.now = 1_000;
    puppet.happens(EventKind::TimerFired);
    puppet.wake();
    assert_eq!(puppet.now, 1_000 + 122_000, "the wait counts on from the clock as it stands now");
    puppet.stop_oldest();
    assert_eq!(puppet.done().elapsed_ms, 122_000);
}

#[test]
fn a_queued_session_is_timed_from_its_start() {
    let mut puppet = Puppet::reporting_starts(plan_of(1, &[]));
    puppet.accept("a");
    puppet.now += 500_000;
    puppet.happens(EventKind::SessionStarted(SessionKey::new("a")));
    puppet.wake();
    assert_eq!(puppet.now, 505_000 + 122_000);
}

#[test]
fn a_session_whose_end_was_never_told_is_found_in_the_list() {
    let mut puppet = Puppet::open(plan_of(2, &[]));
    puppet.accept("a");
    puppet.accept("b");
    let before = puppet.now;
    puppet.wake_once();
    assert_eq!(puppet.now - before, 30_000);
    puppet.lists(&[
        ("a", "", SessionState::Completed),
        ("b", "", SessionState::Running),
        ("c", "", SessionState::Failed),
    ]);
    let text = "fine".to_owned();
    let message = Message {
        role: MessageRole::Assistant,
        text,
        truncated: false,
        finish: FinishReason::Stop,
        model: None,
        usage: None,
    };
    let page = HistoryPage { messages: vec![message], has_more: false, dropped_messages: 0, redacted: false };
    puppet.answer_read(Ok(Reply::History(page)));
    assert_eq!(puppet.told.iter().filter(|(_, status)| *status == TaskStatus::Completed).count(), 1);
    // What comes too late is too late.
    puppet.ends("a", "something else");
    puppet.ends("b", "fine");
    assert_eq!(puppet.verdicts(), [(TaskStatus::Completed, None), (TaskStatus::Completed, None)]);
    assert_eq!(puppet.done().results[0].output, Some("fine".into()));
}
