//! Budgets, circuits, canaries: what is not started, and why.

use std::collections::BTreeMap;

use super::puppet::{Puppet, facts};
use crate::host::{
    Completion, Event, EventKind, FailureKind, FinishReason, HostFacts, OperatorLimits, Reply, SessionEnd,
    SessionOutcome,
};
use crate::ids::SessionKey;
use crate::json::output_schema::OutputSchema;
use crate::plan::Plan;
use crate::policy::caps::Caps;
use crate::policy::price::Prices;
use crate::task::{ErrorCode, OutputFormat, Price, RunStatus, TaskStatus, Usage};
use crate::testing::plan_of;
use crate::workflow::AsPlanned;

/// Every session is counted with its prompt (some 80 tokens) and 1,000 more.
fn with_caps(tasks: usize, caps: Caps) -> Plan {
    let mut plan = plan_of(tasks, &[]);
    plan.rules.caps = Caps { session_tokens: Some(1_000), ..caps };
    plan
}

/// Every session answers and takes `tokens`.
fn play(plan: Plan, tokens: u64) -> Puppet {
    let mut puppet = Puppet::open(plan);
    let mut number = 0;
    while puppet.report.is_none() {
        number += 1;
        puppet.accept(&format!("s{number}"));
        puppet.ends_for(&format!("s{number}"), "fine", tokens, "m");
    }
    puppet
}

#[test]
fn a_budget_is_reserved_before_it_is_spent() {
    let caps = Caps { tokens: Some(2_900), ..Caps::default() };
    let puppet = Puppet::open(with_caps(5, caps));
    assert_eq!(puppet.spawns, 2, "room for two reservations, whatever the width");
    let puppet = play(with_caps(5, caps), 300);
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Completed, 5), "what was not used came back");
    let puppet = play(with_caps(5, caps), 1_060);
    let report = puppet.done();
    assert_eq!((report.status, report.census.completed, report.census.cancelled), (RunStatus::Budget, 2, 3));
    assert_eq!((report.budget.tokens.spent, report.budget.tokens.overshoot), (2_120, 0));
    assert!(report.results[4].error.as_ref().is_some_and(|error| error.code == ErrorCode::Budget));
}

#[test]
fn a_session_that_takes_more_than_reserved_is_the_last() {
    let puppet = play(with_caps(5, Caps { tokens: Some(2_900), ..Caps::default() }), 9_000);
    let report = puppet.done();
    assert_eq!((report.status, puppet.spawns), (RunStatus::Budget, 2));
    assert!(report.budget.tokens.overshoot > 14_000, "{:?}", report.budget);
}

/// The first of two sessions ends and took far too much; what `before` does to it comes first. Then the second one ends.
fn excess_told_late(truncated: bool, before: impl FnOnce(&mut Puppet)) -> Puppet {
    let mut plan = with_caps(5, Caps { tokens: Some(2_900), ..Caps::default() });
    plan.tasks[0].timeout_seconds = 5;
    plan.rules.retries.budget = Some(0);
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.accept("b");
    before(&mut puppet);
    puppet.happens(EventKind::SessionEnded(SessionEnd {
        session: SessionKey::new("a"),
        outcome: SessionOutcome::Completed,
        completion: Some(Completion { text: "half of".to_owned(), truncated, finish: FinishReason::Stop }),
        usage: Some(Usage { input_tokens: 9_000, output_tokens: 0 }),
        model: None,
    }));
    puppet.ends_for("b", "fine", 300, "m");
    puppet
}

#[test]
fn what_was_used_counts_from_when_it_is_known() {
    // Its transcript is still being read.
    let puppet = excess_told_late(true, |_| {});
    assert!(puppet.report.is_none() && puppet.spawns == 2, "{} sessions", puppet.spawns);
    // It was stopped, and settled without a word of the host's about what it had used.
    let puppet = excess_told_late(false, |puppet| {
        puppet.wake_once();
        puppet.answer_oldest(Ok(Reply::Cancelled));
        puppet.wake_once();
        puppet.answer_read(Ok(super::puppet::says(&[])));
    });
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Budget, 2));
    let spent = puppet.done().budget.tokens;
    assert_eq!((spent.spent, spent.overshoot > 7_000), (9_300, true));
}

#[test]
fn a_model_without_a_price_counts_as_all_that_was_reserved() {
    let caps = Caps { micro_usd: Some(9_000), ..Caps::default() };
    let mut plan = with_caps(5, caps);
    for task in &mut plan.tasks {
        task.model = Some("p/known".to_owned());
    }
    let price = Price { input: 3_000, output: 3_000 };
    plan.rules.prices = Prices(BTreeMap::from([("p/known".to_owned(), price)]));
    let mut puppet = Puppet::open(plan);
    let mut number = 0;
    while puppet.report.is_none() {
        number += 1;
        puppet.accept(&format!("s{number}"));
        puppet.ends_for(&format!("s{number}"), "fine", 1_000, "q/unknown");
    }
    let report = puppet.done();
    assert_eq!((report.status, puppet.spawns, report.cost.micro_usd), (RunStatus::Budget, 2, None));
    assert!(report.budget.micro_usd.spent > 6_000, "{:?}", report.budget);
}

#[test]
fn unreported_usage_counts_as_all_that_was_reserved() {
    let mut puppet = Puppet::open(with_caps(5, Caps { tokens: Some(2_900), ..Caps::default() }));
    puppet.accept("a");
    puppet.ends("a", "fine");
    puppet.accept("b");
    puppet.ends("b", "fine");
    let report = puppet.done();
    assert_eq!((report.status, report.usage, report.usage_complete), (RunStatus::Budget, None, false));
}

#[test]
fn spawns_and_seconds_have_caps_too() {
    let puppet = play(with_caps(5, Caps { spawns: Some(3), ..Caps::default() }), 1);
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Budget, 3));
    let mut plan = with_caps(3, Caps { seconds: Some(60), ..Caps::default() });
    plan.max_concurrent = 1;
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    let late = puppet.now + 60_000;
    while puppet.now < late {
        puppet.wake();
    }
    puppet.ends("a", "late, but it may end");
    let report = puppet.done();
    assert_eq!((report.status, report.census.completed, puppet.spawns), (RunStatus::Budget, 1, 1));
}

#[test]
fn a_retry_without_budget_ends_with_the_reason_of_the_failure() {
    let mut puppet = Puppet::open(with_caps(1, Caps { spawns: Some(1), ..Caps::default() }));
    puppet.accept("a");
    puppet.breaks("a", FailureKind::Infrastructure);
    puppet.wake();
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_MODEL_UNAVAILABLE"))]);
    assert_eq!(puppet.done().status, RunStatus::Budget);
}

fn always_wrong(tasks: usize) -> Plan {
    let mut plan = plan_of(tasks, &[]);
    for task in &mut plan.tasks {
        task.output_format = OutputFormat::Json;
        task.output_schema = Some(OutputSchema::new(serde_json::json!({"type": "object", "required": ["never"]})));
    }
    plan
}

fn play_wrong(plan: Plan) -> Puppet {
    let mut puppet = Puppet::open(plan);
    puppet.play(|puppet, key| puppet.ends(key, "{}"));
    puppet
}

#[test]
fn a_schema_that_always_fails_does_not_cost_every_task_a_session() {
    let puppet = play_wrong(always_wrong(112));
    assert!(puppet.spawns <= 5 + 5, "{} sessions", puppet.spawns);
    let report = puppet.done();
    assert_eq!((report.status, report.census.failed), (RunStatus::Failed, 112));
    let codes =
        report.results.iter().filter(|r| r.error.as_ref().is_some_and(|e| e.code == ErrorCode::BreakerOpen)).count();
    assert!(codes > 100, "{codes}");
    let mut plan = always_wrong(112);
    plan.rules.breaker = false;
    assert_eq!(play_wrong(plan).spawns, 224, "without it every task costs a session and a correction");
}

#[test]
fn canaries_go_ahead_and_stop_the_rest() {
    let mut plan = always_wrong(50);
    plan.rules.canary = Some(2);
    let puppet = play_wrong(plan);
    assert_eq!(puppet.spawns, 4, "two tasks and their corrections");
    assert!(puppet.done().results[49].error.as_ref().is_some_and(|error| error.code == ErrorCode::CanaryFailed));
    let mut plan = plan_of(9, &[]);
    plan.rules.canary = Some(2);
    let mut puppet = Puppet::open(plan);
    assert_eq!(puppet.spawns, 2);
    puppet.accept("a");
    puppet.ends("a", "fine");
    assert_eq!(puppet.spawns, 2, "the second one is still out");
    puppet.accept("b");
    puppet.ends("b", "fine");
    assert_eq!(puppet.spawns, 7, "five at once from here on");
}

#[test]
fn an_open_circuit_waits_and_one_session_probes() {
    let mut plan = plan_of(20, &[]);
    plan.rules.retries.budget = Some(0);
    let mut puppet = Puppet::open(plan);
    for number in 0..5 {
        puppet.accept(&format!("broken{number}"));
        puppet.breaks(&format!("broken{number}"), FailureKind::Infrastructure);
    }
    // Four were started before the circuit opened.
    for number in 0..4 {
        puppet.accept(&format!("early{number}"));
        puppet.ends(&format!("early{number}"), "fine");
    }
    assert_eq!((puppet.spawns, puppet.open.len()), (9, 0));
    puppet.wake();
    assert_eq!((puppet.now, puppet.spawns), (5_000 + 30_000, 10), "one session probes");
    let mut number = 0;
    while puppet.report.is_none() {
        number += 1;
        puppet.accept(&format!("s{number}"));
        puppet.ends(&format!("s{number}"), "fine");
    }
    assert_eq!(puppet.done().census.completed, 15);
}

#[test]
fn a_host_that_counts_wrong_and_whose_clock_jumps_is_outlived() {
    let mut puppet = Puppet::open(plan_of(2, &[]));
    // The greatest number there is, then numbers that were told long ago; a clock that jumps to and fro.
    let events = [(u64::MAX, u64::MAX / 2), (3, 0), (4, u64::MAX / 2), (5, 0), (6, u64::MAX / 2)];
    let more = (7..40).map(|seq| (seq, u64::MAX / 2 + seq * 60_000));
    for (seq, at_ms) in events.into_iter().chain(more) {
        puppet.engine.step(Event { seq, at_ms, what: EventKind::TimerFired }, &mut AsPlanned);
    }
    let report = puppet.engine.finished().expect("an end").expect("a report");
    assert_eq!(report.results.len(), 2);
    assert!(report.results.iter().all(|result| result.status.is_final()));
}

fn allowing(limits: OperatorLimits) -> HostFacts {
    HostFacts { max_concurrent: Some(2), limits: Some(limits), ..facts() }
}

#[test]
fn the_operator_limits_a_run_that_has_no_limits_of_its_own() {
    let limits = OperatorLimits { spawns: Some(2), ..OperatorLimits::default() };
    let mut puppet = Puppet::with(plan_of(5, &[]), allowing(limits));
    for key in ["a", "b"] {
        puppet.accept(key);
        puppet.ends(key, "fine");
    }
    let report = puppet.done();
    assert_eq!((report.status, puppet.spawns, report.census.completed), (RunStatus::Budget, 2, 2));
    assert_eq!((report.budget.spawns.cap, report.forecast.sessions_worst), (Some(2), 2));
}

#[test]
fn an_operator_who_changes_his_mind_is_heeded_from_then_on() {
    let mut puppet = Puppet::with(plan_of(9, &[]), allowing(OperatorLimits::default()));
    puppet.accept("a");
    assert_eq!(puppet.spawns, 2);
    let narrower = OperatorLimits { spawns: Some(3), ..OperatorLimits::default() };
    puppet.happens(EventKind::Opened(HostFacts { max_concurrent: Some(1), ..allowing(narrower) }));
    puppet.accept("b");
    puppet.ends("a", "fine");
    assert_eq!(puppet.spawns, 2, "two ran, where now only one may");
    puppet.ends("b", "fine");
    assert_eq!(puppet.spawns, 3);
    // Nobody lifts what held before.
    puppet.happens(EventKind::Opened(allowing(OperatorLimits::default())));
    puppet.accept("c");
    puppet.ends("c", "fine");
    let report = puppet.done();
    assert_eq!((puppet.spawns, report.census.completed, report.ignored_events), (3, 3, 0));
}

#[test]
fn a_request_cannot_name_prices_of_its_own_under_the_operators() {
    let price = |input| Price { input, output: input };
    let dear = OperatorLimits {
        micro_usd: Some(100_000),
        prices: BTreeMap::from([("p/known".to_owned(), price(3_000))]),
        ..OperatorLimits::default()
    };
    let mut plan = plan_of(3, &[]);
    plan.rules.prices = Prices(BTreeMap::from([("p/known".to_owned(), price(0)), ("*".to_owned(), price(0))]));
    for (task, model) in plan.tasks.iter_mut().zip(["p/known", "q/free", "p/known"]) {
        task.model = Some(model.to_owned());
    }
    let mut puppet = Puppet::with(plan, allowing(dear.clone()));
    assert_eq!(puppet.spawns, 2);
    for key in ["a", "b"] {
        puppet.accept(key);
        puppet.ends_for(key, "fine", 1_000, "p/known");
    }
    let [_, free, _] = puppet.verdicts()[..] else { panic!("three tasks") };
    assert_eq!(free, (TaskStatus::Failed, Some("E_BUDGET_UNENFORCEABLE")));
    assert_eq!((puppet.done().budget.micro_usd.spent, puppet.done().budget.micro_usd.cap), (6_000, Some(100_000)));
    // A cap without prices cannot be kept by anybody's prices but the operator's.
    let mut plan = plan_of(1, &[]);
    plan.rules.prices = Prices(BTreeMap::from([("*".to_owned(), price(0))]));
    let puppet = Puppet::with(plan, allowing(OperatorLimits { prices: BTreeMap::new(), ..dear }));
    assert_eq!((puppet.spawns, puppet.verdicts()), (0, vec![(TaskStatus::Failed, Some("E_BUDGET_UNENFORCEABLE"))]));
}

#[test]
fn a_run_with_more_tasks_than_the_operator_allows_is_refused_before_anything_is_asked_for() {
    for (allowed, refused) in [(8, true), (9, false)] {
        let limits = OperatorLimits { tasks: Some(allowed), ..OperatorLimits::default() };
        let mut engine = crate::engine::Engine::new(plan_of(9, &[]));
        let opened = Event { seq: 0, at_ms: 5_000, what: EventKind::Opened(allowing(limits)) };
        let commands = engine.step(opened, &mut crate::workflow::AsPlanned);
        match engine.finished() {
            Some(Err(crate::problem::CallError::InvalidRequest(problems))) => {
                assert!(refused && commands.is_empty(), "{commands:?}");
                assert_eq!((problems[0].code.as_str(), problems[0].limit.as_deref()), ("E_TASK_COUNT", Some("1..=8")));
            }
            other => assert!(!refused && other.is_none() && !commands.is_empty(), "{other:?}"),
        }
    }
}
