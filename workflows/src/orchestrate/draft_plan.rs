//! A plan as the orchestrator wrote it: what it wants, and what is wrong with it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::Settings;
use super::parts::{Note, Parts};
use crate::agent_spec;
use crate::create::{Created, belongs_to_a_draft, field, stand_in};
use crate::spec::AgentSpec;
use parallel_agents_engine::agents::Catalogue;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::order;
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::problem::Problem;
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::AgentSource;
use parallel_agents_engine::text;

/// Begins the ids of the orchestrator's own tasks; no task of a plan may begin like it.
pub const OWN: &str = "orchestrate-";

/// Results of one goal that may be judged and improved.
pub const MAX_REFINED: usize = 5;

/// An accepted plan.
#[derive(Clone, Debug, Default)]
pub struct DraftPlan {
    /// Agent types that are to be made before its tasks begin.
    pub new_agents: Vec<AgentSpec>,
    /// Good enough, if it says more than the request.
    pub target: Option<Score>,
    /// Its tasks as a caller would write them, each with its id.
    pub tasks: Vec<Value>,
    /// What the plan says of each task besides: how its result is judged, and whose place it takes.
    pub notes: Vec<Note>,
}

/// Where a plan stands: nothing is done yet, or some parts are.
pub struct Situation<'a> {
    /// What the goal may cost.
    pub settings: &'a Settings,
    /// Agent types that there are.
    pub created: &'a Created,
    /// What was done so far.
    pub parts: &'a Parts,
    /// The plan replaces parts that came to nothing.
    pub replacement: bool,
    /// Where its first task would stand.
    pub next: TaskIndex,
}

impl Situation<'_> {
    /// The plan, or everything that is wrong with it.
    pub fn read(&self, answer: &Value) -> Result<DraftPlan, Vec<String>> {
        let mut problems = Vec::new();
        let mut plan = DraftPlan::default();
        for task in answer.get("tasks").and_then(Value::as_array).into_iter().flatten() {
            let mut task = task.clone();
            let mut note = Note::default();
            if let Some(fields) = task.as_object_mut() {
                note.rubric = fields.shift_remove("rubric").and_then(|rubric| rubric.as_str().map(str::to_owned));
                let replaces = fields.shift_remove("replaces").map(Vec::<String>::deserialize);
                note.replaces = replaces.and_then(Result::ok).unwrap_or_default();
            }
            plan.tasks.push(task);
            plan.notes.push(note);
        }
        plan.new_agents = answer.get("new_agents").and_then(|specs| Vec::deserialize(specs).ok()).unwrap_or_default();
        plan.target = answer.get("target_score").and_then(Score::read);
        self.sizes(&plan, &mut problems);
        self.agents(&plan, &mut problems);
        self.tasks(&plan, &mut problems);
        if let Err(found) = self.place(&plan.tasks, &self.stand_ins(&plan)) {
            problems.extend(found.iter().map(|problem| format!("{}: {}", problem.path, problem.message)));
        }
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// The tasks with their places in the run.
    pub fn place(&self, tasks: &[Value], agents: &[AgentSource]) -> Result<Vec<PlannedTask>, Vec<Problem>> {
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        self.settings.rules.graft(tasks, agents, &self.parts.completed(), self.next)
    }

    fn sizes(&self, plan: &DraftPlan, problems: &mut Vec<String>) {
        let settings = self.settings;
        if plan.tasks.len() > settings.max_tasks {
            problems.push(format!("tasks: got {}, need 1..={}", plan.tasks.len(), settings.max_tasks));
        }
        if plan.tasks.is_empty() && plan.new_agents.is_empty() && !self.replacement {
            problems.push("tasks: the plan has neither tasks nor new agents".to_owned());
        }
        if self.replacement && !plan.new_agents.is_empty() {
            problems.push("new_agents: a plan that replaces failed tasks makes no agents".to_owned());
        } else if plan.new_agents.len() > settings.max_new_agents {
            problems.push(format!("new_agents: got {}, need 0..={}", plan.new_agents.len(), settings.max_new_agents));
        }
        if let Some(target) = plan.target.filter(|target| *target < settings.improvement.target) {
            let least = settings.improvement.target.value();
            problems.push(format!("target_score: got {}, need {least}..=10", target.value()));
        }
        let rubrics = plan.notes.iter().filter(|note| note.rubric.is_some()).count();
        if rubrics + self.parts.with_rubric() > MAX_REFINED {
            problems.push(format!("rubric: got {rubrics} tasks with one, at most {MAX_REFINED} results are refined"));
        }
    }

    fn agents(&self, plan: &DraftPlan, problems: &mut Vec<String>) {
        let built_in = self.settings.rules.checks.built_in;
        // The request's own types were checked when it came.
        let mut catalogue =
            Catalogue::with(built_in, &self.settings.rules.agents).unwrap_or_else(|_| Catalogue::new(built_in));
        let mut found = Vec::new();
        agent_spec::check(&plan.new_agents, "/new_agents", &mut catalogue, &mut found);
        problems.extend(found.iter().map(|problem| format!("{}: {}", problem.path, problem.message)));
    }

    fn tasks(&self, plan: &DraftPlan, problems: &mut Vec<String>) {
        let new: BTreeSet<&str> = order::filled(plan.new_agents.iter().map(|spec| spec.name.as_str()));
        let open = self.parts.open();
        for (index, (task, note)) in plan.tasks.iter().zip(&plan.notes).enumerate() {
            let (id, agent) = (field(task, "task_id"), field(task, "agent_type"));
            if id.starts_with(OWN) || new.iter().any(|name| belongs_to_a_draft(id, name)) {
                problems
                    .push(format!("/tasks/{index}/task_id: must not begin with {OWN} or like a new agent's sessions"));
            }
            if self.parts.knows(id) {
                let id = text::quoted(id);
                problems.push(format!("/tasks/{index}/task_id: {id} stands for an earlier task; choose another id"));
            }
            let known = self.settings.offered.iter().any(|(name, _)| name == agent) || self.created.has(agent);
            if !known && !new.contains(agent) {
                let name = text::quoted(agent);
                problems.push(format!("/tasks/{index}/agent_type: {name} is not among the given agents"));
            }
            if let Some(id) = note.replaces.iter().find(|id| !open.contains(&id.as_str())) {
                let id = text::quoted(id);
                problems.push(format!("/tasks/{index}/replaces: {id} is no task that came to nothing"));
            }
        }
    }

    fn stand_ins(&self, plan: &DraftPlan) -> Vec<AgentSource> {
        let new = plan.new_agents.iter().filter(|spec| !self.created.has(&spec.name));
        self.created
            .agents(&self.settings.rules.agents)
            .into_iter()
            .chain(new.map(|spec| stand_in(&spec.name)))
            .collect()
    }
}
