use std::sync::Arc;

use parallel_agents_engine::host::SessionState;
use parallel_agents_engine::host::{
    AnswerForm, Command, Event, EventKind, HistoryQuery, HostError, HostFacts, Progress, Receipt, Reply, SessionEnd,
    SessionOutcome, SpawnOptions,
};
use parallel_agents_engine::ids::{AgentType, RequestId, SessionKey, TaskId};
use parallel_agents_engine::task::{Cleanup, TaskStatus, Usage};

use super::state::SEARCHES;
use super::*;
use crate::script::Fault;
use crate::truth::SessionOver;

mod clocks;
mod cuts;
mod lies;
mod oracle;
mod policy;
mod spending;
mod tiers;
mod workflows;

/// A task of a request.
const A: &str = r#"{"agent_type": "x", "task_id": "a"}"#;

/// Two tasks, neither of which waits for the other.
const A_AND_B: &str = r#"{"agent_type": "x", "task_id": "a"}, {"agent_type": "x", "task_id": "b"}"#;

/// A checker that holds a call to a request with these tasks and more members.
fn held_to(tasks: &str, more: &str) -> Checker {
    let comma = if more.is_empty() { "" } else { ", " };
    let text = format!(r#"{{"tasks": [{tasks}]{comma}{more}}}"#);
    let mut checker = Checker::default();
    checker.hold_to(Allowance::of_run("run_tasks", &text, None).expect("a request"));
    checker
}

/// The first event of every call.
fn opened() -> EventKind {
    EventKind::Opened(HostFacts {
        name: String::new(),
        seed: 9,
        max_concurrent: None,
        reports_starts: true,
        keeps_journal: false,
        limits: None,
    })
}

/// An event, for which the call wanted to wait until then.
fn tell(checker: &mut Checker, at_ms: u64, what: EventKind) {
    checker.time.waits(Some(at_ms));
    checker.event_at(&Event { seq: checker.heard.events, at_ms, what }, false, at_ms);
}

impl Checker {
    /// An event whose clock shows the real time.
    fn event(&mut self, event: &Event, is_extra: bool) {
        self.event_at(event, is_extra, event.at_ms);
    }
}

/// A session is over.
fn ended(checker: &mut Checker, session: &SessionKey, outcome: &SessionOutcome, model: &str, usage: Option<Usage>) {
    let (state, outcome, model) = (SessionState::Completed, outcome.clone(), model.to_owned());
    checker.session_over(session, &SessionOver { state, outcome, model, usage, cost_micro_usd: 0 });
}

fn spawn(request: u64, label: &str) -> Command {
    let options = SpawnOptions {
        task: "t".to_owned(),
        label: label.to_owned(),
        task_name: label.to_owned(),
        agent_id: None,
        model: None,
        thinking: None,
        run_timeout_seconds: 1,
        cleanup: Cleanup::Keep,
        tool_free: true,
        form: AnswerForm::Text,
        max_output_tokens: None,
        idempotency_key: format!("{label} {request}"),
    };
    Command::Spawn(RequestId(request), Arc::new(options))
}

/// The same call with something else in it.
fn changed(command: Command, change: impl FnOnce(&mut SpawnOptions)) -> Command {
    let Command::Spawn(request, mut options) = command else { unreachable!() };
    change(Arc::make_mut(&mut options));
    Command::Spawn(request, options)
}

fn key(name: &str) -> SessionKey {
    SessionKey::new(name)
}

/// A checker with one session that runs.
fn running() -> Checker {
    let mut checker = Checker::default();
    checker.command(&spawn(1, "a"));
    checker.accepted(RequestId(1), &key("s"));
    checker
}

/// The session of [`running`] answers.
fn over(checker: &mut Checker, usage: Option<Usage>) {
    let (state, outcome, model) = (SessionState::Completed, SessionOutcome::Completed, "sim/a".to_owned());
    checker.session_over(&key("s"), &SessionOver { state, outcome, model, usage, cost_micro_usd: 9 });
}

fn broken(checker: &Checker) -> Vec<Invariant> {
    checker.violations().into_iter().map(|violation| violation.invariant).collect()
}

fn progress(seq: u64, status: TaskStatus) -> Command {
    Command::Progress(Progress {
        seq,
        at_ms: 0,
        task: TaskId::new("a"),
        agent_type: AgentType::new("x"),
        status,
        ended: u32::from(status.is_final()),
        running: 0,
        total: 1,
    })
}

#[test]
fn a_session_is_alive_from_its_spawn_call_to_its_end() {
    let mut checker = Checker::default();
    checker.command(&spawn(1, "a"));
    assert_eq!(checker.live(), 1);
    checker.accepted(RequestId(1), &key("s"));
    assert_eq!(checker.live(), 1);
    over(&mut checker, None);
    assert_eq!((checker.live(), checker.peak_live()), (0, 1));
    checker.returned();
    assert_eq!(checker.violations(), []);
    assert_eq!(checker.summary().completed, 1);
}

#[test]
fn the_cap_counts_spawn_calls_and_not_receipts() {
    let mut checker = Checker::default();
    checker.hold_to(Allowance::of_cap(1));
    checker.command(&spawn(1, "a"));
    assert_eq!(broken(&checker), []);
    checker.command(&spawn(2, "b"));
    assert_eq!(broken(&checker), [Invariant::Cap]);
}

#[test]
fn a_refused_spawn_gives_its_place_back() {
    let mut checker = Checker::default();
    checker.hold_to(Allowance::of_cap(1));
    checker.command(&spawn(1, "a"));
    checker.refused(RequestId(1), &HostError::AtCapacity(String::new()));
    checker.command(&spawn(2, "a"));
    assert_eq!(broken(&checker), []);
}

#[test]
fn a_second_attempt_beside_the_first_is_noticed() {
    let mut checker = running();
    checker.command(&spawn(2, "a"));
    assert_eq!(broken(&checker), [Invariant::OneAttempt]);
}

#[test]
fn nothing_may_be_spawned_after_a_stop() {
    let mut checker = Checker::default();
    let what = EventKind::StopRequested { task: None, reason: String::new() };
    checker.event(&Event { seq: 0, at_ms: 0, what }, false);
    checker.command(&spawn(1, "a"));
    assert_eq!(broken(&checker), [Invariant::Stop]);
}

#[test]
fn what_is_alive_at_the_end_is_an_orphan() {
    let mut checker = running();
    checker.command(&spawn(2, "b"));
    assert_eq!(broken(&checker), [], "nothing is at the end before the end");
    checker.returned();
    assert_eq!(broken(&checker), [Invariant::NoOrphans, Invariant::NoOrphans]);
    assert_eq!(checker.orphans(), [key("s")]);
}

#[test]
fn what_was_to_be_deleted_has_to_be_gone() {
    let mut checker = Checker::default();
    checker.command(&changed(spawn(1, "a"), |options| options.cleanup = Cleanup::Delete));
    checker.accepted(RequestId(1), &key("s"));
    over(&mut checker, None);
    let mut kept = checker.clone();
    kept.returned();
    assert_eq!(broken(&kept), [Invariant::NoOrphans]);
    checker.deleted(&key("s"));
    checker.returned();
    assert_eq!(broken(&checker), []);
}

#[test]
fn requests_name_sessions_of_the_call_and_histories_wait_for_the_end() {
    let mut checker = running();
    checker.command(&Command::Cancel(RequestId(2), key("somebody else's")));
    let query = HistoryQuery { session_key: key("s"), offset: 0, limit: 1, include_tools: false };
    checker.command(&Command::History(RequestId(3), query.clone()));
    over(&mut checker, None);
    checker.command(&Command::History(RequestId(4), query.clone()));
    assert_eq!(broken(&checker), [Invariant::CallOrder; 2]);
    checker.deleted(&key("s"));
    checker.command(&Command::History(RequestId(5), query));
    assert_eq!(broken(&checker), [Invariant::CallOrder; 3]);
}

#[test]
fn cleaning_up_has_an_end() {
    let mut checker = running();
    for request in 2..=11 {
        checker.command(&Command::Cancel(RequestId(request), key("s")));
    }
    assert_eq!(broken(&checker), []);
    checker.command(&Command::Delete(RequestId(12), key("s")));
    assert_eq!(broken(&checker), [Invariant::CallOrder]);
}

#[test]
fn every_request_has_one_number_and_one_answer() {
    let mut checker = running();
    let answer = |seq, request| Event {
        seq,
        at_ms: 0,
        what: EventKind::Answered { request: RequestId(request), outcome: Ok(Reply::Cancelled) },
    };
    checker.event(&answer(0, 1), false);
    assert_eq!(broken(&checker), []);
    checker.event(&answer(1, 1), false);
    checker.event(&answer(2, 7), false);
    checker.command(&spawn(1, "b"));
    assert_eq!(broken(&checker), [Invariant::OneAnswer; 3]);
}

#[test]
fn progress_has_no_gaps_and_nothing_after_the_end() {
    let mut checker = Checker::default();
    checker.command(&progress(0, TaskStatus::Running));
    checker.command(&progress(1, TaskStatus::Completed));
    assert_eq!(broken(&checker), []);
    checker.command(&progress(3, TaskStatus::Failed));
    assert_eq!(broken(&checker), [Invariant::Progress; 2], "a gap, and an end after the end");
}

#[test]
fn the_same_session_asked_for_again_takes_no_second_place() {
    let mut checker = Checker::default();
    checker.hold_to(Allowance::of_cap(1));
    let Command::Spawn(request, options) = spawn(1, "a") else { unreachable!() };
    checker.command(&Command::Spawn(request, options.clone()));
    checker.accepted(request, &key("s"));
    checker.command(&Command::Spawn(RequestId(2), options));
    checker.accepted(RequestId(2), &key("s"));
    assert_eq!((checker.live(), broken(&checker)), (1, vec![]));
}

#[test]
fn what_the_host_kept_alive_and_the_call_named_is_no_orphan() {
    let mut checker = running();
    checker.kept_alive(&key("s"));
    checker.returned();
    assert_eq!(broken(&checker), [Invariant::NoOrphans], "nobody named it");
    checker.leak_was_named(key("s"));
    assert_eq!(broken(&checker), []);
    let mut checker = running();
    checker.returned();
    checker.leak_was_named(key("s"));
    assert_eq!(broken(&checker), [Invariant::NoOrphans], "the host would have stopped it");
}

#[test]
fn a_receipt_of_another_session_hides_no_attempt_but_its_own() {
    let mut checker = Checker::default();
    for (number, label) in [(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "c")] {
        checker.command(&spawn(number, label));
        checker.accepted(RequestId(number), &key(&format!("session {number}")));
    }
    assert_eq!(checker.duplicate_sessions(), 2);
    checker.receipt_repeated(&key("session 5"));
    assert_eq!(checker.duplicate_sessions(), 2, "that of c says nothing of a and b");
    checker.receipt_repeated(&key("session 2"));
    assert_eq!(checker.duplicate_sessions(), 1, "the second of b still counts");
}

#[test]
fn a_session_behind_the_receipt_of_another_holds_no_place_of_its_task_alone() {
    let mut checker = running();
    checker.command(&spawn(2, "b"));
    checker.accepted(RequestId(2), &key("t"));
    checker.receipt_repeated(&key("t"));
    checker.command(&spawn(3, "b"));
    assert_eq!(broken(&checker), [], "the call does not know that b has a session");
    checker.command(&spawn(4, "a"));
    assert_eq!(broken(&checker), [Invariant::OneAttempt], "of a it knows");
}
