//! Whatever models the host runs, a task never ends on a tier below the one that it was promised.
//!
//! The promise is the tier that its first session was asked for: its own, or the agent type's, or a better one that the run
//! has learned to start with. From there it only rises. With `strict_model` the promise is about what ran, without it
//! about what was asked for; what ran instead is reported.

use super::ladder::{climbing, review};
use super::puppet::{Open, Puppet};
use crate::host::{Completion, EventKind, FailureKind, FinishReason, Reply, SessionEnd, SessionOutcome};
use crate::ids::SessionKey;
use crate::plan::{Judge, Plan};
use crate::policy::chance::draw;
use crate::policy::ladder::Ladder;
use crate::score::Score;
use crate::task::{AttemptKind, TaskResult, TaskStatus, Tier, TierModels, Usage};

const MODELS: [&str; 5] = ["p/small", "p/middle", "p/large", "q/other", "large"];

/// All that is drawn for one run, from its seed.
struct Draws {
    seed: u64,
    number: u64,
}

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.number += 1;
        draw(self.seed, "tiers", self.number, bound - 1)
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

fn tier_of(model: &str) -> Option<Tier> {
    let place = MODELS.iter().take(3).position(|known| *known == model)?;
    Tier::ALL.get(place).copied()
}

fn plan(draws: &mut Draws) -> Plan {
    let mut plan = climbing(1 + draws.below(4) as usize);
    let named = |on: bool, place: usize| on.then(|| MODELS[place].to_owned());
    let models = TierModels {
        economy: named(!draws.one_in(5), 0),
        standard: named(!draws.one_in(5), 1),
        premium: named(!draws.one_in(5), 2),
    };
    let rules = &mut plan.rules;
    rules.ladder = Ladder::of(&models);
    rules.escalate = !draws.one_in(6);
    rules.strict_model = draws.one_in(2);
    rules.corrections = draws.below(3) as u32;
    rules.breaker = draws.one_in(2);
    rules.hedge = draws.one_in(3);
    rules.retries.budget = Some(draws.below(6) as u32);
    if draws.one_in(3) {
        let agent = crate::testing::shipped("agent_design_reviewer");
        let threshold = Score::read(&serde_json::json!(7)).expect("a score");
        rules.judge = Some(Judge { agent, threshold });
    }
    for task in &mut plan.tasks {
        task.handling.tier = Tier::ALL[draws.below(3) as usize];
        task.handling.idempotent = draws.one_in(2);
        if draws.one_in(6) {
            task.model = Some(MODELS[draws.below(3) as usize].to_owned());
        }
    }
    plan
}

/// How a session ends: with an answer of some worth under some model, or not.
fn end(draws: &mut Draws, puppet: &mut Puppet, key: &str, asked: Option<String>, judges: bool) {
    let swapped = draws.one_in(3);
    let ran = if swapped { Some(MODELS[draws.below(5) as usize].to_owned()) } else { asked };
    let words = match draws.below(5) {
        0 => "{}".to_owned(),
        1 => String::new(),
        2 => "I can't help with that.".to_owned(),
        _ if judges => review(draws.below(10) as f64),
        _ => "{\"a\": 1}".to_owned(),
    };
    let failed = |kind| SessionOutcome::Failed { kind, message: "HTTP 500".to_owned(), retry_after_ms: None };
    let outcome = match draws.below(12) {
        0 => failed(FailureKind::Infrastructure),
        1 => failed(FailureKind::RateLimited),
        2 => SessionOutcome::Interrupted,
        _ => SessionOutcome::Completed,
    };
    puppet.happens(EventKind::SessionEnded(SessionEnd {
        session: SessionKey::new(key),
        outcome,
        completion: Some(Completion { text: words, truncated: false, finish: FinishReason::Stop }),
        usage: Some(Usage { input_tokens: 9, output_tokens: 9 }),
        model: ran.filter(|_| !draws.one_in(9)),
    }));
}

fn play(seed: u64) -> (Plan, Puppet) {
    let mut draws = Draws { seed, number: 0 };
    let plan = plan(&mut draws);
    let mut puppet = Puppet::open(plan.clone());
    let (mut live, mut accepted) = (Vec::new(), 0);
    while puppet.report.is_none() {
        let open = puppet.open.iter().next().map(|(id, open)| (*id, open.clone()));
        match open {
            Some((_, Open::Spawn(_))) => {
                let (asked, label) = puppet.asked[accepted].clone();
                let key = format!("s{accepted}");
                accepted += 1;
                live.push((key.clone(), asked.clone(), label.starts_with("agent_design_reviewer")));
                let ran = if draws.one_in(6) { Some(MODELS[draws.below(5) as usize].to_owned()) } else { asked };
                puppet.answer_oldest(Ok(super::puppet::receipt_of(&key, ran.as_deref().unwrap_or("mock/m1"))));
            }
            Some((id, Open::History(_))) => puppet.answer(id, Ok(super::puppet::says(&[]))),
            Some((id, Open::Cancel(session))) => {
                live.retain(|(key, ..)| key != session.as_str());
                puppet.answer(id, Ok(Reply::Cancelled));
                puppet.ends_as(session.as_str(), SessionOutcome::Cancelled, None);
            }
            Some((id, _)) => puppet.answer(id, Ok(Reply::Deleted)),
            None if live.is_empty() => puppet.wake(),
            None => {
                puppet.now += draws.below(9_000);
                let (key, asked, judges) = live.remove(draws.below(live.len() as u64) as usize);
                end(&mut draws, &mut puppet, &key, asked, judges);
            }
        }
    }
    (plan, puppet)
}

/// What is wrong with a result, if anything is.
fn broken(plan: &Plan, task: usize, result: &TaskResult) -> Option<String> {
    let planned = &plan.tasks[task];
    let ladder = plan.rules.ladder.as_ref()?;
    let own = planned.model.as_deref().map_or(Some(ladder.at_least(planned.handling.tier)), tier_of);
    let mut promised = own;
    for record in result.metadata.attempt_log.iter().filter(|record| record.kind != AttemptKind::Judge) {
        let asked = record.model_requested.as_deref().and_then(tier_of);
        if asked < promised {
            return Some(format!("session {} was asked for {asked:?} after {promised:?}", record.number));
        }
        promised = asked;
    }
    if result.status != TaskStatus::Completed {
        return None;
    }
    let last = result.metadata.attempt_log.iter().rfind(|record| {
        record.kind != AttemptKind::Judge && record.status == TaskStatus::Completed && record.error.is_none()
    })?;
    let below = planned.model.is_none() && result.metadata.tier < own;
    let mismatch = crate::policy::model_check::differ(last.model_requested.as_deref(), last.model_applied.as_deref());
    if plan.rules.strict_model && (below || mismatch) {
        return Some(format!("completed by {:?} on {:?}", last.model_applied, result.metadata.tier));
    }
    (mismatch != result.metadata.model_mismatch).then(|| "another model ran, and nobody says so".to_owned())
}

#[test]
fn no_task_ends_below_its_promise_whatever_the_host_runs() {
    let (mut completed, mut climbed, mut swapped) = (0, 0, 0);
    for seed in 0..3_000 {
        let (plan, puppet) = play(seed);
        for (task, result) in puppet.done().results.iter().enumerate() {
            assert_eq!(broken(&plan, task, result), None, "seed {seed}, task {task}: {:#?}", result.metadata);
            let log = &result.metadata.attempt_log;
            completed += u32::from(result.status == TaskStatus::Completed);
            climbed += u32::from(log.iter().any(|record| record.kind == AttemptKind::Climb));
            swapped += u32::from(result.metadata.model_mismatch);
        }
    }
    assert!(completed > 2_000 && climbed > 800 && swapped > 500, "{completed}, {climbed}, {swapped}");
}

#[test]
fn a_swap_to_a_lower_tier_leads_to_no_tier_below_the_one_asked_for() {
    let mut plan = climbing(1);
    (plan.rules.strict_model, plan.tasks[0].handling.tier) = (true, Tier::Premium);
    let mut puppet = Puppet::open(plan);
    puppet.answer_oldest(Ok(super::puppet::receipt_of("a", "p/large")));
    puppet.ends_for("a", "{\"a\": 1}", 9, "p/small");
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_MODEL_MISMATCH"))]);
    assert_eq!(puppet.spawns, 1);
}
