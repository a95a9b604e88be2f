//! A goal that is to be reached.

use super::Goal;
use super::settings::{catalogue_of, common_of, improvement_settings, too_many};
use crate::agent_spec::plain;
use crate::extent::Extent;
use crate::graft::{Checks, Rules};
use crate::spec::OrchestrationSpec;
use crate::{orchestrate, registry};
use parallel_agents_engine::problem::Problem;

/// Bytes of a goal: it stands in the planning prompt twice and has to fit into a task description.
const MAX_GOAL_BYTES: usize = 24 * 1024;

/// Tasks of an orchestrator's plan when the request names no number.
const DEFAULT_PLAN_TASKS: u32 = 20;

/// Plans that replace what failed when a goal's request names no number.
const DEFAULT_REPLANS: u32 = 1;

/// Agent types that a plan may have made when the request names no number.
const DEFAULT_NEW_AGENTS: u32 = 10;

pub(super) fn orchestration(request: OrchestrationSpec, checks: Checks, problems: &mut Vec<Problem>) -> Option<Goal> {
    let mut catalogue = catalogue_of(checks.built_in, &request.common.agents, problems);
    let common = common_of(&request.common, &mut catalogue, problems);
    if request.goal.trim().is_empty() {
        problems.push(Problem::new("E_GOAL", "/goal", "goal: is blank").hint("say what is to be reached"));
    } else if request.goal.len() > MAX_GOAL_BYTES {
        let message = format!("goal: got {} bytes, need at most {MAX_GOAL_BYTES}", request.goal.len());
        problems.push(Problem::new("E_GOAL", "/goal", message).got(request.goal.len()));
    }
    plain(Some(&request.goal), "/goal", problems);
    let orchestrator =
        catalogue.find_reader("agent_orchestrator", "/agents").map_err(|problem| problems.push(problem)).ok();
    let all = catalogue.list(None).map_err(|problem| problems.push(problem)).ok()?;
    let improvement = improvement_settings(&request.common, common.clone(), &mut catalogue, problems);
    let registry = registry::read(&request.registry, problems);
    let max_tasks = request.max_tasks.unwrap_or(DEFAULT_PLAN_TASKS);
    let max_replans = request.max_replans.unwrap_or(DEFAULT_REPLANS);
    let max_new_agents = request.max_new_agents.unwrap_or(DEFAULT_NEW_AGENTS);
    let (orchestrator, improvement) = (orchestrator?, improvement?);
    let others = all.iter().filter(|agent| agent.name != orchestrator.name);
    let settings = orchestrate::Settings {
        goal: request.goal,
        max_tasks: max_tasks as usize,
        max_replans,
        max_new_agents: max_new_agents as usize,
        offered: others.map(|agent| (agent.name.clone().into(), agent.description.clone())).collect(),
        orchestrator,
        rules: Rules { common: common.clone(), agents: request.common.agents, checks },
        improvement,
        common,
    };
    too_many(Extent::of_goal(&settings).most, "fewer tasks, replans, new agents, rounds or judges", problems);
    Some((settings, registry))
}
