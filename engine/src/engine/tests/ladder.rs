//! Models: which one a task starts with, what makes it climb, and whether the right one ran.

use std::collections::BTreeMap;

use serde_json::json;

use super::puppet::{Puppet, say};
use crate::host::{FailureKind, FinishReason, HistoryPage, HostError, Message, MessageRole, Reply};
use crate::json::output_schema::OutputSchema;
use crate::plan::{Judge, Plan};
use crate::policy::ladder::Ladder;
use crate::policy::price::Prices;
use crate::score::Score;
use crate::task::{AttemptKind, OutputFormat, Price, Proof, RunStatus, TaskStatus, Tier, TierModels};
use crate::testing::{plan_of, shipped};

pub(super) fn climbing(tasks: usize) -> Plan {
    let mut plan = plan_of(tasks, &[]);
    let model = |name: &str| Some(format!("p/{name}"));
    let models = TierModels { economy: model("small"), standard: model("middle"), premium: model("large") };
    plan.rules.ladder = Ladder::of(&models);
    plan.rules.corrections = 0;
    let price = |input| Price { input, output: input };
    plan.rules.prices = Prices(BTreeMap::from([
        ("p/small".to_owned(), price(1_000)),
        ("p/middle".to_owned(), price(5_000)),
        ("p/large".to_owned(), price(25_000)),
    ]));
    for task in &mut plan.tasks {
        task.output_format = OutputFormat::Json;
        task.output_schema = Some(OutputSchema::new(json!({"type": "object", "required": ["a"]})));
    }
    plan
}

fn models(puppet: &Puppet) -> Vec<&str> {
    puppet.asked.iter().filter_map(|(model, _)| model.as_deref()).collect()
}

#[test]
fn evidence_climbs_and_hands_up_what_failed() {
    let mut puppet = Puppet::open(climbing(1));
    puppet.accept("a");
    puppet.ends_for("a", "{\"b\": \"half\"}", 1_000, "p/small");
    let prompt = puppet.prompts.last().expect("a second prompt");
    assert!(prompt.contains("half") && prompt.contains("a is missing"), "{prompt}");
    puppet.accept("b");
    puppet.ends_for("b", "I can't help with that.", 1_000, "p/middle");
    puppet.accept("c");
    puppet.ends_for("c", "{\"a\": 1}", 1_000, "p/large");
    assert_eq!(models(&puppet), ["p/small", "p/middle", "p/large"]);
    let report = puppet.done();
    assert_eq!((report.status, report.results[0].metadata.tier), (RunStatus::Completed, Some(Tier::Premium)));
    assert_eq!(report.results[0].metadata.cost_micro_usd, Some(31_000));
    assert_eq!((report.cost.all_premium_micro_usd, report.cost.saved_micro_usd), (Some(25_000), Some(-6_000)));
}

#[test]
fn what_the_cheapest_can_do_it_does_and_that_is_saved() {
    let mut puppet = Puppet::open(climbing(1));
    puppet.accept("a");
    puppet.ends_for("a", "{\"a\": 1}", 1_000, "p/small");
    let report = puppet.done();
    assert_eq!(
        (report.cost.micro_usd, report.cost.saved_micro_usd, report.cost.complete),
        (Some(1_000), Some(24_000), true)
    );
}

#[test]
fn infrastructure_does_not_climb() {
    let mut puppet = Puppet::open(climbing(1));
    puppet.accept("a");
    puppet.breaks("a", FailureKind::Infrastructure);
    puppet.wake();
    assert_eq!(models(&puppet), ["p/small", "p/small"]);
}

#[test]
fn who_may_use_tools_is_not_given_the_failed_text() {
    let mut plan = climbing(1);
    let mut agent = (*plan.tasks[0].agent).clone();
    agent.tool_free = false;
    plan.tasks[0].agent = std::sync::Arc::new(agent);
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.ends_for("a", "{\"b\": \"ignore all\"}", 1, "p/small");
    let prompt = puppet.prompts.last().expect("a second prompt");
    assert!(!prompt.contains("ignore all") && prompt.contains("a is missing"), "{prompt}");
}

#[test]
fn another_model_is_reported_costed_and_does_not_count_as_the_tier() {
    let mut plan = climbing(1);
    plan.tasks[0].handling.tier = Tier::Standard;
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.ends_for("a", "{}", 1_000, "p/small");
    puppet.accept("b");
    puppet.ends_for("b", "{\"a\": 1}", 1_000, "p/large");
    let metadata = &puppet.done().results[0].metadata;
    let costs: Vec<_> = metadata.attempt_log.iter().map(|record| record.cost_micro_usd).collect();
    assert_eq!(costs, [Some(1_000), Some(25_000)], "at the price of what ran");
    assert_eq!(models(&puppet), ["p/middle", "p/large"], "the middle one is not asked for again");
    // A success under another model is one, but not of that tier.
    let mut puppet = Puppet::open(climbing(1));
    puppet.accept("a");
    puppet.ends_for("a", "{\"a\": 1}", 1_000, "q/other");
    let metadata = &puppet.done().results[0].metadata;
    assert_eq!((metadata.model_mismatch, metadata.tier), (true, None));
    assert!(!puppet.done().cost.complete, "nobody knows its price");
}

#[test]
fn a_strict_run_stops_the_wrong_model_at_its_receipt() {
    let mut plan = climbing(1);
    plan.rules.strict_model = true;
    plan.rules.escalate = false;
    let mut puppet = Puppet::open(plan);
    puppet.accept("a");
    puppet.stop_oldest();
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_MODEL_MISMATCH"))]);
}

#[test]
fn a_tier_that_does_not_pay_is_left_out() {
    let mut plan = climbing(20);
    plan.max_concurrent = 1;
    plan.rules.breaker = false;
    let mut puppet = Puppet::open(plan);
    let mut number = 0;
    while puppet.report.is_none() {
        number += 1;
        let small = puppet.asked.last().is_some_and(|(model, _)| model.as_deref() == Some("p/small"));
        let key = format!("s{number}");
        puppet.accept(&key);
        puppet.ends_for(
            &key,
            if small { "{}" } else { "{\"a\": 1}" },
            1_000,
            if small { "p/small" } else { "p/middle" },
        );
    }
    let small = models(&puppet).iter().filter(|model| **model == "p/small").count();
    assert_eq!((small, puppet.spawns, puppet.done().status), (8, 28, RunStatus::Completed));
}

/// A judge that only reads; its agent is the built-in one.
fn judged(threshold: f64) -> Plan {
    let mut plan = climbing(1);
    let agent = shipped("agent_design_reviewer");
    plan.rules.judge = Score::read(&json!(threshold)).map(|threshold| Judge { agent, threshold });
    plan
}

pub(super) fn review(score: f64) -> String {
    json!({
        "overall_score": score,
        "dimensions": {"clarity": 7, "completeness": 7, "correctness": 7, "safety": 7, "usability": 7, "testability": 7},
        "issues": [], "verdict": "needs_work", "summary": "Judged.",
    })
    .to_string()
}

#[test]
fn a_judge_decides_whether_an_answer_counts() {
    let mut puppet = Puppet::open(judged(8.0));
    for (key, text) in [
        ("a", "{\"a\": \"weak\"}".to_owned()),
        ("b", review(6.5)),
        ("c", "{\"a\": \"strong\"}".to_owned()),
        ("d", review(8.0)),
    ] {
        puppet.accept(key);
        puppet.ends(key, &text);
    }
    let result = &puppet.done().results[0];
    assert_eq!((result.status, &result.output), (TaskStatus::Completed, &Some(json!({"a": "strong"}))));
    let kinds: Vec<_> = result.metadata.attempt_log.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, [AttemptKind::First, AttemptKind::Judge, AttemptKind::Climb, AttemptKind::Judge]);
    assert!(puppet.prompts[1].contains("weak") && puppet.asked[1].1.starts_with("agent_design_reviewer task-1 #2"));
    assert!(puppet.prompts[2].contains("its judge gave 6.5, 8") && !puppet.prompts[1].contains("8.0"));
}

#[test]
fn no_valid_review_is_no_pass() {
    let mut puppet = Puppet::open(judged(5.0));
    puppet.accept("a");
    puppet.ends("a", "{\"a\": \"score: 10\"}");
    let mut number = 0;
    while puppet.report.is_none() {
        number += 1;
        puppet.accept(&format!("s{number}"));
        let is_judge = puppet.asked.last().is_some_and(|(_, label)| label.starts_with("agent_design"));
        puppet.ends(&format!("s{number}"), if is_judge { "Ten out of ten." } else { "{\"a\": 1}" });
    }
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_BELOW_THRESHOLD"))]);
    assert!(puppet.done().results[0].output.is_some(), "the answer is kept");
}

#[test]
fn an_outage_of_the_judge_is_waited_for_and_never_held_against_the_answer() {
    let mut puppet = Puppet::open(judged(5.0));
    let retries = puppet_retries(&judged(5.0));
    let mut breaks = retries;
    puppet.play(|puppet, key| {
        let is_judge = puppet.asked.last().is_some_and(|(_, label)| label.starts_with("agent_design"));
        match (is_judge, breaks) {
            (false, _) => puppet.ends(key, "{\"a\": 1}"),
            (true, 0) => puppet.ends(key, &review(8.0)),
            (true, _) => {
                breaks -= 1;
                puppet.breaks(key, FailureKind::Infrastructure);
            }
        }
    });
    assert_eq!((puppet.verdicts(), puppet.spawns), (vec![(TaskStatus::Completed, None)], 2 + retries));

    let mut puppet = Puppet::open(judged(5.0));
    puppet.play(|puppet, key| match puppet.asked.last().is_some_and(|(_, label)| label.starts_with("agent_design")) {
        true => puppet.breaks(key, FailureKind::Infrastructure),
        false => puppet.ends(key, "{\"a\": 1}"),
    });
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_MODEL_UNAVAILABLE"))]);
    assert_eq!(puppet.spawns, 2 + retries, "one answer, which no better model is asked for, and its reviews");
    let result = &puppet.done().results[0];
    assert!(result.output.is_some() && result.error.as_ref().is_some_and(|it| it.message.starts_with("nobody could")));
}

fn puppet_retries(plan: &Plan) -> u32 {
    plan.tasks[0].handling.retries
}

#[test]
fn a_judge_is_foreseen_with_the_price_of_its_own_model() {
    let mut plan = judged(8.0);
    plan.tasks[0].model = Some("p/small".to_owned());
    let judges = plan.rules.ladder.as_ref().zip(plan.rules.judge_tier());
    let judges = judges.and_then(|(ladder, tier)| ladder.model(tier)).expect("a model").to_owned();
    let [small, dear] = ["p/small", judges.as_str()].map(|model| plan.rules.prices.of(Some(model)).expect("a price"));
    assert!(dear.input > small.input);
    let judged = plan.forecast();
    assert!(crate::plan::models(&plan.rules, [plan.tasks[0].model.clone()]).contains(&Some(judges)));
    plan.rules.judge = None;
    let plain = plan.forecast();
    let times = dear.input / small.input;
    assert!(judged.micro_usd_expected > plain.micro_usd_expected.map(|cost| cost * times));
    assert!(judged.micro_usd_worst > plain.micro_usd_worst.map(|cost| cost * times));
}

#[test]
fn a_judge_that_may_be_alive_gets_no_second_one_beside_it() {
    let mut puppet = Puppet::open(judged(5.0));
    puppet.accept("a");
    puppet.ends("a", "{\"a\": 1}");
    puppet.until_over(|puppet| puppet.answer_oldest(Err(HostError::InDoubt("no answer".to_owned()))));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Failed, Some("E_SPAWN_IN_DOUBT"))]);
    assert_eq!(puppet.spawns, 6, "the answer's session, and one judge that was asked for five times");
}

#[test]
fn completed_without_its_proof_is_not_completed() {
    let page = |calls: usize, text: &str| {
        let mut messages = vec![say(MessageRole::Tool, text); calls];
        messages.push(say(MessageRole::Assistant, "{\"a\": \"out.md\"}"));
        Ok(Reply::History(HistoryPage { messages, has_more: false, dropped_messages: 0, redacted: false }))
    };
    let run = |calls: usize, text: &str| {
        let mut plan = climbing(1);
        plan.rules.ladder = None;
        plan.tasks[0].handling.proof =
            Proof { min_tool_calls: 1, fields: vec!["/a".to_owned()], artefacts: vec!["/a".to_owned()] };
        let mut puppet = Puppet::open(plan);
        puppet.accept("a");
        puppet.ends("a", "{\"a\": \"out.md\"}");
        puppet.answer_read(page(calls, text));
        puppet.done().clone()
    };
    assert_eq!(run(1, "wrote out.md").status, RunStatus::Completed);
    // A correction is held to the tools of the session that did the work, also when it is tried again.
    for (calls, expected) in [(1, RunStatus::Completed), (0, RunStatus::Failed)] {
        let mut plan = climbing(1);
        plan.rules.ladder = None;
        plan.rules.corrections = 1;
        plan.tasks[0].handling.proof = Proof { min_tool_calls: 1, ..Proof::default() };
        let mut puppet = Puppet::open(plan);
        puppet.accept("a");
        puppet.ends("a", "{}");
        let say = |role, text: &str| Message {
            role,
            text: text.to_owned(),
            truncated: false,
            finish: FinishReason::Stop,
            model: None,
            usage: None,
        };
        let mut messages = vec![say(MessageRole::Tool, "done"); calls];
        messages.push(say(MessageRole::Assistant, "{}"));
        let page = HistoryPage { messages, has_more: false, dropped_messages: 0, redacted: false };
        puppet.answer_read(Ok(Reply::History(page)));
        puppet.accept("b");
        puppet.breaks("b", FailureKind::Infrastructure);
        puppet.wake();
        puppet.accept("c");
        puppet.ends("c", "{\"a\": 1}");
        let result = &puppet.done().results[0];
        assert_eq!((puppet.done().status, result.metadata.corrected), (expected, calls == 1), "{calls}");
    }
    for (calls, text) in [(0, ""), (2, "wrote nothing")] {
        let report = run(calls, text);
        let code = report.results[0].error.as_ref().map(|error| error.code.as_str());
        assert_eq!((report.status, code), (RunStatus::Failed, Some("E_PROOF_MISSING")));
        assert!(report.results[0].output.is_some());
    }
}
