//! What all requests for workflows have in common: agent types, rules of sessions, how drafts are judged, and how large a run may be.

use serde_json::Value;

use crate::Common;
use crate::improve::Settings;
use crate::spec::ImprovementSpec;
use parallel_agents_engine::agents::{BuiltIn, Catalogue};
use parallel_agents_engine::plan::{self, check_name};
use parallel_agents_engine::problem::Problem;
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::{AgentSource, DEFAULT_DEADLINE_SECONDS, DEFAULT_MAX_CONCURRENT};

/// Good enough when a request names no score: the specification's.
const DEFAULT_TARGET_SCORE: f64 = 8.5;

/// Versions of a draft that are judged when a request names no number.
const DEFAULT_MAX_ROUNDS: u32 = 3;

/// Sessions that a workflow could need at the most; more are refused before the first.
const MAX_WORKFLOW_SESSIONS: u64 = 1_000;

pub(super) fn catalogue_of(built_in: BuiltIn, agents: &[AgentSource], problems: &mut Vec<Problem>) -> Catalogue {
    Catalogue::with(built_in, agents).unwrap_or_else(|faults| {
        problems.extend(faults);
        Catalogue::new(built_in)
    })
}

pub(super) fn common_of(spec: &ImprovementSpec, catalogue: &mut Catalogue, problems: &mut Vec<Problem>) -> Common {
    check_name("E_MODEL_FORMAT", "/model", spec.model.as_deref(), problems);
    check_name("E_THINKING_FORMAT", "/thinking", spec.thinking.as_deref(), problems);
    let rules = plan::rules(spec.rules.clone(), catalogue, problems);
    plan::check_prices(&rules, [spec.model.clone()], problems);
    let deadline_seconds = spec.deadline_seconds.unwrap_or(DEFAULT_DEADLINE_SECONDS);
    plan::check_task_timeout(rules.task_timeout_seconds, deadline_seconds, problems);
    Common {
        max_concurrent: spec.max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT),
        deadline_seconds,
        cleanup: spec.cleanup.unwrap_or_default(),
        model: spec.model.clone(),
        thinking: spec.thinking.clone(),
        retries: spec.rules.retries,
        start_timeout_seconds: spec.rules.start_timeout_seconds,
        rules,
    }
}

/// How drafts are judged and improved.
pub(super) fn improvement_settings(
    spec: &ImprovementSpec,
    common: Common,
    catalogue: &mut Catalogue,
    problems: &mut Vec<Problem>,
) -> Option<Settings> {
    let judge_name = spec.judge_agent.as_deref().unwrap_or("agent_design_reviewer");
    let refiner_name = spec.refiner_agent.as_deref().unwrap_or("agent_refiner");
    if judge_name == refiner_name {
        let problem = Problem::new("E_SELF_REVIEW", "/judge_agent", "judge_agent: nobody judges their own work");
        problems.push(problem.got(judge_name).hint("choose another type for one of the two roles"));
    }
    let mut take =
        |name: &str, path: &str| catalogue.find_reader(name, path).map_err(|problem| problems.push(problem)).ok();
    let (judge, refiner, creator) =
        (take(judge_name, "/judge_agent"), take(refiner_name, "/refiner_agent"), take("agent_creator", "/new_agents"));
    let target =
        spec.target_score.as_ref().and_then(Score::read).or_else(|| Score::read(&Value::from(DEFAULT_TARGET_SCORE)));
    Some(Settings {
        common,
        target: target?,
        max_rounds: spec.max_rounds.unwrap_or(DEFAULT_MAX_ROUNDS),
        judges: spec.judges.unwrap_or(1),
        judge: judge?,
        refiner: refiner?,
        creator: creator?,
    })
}

pub(super) fn too_many(sessions: u64, hint: &str, problems: &mut Vec<Problem>) {
    if sessions > MAX_WORKFLOW_SESSIONS {
        let message = format!("{sessions} sessions could be needed, at most {MAX_WORKFLOW_SESSIONS} are allowed");
        let problem = Problem::new("E_REFINE_SIZE", "", message).got(sessions);
        problems.push(problem.limit(format!("1..={MAX_WORKFLOW_SESSIONS}")).hint(hint));
    }
}
