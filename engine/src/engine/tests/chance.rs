//! Any host at all: whatever it answers and in whatever order, the invariants hold.

use proptest::prelude::*;

use super::puppet::{Open, Puppet, receipt};
use crate::host::{Completion, EventKind, FailureKind, FinishReason, HistoryPage, HostError, Reply, SessionOutcome};
use crate::ids::SessionKey;
use crate::task::Cleanup;
use crate::testing::plan_of;

/// One thing that the host does next; numbers choose among what is possible.
#[derive(Clone, Debug)]
enum Act {
    Answer(usize, u8),
    End(usize, u8),
    Start(usize),
    StopTask(usize),
    StopAll,
    Wake,
    Rewind(u64),
    Repeat(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => (any::<usize>(), any::<u8>()).prop_map(|(which, how)| Act::Answer(which, how)),
        15 => (any::<usize>(), any::<u8>()).prop_map(|(which, how)| Act::End(which, how)),
        3 => any::<usize>().prop_map(Act::Start),
        1 => any::<usize>().prop_map(Act::StopTask),
        1 => Just(Act::StopAll),
        5 => Just(Act::Wake),
        1 => (0_u64..5_000).prop_map(Act::Rewind),
        2 => any::<usize>().prop_map(Act::Repeat),
    ]
}

/// What the host knows by itself.
#[derive(Default)]
struct FakeHost {
    live: Vec<SessionKey>,
    deleted: Vec<SessionKey>,
    named: usize,
}

impl FakeHost {
    fn reply(&mut self, open: &Open, how: u8) -> Result<Reply, HostError> {
        let words = || "no".to_owned();
        match how % 12 {
            0 => return Err(HostError::Forbidden(words())),
            1 => return Err(HostError::AtCapacity(words())),
            2 => return Err(HostError::Unavailable(words())),
            3 => return Err(HostError::Busy(words())),
            4 if how > 250 => return Err(HostError::Exhausted(words())),
            5 => return Err(HostError::InDoubt(words())),
            // A host that knows a session never says otherwise, so only reading can miss one.
            6 if matches!(open, Open::History(_)) => return Err(HostError::NotFound(words())),
            _ => {}
        }
        Ok(match open {
            Open::Spawn(_) => {
                self.named += 1;
                let key = format!("s{}", self.named);
                self.live.push(SessionKey::new(key.clone()));
                receipt(&key)
            }
            Open::History(_) => Reply::History(HistoryPage {
                messages: vec![],
                has_more: how > 128,
                dropped_messages: 0,
                redacted: false,
            }),
            Open::Cancel(session) => {
                self.live.retain(|live| live != session);
                Reply::Cancelled
            }
            Open::Delete(session) => {
                self.live.retain(|live| live != session);
                self.deleted.push(session.clone());
                Reply::Deleted
            }
            Open::Attach(_) => return Err(HostError::NotFound(words())),
        })
    }
}

/// Rules that every host has to leave the invariants to; each bit of `choice` switches one on.
fn rules(plan: &mut crate::plan::Plan, choice: u16) {
    let on = |bit: u16| choice & (1 << bit) != 0;
    let rules = &mut plan.rules;
    rules.retries.budget = on(0).then_some(3);
    rules.breaker = on(1);
    rules.canary = on(2).then_some(2);
    rules.hedge = on(3);
    rules.caps.tokens = on(4).then_some(60_000);
    rules.caps.spawns = on(5).then_some(5);
    rules.caps.seconds = on(6).then_some(30);
    rules.start_interval_ms = if on(7) { 200 } else { 0 };
    if on(8) {
        rules.wait.mode = crate::task::WaitMode::First;
        rules.wait.count = 2;
    }
    if on(9) {
        rules.ladder = crate::policy::ladder::Ladder::of(&crate::policy::ladder::Ladder::default_models());
        rules.strict_model = on(10);
    }
    for (index, task) in plan.tasks.iter_mut().enumerate() {
        task.handling.idempotent = index % 2 == 0;
        task.handling.retries = u32::from(choice % 4);
        task.handling.on_dependency_failure = match (on(11), index % 3) {
            (true, 0) => crate::task::OnDependencyFailure::Run,
            (true, 1) => crate::task::OnDependencyFailure::FailFast,
            _ => crate::task::OnDependencyFailure::Skip,
        };
        task.handling.proof.min_tool_calls = u32::from(on(12) && index == 0);
    }
}

fn play(tasks: usize, edges: &[(usize, usize)], cap: u32, delete: bool, choice: u16, acts: &[Act]) -> Puppet {
    let mut plan = plan_of(tasks, edges);
    rules(&mut plan, choice);
    plan.max_concurrent = cap;
    plan.cleanup = if delete { Cleanup::Delete } else { Cleanup::Keep };
    let mut puppet = Puppet::open(plan);
    let mut host = FakeHost::default();
    for act in acts {
        if puppet.report.is_some() {
            break;
        }
        perform(&mut puppet, &mut host, act, tasks);
        let alive = host.live.len() + puppet.open.values().filter(|open| matches!(open, Open::Spawn(_))).count();
        assert!(alive <= cap as usize, "{alive} sessions with a cap of {cap}");
    }
    // From here on the host only lets time pass; the run has to end all the same.
    let limit = puppet.now + 1_830_000 + 5_000 * acts.len() as u64;
    while puppet.report.is_none() {
        puppet.wake();
        assert!(puppet.now <= limit, "still running at {}", puppet.now);
    }
    let leaked = &puppet.done().leaked;
    for session in &host.live {
        assert!(leaked.contains(session), "{session} is alive and not named");
    }
    let named: std::collections::BTreeSet<&SessionKey> = leaked.iter().collect();
    assert_eq!(named.len(), leaked.len(), "one is named twice: {leaked:?}");
    assert!(!host.deleted.iter().any(|session| named.contains(session)), "one is deleted and named: {leaked:?}");
    puppet
}

/// Has the host do something, if it can.
fn perform(puppet: &mut Puppet, host: &mut FakeHost, act: &Act, tasks: usize) {
    match act {
        Act::Answer(which, how) => {
            let Some((id, open)) = pick(puppet.open.iter(), *which).map(|(id, open)| (*id, open.clone())) else {
                return;
            };
            let reply = host.reply(&open, *how);
            puppet.answer(id, reply);
        }
        Act::End(which, how) => {
            let Some(session) = pick(host.live.iter(), *which).cloned() else { return };
            host.live.retain(|live| *live != session);
            let text = |truncated| Some(Completion { text: "words".to_owned(), truncated, finish: FinishReason::Stop });
            let failed =
                SessionOutcome::Failed { kind: FailureKind::Other, message: "x".to_owned(), retry_after_ms: None };
            match how % 8 {
                0 => puppet.ends_as(session.as_str(), failed, None),
                1 => puppet.ends_as(session.as_str(), SessionOutcome::TimedOut, text(false)),
                2 => puppet.ends_as(session.as_str(), SessionOutcome::Completed, None),
                3 => puppet.ends_as(session.as_str(), SessionOutcome::Completed, text(true)),
                4 => puppet.ends_as(session.as_str(), SessionOutcome::Interrupted, None),
                _ => puppet.ends(session.as_str(), "words"),
            }
        }
        Act::Start(which) => {
            let Some(session) = pick(host.live.iter(), *which).cloned() else { return };
            puppet.happens(EventKind::SessionStarted(session));
        }
        Act::StopTask(which) => {
            let task = Some(crate::ids::TaskId::new(format!("task-{}", which % tasks + 1)));
            puppet.happens(EventKind::StopRequested { task, reason: "x".to_owned() });
        }
        Act::StopAll => puppet.stop(),
        Act::Wake => puppet.wake(),
        Act::Rewind(by) => {
            puppet.now = puppet.now.saturating_sub(*by);
            puppet.happens(EventKind::TimerFired);
        }
        Act::Repeat(which) => puppet.ends(&format!("s{which}"), "again"),
    }
}

fn pick<T>(mut items: impl ExactSizeIterator<Item = T>, which: usize) -> Option<T> {
    let count = items.len();
    if count == 0 { None } else { items.nth(which % count) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_under_any_host(
        tasks in 1_usize..8,
        raw_edges in prop::collection::vec((any::<usize>(), any::<usize>()), 0..6),
        cap in 1_u32..5,
        delete in any::<bool>(),
        choice in any::<u16>(),
        acts in prop::collection::vec(act(), 0..80),
    ) {
        let edges: Vec<(usize, usize)> =
            raw_edges.iter().map(|(a, b)| (a % tasks, b % tasks)).filter(|(task, on)| on < task).collect();
        let puppet = play(tasks, &edges, cap, delete, choice, &acts);
        let report = puppet.done();
        prop_assert_eq!(report.results.len(), tasks);
        let census = report.census;
        prop_assert_eq!(census.completed + census.failed + census.timeout + census.cancelled + census.skipped, tasks as u32);
        prop_assert!(report.peak_in_flight <= cap);
        prop_assert_eq!(report.spawn_calls, puppet.spawns);
        let sessions: u32 = report.results.iter().map(|result| result.metadata.attempts).sum();
        prop_assert!(choice & 32 == 0 || sessions <= 5, "{} sessions", sessions);
        for (index, result) in report.results.iter().enumerate() {
            prop_assert!(result.status.is_final());
            prop_assert_eq!(result.metadata.attempts as usize, result.metadata.attempt_log.len());
            let ends = puppet.told.iter().filter(|(task, status)| *task == format!("task-{}", index + 1) && status.is_final());
            prop_assert_eq!(ends.count(), 1, "one final status is told for each task");
        }
        // The same events give the same report.
        let again = play(tasks, &edges, cap, delete, choice, &acts);
        prop_assert_eq!(again.done(), report);
    }
}
