//! What a restart of the host cuts off, and answers that it loses.

use std::sync::Arc;

use super::puppet::Puppet;
use super::retries::{json_plan, kinds};
use crate::agents::AgentDefinition;
use crate::host::{HostError, SessionOutcome};
use crate::plan::Plan;
use crate::task::{AttemptKind, RunStatus, TaskStatus};
use crate::testing::{plan_of, shipped};

#[test]
fn what_a_restart_cut_off_is_done_again_if_that_does_no_harm() {
    let plan = |tool_free: bool, idempotent: bool| {
        let mut plan = plan_of(1, &[]);
        let mut agent = AgentDefinition::clone(&plan.tasks[0].agent);
        agent.tool_free = tool_free;
        plan.tasks[0].agent = Arc::new(agent);
        plan.tasks[0].handling.idempotent = idempotent;
        plan
    };
    let mut puppet = Puppet::open(plan(false, false));
    puppet.accept("a");
    puppet.ends_as("a", SessionOutcome::Interrupted, None);
    assert_eq!(puppet.verdicts(), [(TaskStatus::Cancelled, Some("E_INTERRUPTED"))], "it may have had effects");
    for (tool_free, idempotent) in [(true, false), (false, true)] {
        let mut plan = plan(tool_free, idempotent);
        (plan.tasks[0].handling.retries, plan.rules.retries.budget) = (0, Some(0));
        let mut puppet = Puppet::open(plan);
        for key in ["a", "b", "c"] {
            puppet.accept(key);
            puppet.ends_as(key, SessionOutcome::Interrupted, None);
            puppet.wake();
        }
        puppet.accept("d");
        puppet.ends("d", "fine");
        assert_eq!(puppet.done().status, RunStatus::Completed, "an interruption costs no retry");
    }
}

#[test]
fn a_correction_and_a_judge_are_done_again_whatever_tools_the_task_has() {
    let mut plan = json_plan(1);
    let mut agent = AgentDefinition::clone(&plan.tasks[0].agent);
    agent.tool_free = false;
    plan.tasks[0].agent = Arc::new(agent);
    plan.rules.retries.budget = Some(0);
    let judge = shipped("agent_design_reviewer");
    let threshold = crate::score::Score::read(&serde_json::json!(5)).expect("a score");
    plan.rules.judge = Some(crate::plan::Judge { agent: judge, threshold });
    let mut puppet = Puppet::open(plan);
    puppet.accept("work");
    puppet.ends("work", "{}");
    puppet.accept("correction");
    puppet.ends_as("correction", SessionOutcome::Interrupted, None);
    puppet.wake();
    puppet.accept("again");
    puppet.ends("again", "{\"a\": 1}");
    for key in ["judge-1", "judge-2", "judge-3"] {
        puppet.accept(key);
        puppet.ends_as(key, SessionOutcome::Interrupted, None);
        puppet.wake();
    }
    puppet.accept("judge-4");
    puppet.ends("judge-4", &super::ladder::review(8.0));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Completed, None)]);
    use AttemptKind::{Correction, First, Judge};
    assert_eq!(kinds(&puppet, 0), [First, Correction, Correction, Judge, Judge, Judge, Judge]);
}

#[test]
fn a_restart_that_cuts_off_many_costs_none_of_them() {
    let mut puppet = Puppet::open(Plan { max_concurrent: 20, ..plan_of(40, &[]) });
    for number in 0..20 {
        puppet.accept(&format!("old-{number}"));
    }
    for number in 0..20 {
        puppet.ends_as(&format!("old-{number}"), SessionOutcome::Interrupted, None);
    }
    puppet.play(|puppet, key| puppet.ends(key, "fine"));
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Completed, 60));
}

#[test]
fn a_host_that_restarts_without_end_ends_the_run() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    puppet.play(|puppet, key| puppet.ends_as(key, SessionOutcome::Interrupted, None));
    assert_eq!(puppet.verdicts(), [(TaskStatus::Cancelled, Some("E_INTERRUPTED"))]);
    assert_eq!(puppet.spawns, 1 + crate::policy::retry::MAX_INTERRUPTED);
    // The budget holds for what is done again as for anything else.
    let mut plan = plan_of(1, &[]);
    plan.rules.caps.spawns = Some(2);
    let mut puppet = Puppet::open(plan);
    for key in ["a", "b"] {
        puppet.accept(key);
        puppet.ends_as(key, SessionOutcome::Interrupted, None);
        puppet.wake();
    }
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Budget, 2));
}

#[test]
fn an_answer_that_the_host_lost_is_asked_for_again() {
    let mut puppet = Puppet::open(plan_of(1, &[]));
    puppet.accept("a");
    puppet.ends_as("a", SessionOutcome::Completed, None);
    puppet.answer_read(Err(HostError::NotFound("no such session".to_owned())));
    puppet.wake();
    puppet.accept("b");
    puppet.ends("b", "fine");
    assert_eq!((puppet.done().status, puppet.spawns), (RunStatus::Completed, 2));
}
