use std::sync::Arc;

use parallel_agents_engine::host::{
    AnswerForm, Command, Event, Happening, HistoryQuery, HostError, HostFacts, Progress, Receipt, Reply, SessionEnd,
    SessionOutcome, SpawnOptions,
};
use parallel_agents_engine::ids::{AgentType, TaskId};
use parallel_agents_engine::task::{Cleanup, TaskStatus};

use super::*;

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

/// A ledger that holds a call to a request with these tasks and more members.
fn held_to(tasks: &str, more: &str) -> Ledger {
    let comma = if more.is_empty() { "" } else { ", " };
    let text = format!(r#"{{"tasks": [{tasks}]{comma}{more}}}"#);
    let mut ledger = Ledger::default();
    ledger.hold_to(Allowance::of_run("run_tasks", &text, None).expect("a request"));
    ledger
}

/// The first event of every call.
fn opened() -> Happening {
    Happening::Opened(HostFacts {
        name: String::new(),
        seed: 9,
        max_concurrent: None,
        reports_starts: true,
        keeps_journal: false,
        limits: None,
    })
}

/// An event, for which the call wanted to wait until then.
fn tell(ledger: &mut Ledger, at_ms: u64, what: Happening) {
    ledger.time.waits(Some(at_ms));
    ledger.event(&Event { seq: ledger.events, at_ms, what }, false);
}

/// A session is over.
fn ended(ledger: &mut Ledger, session: &SessionKey, outcome: &SessionOutcome, model: &str, usage: Option<Usage>) {
    let over = SessionOver { state: SessionState::Completed, outcome, model, usage, cost_micro_usd: 0 };
    ledger.session_over(session, over);
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

/// A ledger with one session that runs.
fn running() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.command(&spawn(1, "a"));
    ledger.accepted(RequestId(1), &key("s"));
    ledger
}

/// The session of [`running`] answers.
fn over(ledger: &mut Ledger, usage: Option<Usage>) {
    let outcome = &SessionOutcome::Completed;
    let state = SessionState::Completed;
    let over = SessionOver { state, outcome, model: "sim/a", usage, cost_micro_usd: 9 };
    ledger.session_over(&key("s"), over);
}

fn broken(ledger: &Ledger) -> Vec<Invariant> {
    ledger.violations().into_iter().map(|violation| violation.invariant).collect()
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
    let mut ledger = Ledger::default();
    ledger.command(&spawn(1, "a"));
    assert_eq!(ledger.live(), 1);
    ledger.accepted(RequestId(1), &key("s"));
    assert_eq!(ledger.live(), 1);
    over(&mut ledger, None);
    assert_eq!((ledger.live(), ledger.peak_live()), (0, 1));
    ledger.returned();
    assert_eq!(ledger.violations(), []);
    assert_eq!(ledger.summary().completed, 1);
}

#[test]
fn the_cap_counts_spawn_calls_and_not_receipts() {
    let mut ledger = Ledger::default();
    ledger.hold_to(Allowance::of_cap(1));
    ledger.command(&spawn(1, "a"));
    assert_eq!(broken(&ledger), []);
    ledger.command(&spawn(2, "b"));
    assert_eq!(broken(&ledger), [Invariant::Cap]);
}

#[test]
fn a_refused_spawn_gives_its_place_back() {
    let mut ledger = Ledger::default();
    ledger.hold_to(Allowance::of_cap(1));
    ledger.command(&spawn(1, "a"));
    ledger.refused(RequestId(1), &HostError::AtCapacity(String::new()));
    ledger.command(&spawn(2, "a"));
    assert_eq!(broken(&ledger), []);
}

#[test]
fn a_second_attempt_beside_the_first_is_noticed() {
    let mut ledger = running();
    ledger.command(&spawn(2, "a"));
    assert_eq!(broken(&ledger), [Invariant::OneAttempt]);
}

#[test]
fn nothing_may_be_spawned_after_a_stop() {
    let mut ledger = Ledger::default();
    let what = Happening::StopRequested { task: None, reason: String::new() };
    ledger.event(&Event { seq: 0, at_ms: 0, what }, false);
    ledger.command(&spawn(1, "a"));
    assert_eq!(broken(&ledger), [Invariant::Stop]);
}

#[test]
fn what_is_alive_at_the_end_is_an_orphan() {
    let mut ledger = running();
    ledger.command(&spawn(2, "b"));
    assert_eq!(broken(&ledger), [], "nothing is at the end before the end");
    ledger.returned();
    assert_eq!(broken(&ledger), [Invariant::NoOrphans, Invariant::NoOrphans]);
    assert_eq!(ledger.orphans(), [key("s")]);
}

#[test]
fn what_was_to_be_deleted_has_to_be_gone() {
    let mut ledger = Ledger::default();
    ledger.command(&changed(spawn(1, "a"), |options| options.cleanup = Cleanup::Delete));
    ledger.accepted(RequestId(1), &key("s"));
    over(&mut ledger, None);
    let mut kept = ledger.clone();
    kept.returned();
    assert_eq!(broken(&kept), [Invariant::NoOrphans]);
    ledger.deleted(&key("s"));
    ledger.returned();
    assert_eq!(broken(&ledger), []);
}

#[test]
fn requests_name_sessions_of_the_call_and_histories_wait_for_the_end() {
    let mut ledger = running();
    ledger.command(&Command::Cancel(RequestId(2), key("somebody else's")));
    let query = HistoryQuery { session_key: key("s"), offset: 0, limit: 1, include_tools: false };
    ledger.command(&Command::History(RequestId(3), query.clone()));
    over(&mut ledger, None);
    ledger.command(&Command::History(RequestId(4), query.clone()));
    assert_eq!(broken(&ledger), [Invariant::CallOrder; 2]);
    ledger.deleted(&key("s"));
    ledger.command(&Command::History(RequestId(5), query));
    assert_eq!(broken(&ledger), [Invariant::CallOrder; 3]);
}

#[test]
fn cleaning_up_has_an_end() {
    let mut ledger = running();
    for request in 2..=11 {
        ledger.command(&Command::Cancel(RequestId(request), key("s")));
    }
    assert_eq!(broken(&ledger), []);
    ledger.command(&Command::Delete(RequestId(12), key("s")));
    assert_eq!(broken(&ledger), [Invariant::CallOrder]);
}

#[test]
fn every_request_has_one_number_and_one_answer() {
    let mut ledger = running();
    let answer = |seq, request| Event {
        seq,
        at_ms: 0,
        what: Happening::Answered { request: RequestId(request), outcome: Ok(Reply::Cancelled) },
    };
    ledger.event(&answer(0, 1), false);
    assert_eq!(broken(&ledger), []);
    ledger.event(&answer(1, 1), false);
    ledger.event(&answer(2, 7), false);
    ledger.command(&spawn(1, "b"));
    assert_eq!(broken(&ledger), [Invariant::OneAnswer; 3]);
}

#[test]
fn progress_has_no_gaps_and_nothing_after_the_end() {
    let mut ledger = Ledger::default();
    ledger.command(&progress(0, TaskStatus::Running));
    ledger.command(&progress(1, TaskStatus::Completed));
    assert_eq!(broken(&ledger), []);
    ledger.command(&progress(3, TaskStatus::Failed));
    assert_eq!(broken(&ledger), [Invariant::Progress; 2], "a gap, and an end after the end");
}

#[test]
fn the_same_session_asked_for_again_takes_no_second_place() {
    let mut ledger = Ledger::default();
    ledger.hold_to(Allowance::of_cap(1));
    let Command::Spawn(request, options) = spawn(1, "a") else { unreachable!() };
    ledger.command(&Command::Spawn(request, options.clone()));
    ledger.accepted(request, &key("s"));
    ledger.command(&Command::Spawn(RequestId(2), options));
    ledger.accepted(RequestId(2), &key("s"));
    assert_eq!((ledger.live(), broken(&ledger)), (1, vec![]));
}

#[test]
fn what_the_host_kept_alive_and_the_call_named_is_no_orphan() {
    let mut ledger = running();
    ledger.kept_alive(&key("s"));
    ledger.returned();
    assert_eq!(broken(&ledger), [Invariant::NoOrphans], "nobody named it");
    ledger.leak_was_named(key("s"));
    assert_eq!(broken(&ledger), []);
    let mut ledger = running();
    ledger.returned();
    ledger.leak_was_named(key("s"));
    assert_eq!(broken(&ledger), [Invariant::NoOrphans], "the host would have stopped it");
}

#[test]
fn a_receipt_of_another_session_hides_no_attempt_but_its_own() {
    let mut ledger = Ledger::default();
    for (number, label) in [(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "c")] {
        ledger.command(&spawn(number, label));
        ledger.accepted(RequestId(number), &key(&format!("session {number}")));
    }
    assert_eq!(ledger.duplicate_sessions(), 2);
    ledger.receipt_repeated(&key("session 5"));
    assert_eq!(ledger.duplicate_sessions(), 2, "that of c says nothing of a and b");
    ledger.receipt_repeated(&key("session 2"));
    assert_eq!(ledger.duplicate_sessions(), 1, "the second of b still counts");
}

#[test]
fn a_session_behind_the_receipt_of_another_holds_no_place_of_its_task_alone() {
    let mut ledger = running();
    ledger.command(&spawn(2, "b"));
    ledger.accepted(RequestId(2), &key("t"));
    ledger.receipt_repeated(&key("t"));
    ledger.command(&spawn(3, "b"));
    assert_eq!(broken(&ledger), [], "the call does not know that b has a session");
    ledger.command(&spawn(4, "a"));
    assert_eq!(broken(&ledger), [Invariant::OneAttempt], "of a it knows");
}
