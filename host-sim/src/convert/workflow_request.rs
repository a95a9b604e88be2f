//! What a caller asks of a workflow or a team.

use parallel_agents_engine::task::Cleanup;
use parallel_agents_workflows::registry::Entry;
use parallel_agents_workflows::spec::{CreationSpec, DraftSpec, GoalSpec, Judging, Limits, RefinementSpec};
use parallel_agents_workflows::teams::Brief;
use parallel_agents_workflows::wish::Wish;

use super::request::{agent, task};
use super::rules::run_rules;
use crate::bindings::exports::parallel_agents::skill::{teams, workflows};
use crate::bindings::parallel_agents::skill::types;

/// A team with all that it needs.
pub(crate) fn team_brief(brief: Brief) -> teams::TeamBrief {
    match brief {
        Brief::Content { topic, platform } => teams::TeamBrief::Content(teams::ContentBrief { topic, platform }),
        Brief::Development { app_name, features } => {
            teams::TeamBrief::Development(teams::DevelopmentBrief { app_name, features })
        }
        Brief::Review { code, file } => teams::TeamBrief::Review(teams::ReviewBrief { code, file }),
        Brief::Agents(purposes) => teams::TeamBrief::Agents(purposes.into_iter().map(wish).collect()),
    }
}

/// What holds for every session.
pub(crate) fn limits(limits: Limits) -> teams::RunLimits {
    let Limits { max_concurrent, deadline_seconds, cleanup, model, thinking, rules } = limits;
    teams::RunLimits {
        max_concurrent,
        deadline_seconds,
        cleanup: cleanup.map(|cleanup| match cleanup {
            Cleanup::Keep => types::Cleanup::Keep,
            Cleanup::Delete => types::Cleanup::Delete,
        }),
        model,
        thinking,
        rules: run_rules(rules),
    }
}

/// Drafts to judge and improve.
pub(crate) fn refinement_request(spec: RefinementSpec) -> workflows::RefinementRequest {
    let drafts = spec.drafts.into_iter().map(|DraftSpec { name, draft, kind, purpose, rubric }| workflows::Draft {
        name,
        draft: draft.to_string(),
        kind,
        purpose,
        rubric,
    });
    workflows::RefinementRequest {
        drafts: drafts.collect(),
        judging: judging(spec.judging),
        limits: limits(spec.limits),
    }
}

/// Agent types to make, and tasks for them.
pub(crate) fn creation_request(spec: CreationSpec) -> workflows::CreationRequest {
    workflows::CreationRequest {
        new_agents: spec.new_agents.into_iter().map(wish).collect(),
        registry: spec.registry.into_iter().map(registered).collect(),
        tasks: spec.tasks.into_iter().map(task).collect(),
        judging: judging(spec.judging),
        limits: limits(spec.limits),
    }
}

/// A goal to reach.
pub(crate) fn goal_request(spec: GoalSpec) -> workflows::GoalRequest {
    workflows::GoalRequest {
        goal: spec.goal,
        max_tasks: spec.max_tasks,
        max_replans: spec.max_replans,
        max_new_agents: spec.max_new_agents,
        registry: spec.registry.into_iter().map(registered).collect(),
        judging: judging(spec.judging),
        limits: limits(spec.limits),
    }
}

fn wish(wish: Wish) -> teams::AgentWish {
    let Wish { name, purpose, domain, capabilities, constraints } = wish;
    teams::AgentWish { name, purpose, domain, capabilities, constraints }
}

fn judging(judging: Judging) -> workflows::Judging {
    let Judging { target_score, max_rounds, judges, judge_agent, refiner_agent, agents } = judging;
    let agents = agents.into_iter().map(agent).collect();
    workflows::Judging { target_score, max_rounds, judges, judge_agent, refiner_agent, agents }
}

fn registered(entry: Entry) -> workflows::RegisteredAgent {
    let Entry { name, version, hash, score, definition } = entry;
    // What is no number here becomes one that the component refuses.
    let score = score.as_f64().unwrap_or(f64::NAN);
    workflows::RegisteredAgent { name, version, hash, score, definition: definition.to_string() }
}
