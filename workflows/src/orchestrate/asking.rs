//! What the orchestrator is asked, and what it is given to read.

use serde_json::{Map, Value, json};

use super::draft_plan::OWN;
use super::{Orchestrate, Phase};
use crate::create::field;
use crate::improve::{Draft, Improve, Reason};
use parallel_agents_engine::json::output_schema::OutputSchema;
use parallel_agents_engine::json::strict;
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::prompt;

const PLAN: &str = include_str!("../../../prompts/workflow/plan.md");
const REPLAN: &str = include_str!("../../../prompts/workflow/replan.md");
const REPLACE: &str = include_str!("../../../prompts/workflow/replace.md");
const COMPILE: &str = include_str!("../../../prompts/workflow/compile.md");
const COMPILED: &str = include_str!("../../../schemas/answers/compile.json");

impl Orchestrate {
    /// A plan, or one that replaces what failed; `previous` was refused for the problems that are known.
    pub(super) fn ask_for_plan(&mut self, previous: Option<&Value>) -> Vec<PlannedTask> {
        let settings = &self.settings;
        let registered =
            self.created.registry.iter().filter(|entry| !settings.offered.iter().any(|(name, _)| *name == entry.name));
        let registered = registered.map(|entry| (entry.name.as_str(), field(&entry.definition, "description")));
        let offered = settings.offered.iter().map(|(name, description)| (name.as_str(), description.as_str()));
        let agents: Vec<Value> = offered
            .chain(registered)
            .map(|(name, description)| json!({ "name": name, "description": description }))
            .collect();
        let mut input = Map::new();
        input.insert("goal".to_owned(), Value::from(settings.goal.as_str()));
        input.insert("agents".to_owned(), Value::from(agents));
        input.insert("max_tasks".to_owned(), Value::from(settings.max_tasks));
        let (id, template) = match self.phase {
            Phase::Replacing { tries } => {
                input.insert("failures".to_owned(), Value::from(self.parts.failures()));
                input.insert("completed".to_owned(), Value::from(self.parts.achieved()));
                (format!("{OWN}replace-{}-{tries}", self.replans), REPLACE)
            }
            Phase::Planning { tries } => {
                input.insert("max_new_agents".to_owned(), Value::from(settings.max_new_agents));
                input.insert("least_target_score".to_owned(), settings.improvement.target.value());
                (format!("{OWN}plan-{tries}"), PLAN)
            }
            _ => return Vec::new(),
        };
        let mut description = prompt::fill(template, [("goal", &settings.goal)]);
        if !self.problems.is_empty() {
            input.insert("problems".to_owned(), Value::from(self.problems.clone()));
            description = match self.phase {
                Phase::Replacing { .. } => format!("{description}\n{REPLAN}"),
                _ => REPLAN.to_owned(),
            };
        }
        if let Some(previous) = previous {
            input.insert("previous_plan".to_owned(), previous.clone());
        }
        vec![settings.common.task(&settings.orchestrator, id, description, input)]
    }

    /// The report, from everything that was done.
    pub(super) fn ask_for_report(&mut self) -> Vec<PlannedTask> {
        self.phase = Phase::Compiling;
        let mut input = Map::new();
        input.insert("goal".to_owned(), Value::from(self.settings.goal.as_str()));
        input.insert("results".to_owned(), Value::from(self.parts.results()));
        let agents: Vec<Value> = self.making.iter().flat_map(Improve::drafts).map(shown_agent).collect();
        if !agents.is_empty() {
            input.insert("new_agents".to_owned(), Value::from(agents));
        }
        let description = prompt::fill(COMPILE, [("goal", &self.settings.goal)]);
        let id = format!("{OWN}compile");
        let mut task = self.settings.common.task(&self.settings.orchestrator, id, description, input);
        task.output_schema = strict::parse(COMPILED, strict::ANSWER_BOUNDS).ok().map(OutputSchema::new);
        vec![task]
    }
}

/// A new agent as the compiling agent reads it. The task is the one that judged its best version.
fn shown_agent(draft: &Draft) -> Value {
    json!({
        "name": draft.wanted.name,
        "purpose": draft.wanted.purpose,
        "task_id": judged_in(draft),
        "score": draft.best.as_ref().map(|best| best.score.value()),
        "good_enough": draft.reason == Some(Reason::TargetReached),
        "reason": draft.reason.unwrap_or(Reason::Stopped),
        "rounds": draft.history.len(),
    })
}

/// The task whose review the best version's score rests on; of several judges the first with a valid one.
pub(super) fn judged_in(draft: &Draft) -> Option<&str> {
    let best = draft.best.as_ref()?.round;
    let round = draft.history.iter().find(|round| round.round == best)?;
    round.judges.iter().find(|judge| judge.score.is_some()).map(|judge| judge.task_id.as_str())
}
