//! Reaches a goal: one agent plans, the engine carries the plan out, one agent compiles the report.
//!
//! | phase      | and then                                     | it becomes                                 |
//! |------------|----------------------------------------------|--------------------------------------------|
//! | planning   | there is a plan without problems             | executing                                  |
//! | planning   | the plan has problems, for the first time    | planning, with the problems                |
//! | planning   | it has problems again                        | ended: `plan_refused`                      |
//! | executing  | every task of the plan has ended             | compiling                                  |
//! | compiling  | there is a report                            | ended: `compiled`                          |
//! | compiling  | there is none                                | ended: `not_compiled`; the results are kept|
//! | any        | the run is stopped                           | ended: `stopped`                           |
//!
//! A plan is one level deep and goes through the checks that a caller's request goes through; its schema leaves no place
//! for a model, tools, budgets or limits.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Common, Director};
use crate::agents::AgentDefinition;
use crate::ids::TaskIndex;
use crate::json::strict;
use crate::plan::{self, PlannedTask};
use crate::problem::CallError;
use crate::prompt;
use crate::task::{AgentSource, TaskResult, TaskStatus};
use crate::text;

const PLAN: &str = include_str!("../../prompts/workflow/plan.md");
const REPLAN: &str = include_str!("../../prompts/workflow/replan.md");
const COMPILE: &str = include_str!("../../prompts/workflow/compile.md");
const COMPILED: &str = include_str!("../../schemas/answers/compile.json");

/// Begins the ids of the orchestrator's own tasks; no task of a plan may begin like it.
const OWN: &str = "orchestrate-";

/// Plans that are asked for: one, and one more with the problems of the first.
const MAX_PLANS: u32 = 2;

/// Bytes of one result that the compiling agent reads; a longer one is cut and marked.
const MAX_RESULT_BYTES: usize = 4 * 1024;

/// What is to be reached, and within which bounds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For all sessions.
    pub common: Common,
    /// In words.
    pub goal: String,
    /// Tasks of the plan.
    pub max_tasks: usize,
    /// Who plans and compiles.
    pub orchestrator: Arc<AgentDefinition>,
    /// Who may be named in the plan: name and description.
    pub offered: Vec<(String, String)>,
    /// Agent types of the request, for the plan's own checks.
    pub agents: Vec<AgentSource>,
    /// The schema that every list of tasks is held to.
    pub run_schema: Value,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// With a report.
    Compiled,
    /// Without one, but with results.
    NotCompiled,
    /// Without a plan.
    PlanRefused,
    /// Before its time.
    Stopped,
}

impl Reason {
    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compiled => "compiled",
            Self::NotCompiled => "not_compiled",
            Self::PlanRefused => "plan_refused",
            Self::Stopped => "stopped",
        }
    }
}

#[derive(Debug)]
enum Phase {
    Planning { plans: u32 },
    Executing { open: BTreeSet<String> },
    Compiling,
    Ended(Reason),
}

/// The director of one goal.
#[derive(Debug)]
pub struct Orchestrate {
    settings: Settings,
    phase: Phase,
    /// The plan, as it was accepted.
    pub plan: Value,
    /// What was wrong with the last plan that was refused.
    pub problems: Vec<String>,
    /// What the plan's tasks came to, for the compiling agent.
    results: Vec<Value>,
    completed: BTreeSet<String>,
    /// The compiling agent's answer.
    pub compiled: Option<Value>,
    /// Claims that no completed task bears.
    pub unsupported: Vec<Value>,
    /// Every task of the plan is completed.
    pub whole: bool,
}

impl Orchestrate {
    /// The director, and the task to begin with.
    pub fn new(settings: Settings) -> (Self, Vec<PlannedTask>) {
        let mut orchestrate = Self {
            settings,
            phase: Phase::Planning { plans: 0 },
            plan: Value::Null,
            problems: Vec::new(),
            results: Vec::new(),
            completed: BTreeSet::new(),
            compiled: None,
            unsupported: Vec::new(),
            whole: false,
        };
        let first = orchestrate.ask_for_plan(1, None);
        (orchestrate, first)
    }

    /// How it ended; a goal that was cut off by the end of its run was stopped.
    pub fn reason(&self) -> Reason {
        match self.phase {
            Phase::Ended(reason) => reason,
            Phase::Planning { .. } | Phase::Executing { .. } | Phase::Compiling => Reason::Stopped,
        }
    }

    fn ask_for_plan(&mut self, plans: u32, previous: Option<&Value>) -> Vec<PlannedTask> {
        self.phase = Phase::Planning { plans };
        let offered: Vec<Value> = self
            .settings
            .offered
            .iter()
            .map(|(name, description)| json!({ "name": name, "description": description }))
            .collect();
        let mut input = Map::new();
        input.insert("goal".to_owned(), Value::from(self.settings.goal.as_str()));
        input.insert("agents".to_owned(), Value::from(offered));
        input.insert("max_tasks".to_owned(), Value::from(self.settings.max_tasks));
        if !self.problems.is_empty() {
            input.insert("problems".to_owned(), Value::from(self.problems.clone()));
        }
        if let Some(previous) = previous {
            input.insert("previous_plan".to_owned(), previous.clone());
        }
        let template = if plans == 1 { PLAN } else { REPLAN };
        let description = prompt::fill(template, &[("goal", &self.settings.goal)]);
        let id = format!("{OWN}plan-{plans}");
        vec![self.settings.common.task(&self.settings.orchestrator, id, description, input)]
    }

    fn planned(&mut self, plans: u32, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        let checked = match result.output.as_ref().filter(|_| result.status == TaskStatus::Completed) {
            Some(plan) => self.check(plan, next),
            // The answer itself did not pass; its error says why in this program's own words.
            None => Err(result.error.iter().map(|error| error.message.clone()).collect()),
        };
        match checked {
            Ok(tasks) => {
                self.plan = result.output.clone().unwrap_or_default();
                self.problems.clear();
                let open = tasks.iter().map(|task| task.id.to_string()).collect();
                self.phase = Phase::Executing { open };
                self.whole = true;
                tasks
            }
            Err(problems) => {
                self.problems = problems;
                if plans >= MAX_PLANS {
                    self.phase = Phase::Ended(Reason::PlanRefused);
                    return Vec::new();
                }
                self.ask_for_plan(plans + 1, result.output.as_ref())
            }
        }
    }

    /// The plan's tasks with their places in the run, or what is wrong with them.
    fn check(&self, plan: &Value, next: TaskIndex) -> Result<Vec<PlannedTask>, Vec<String>> {
        let tasks = plan.get("tasks").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut problems = Vec::new();
        if tasks.len() > self.settings.max_tasks {
            problems.push(format!("tasks: got {}, need 1..={}", tasks.len(), self.settings.max_tasks));
        }
        for (index, task) in tasks.iter().enumerate() {
            let field = |name: &str| task.get(name).and_then(Value::as_str).unwrap_or_default();
            if field("task_id").starts_with(OWN) {
                problems.push(format!("/tasks/{index}/task_id: must not begin with {OWN}"));
            }
            if !self.settings.offered.iter().any(|(name, _)| name == field("agent_type")) {
                let name = text::quoted(field("agent_type"));
                problems.push(format!("/tasks/{index}/agent_type: {name} is not among the given agents"));
            }
        }
        let common = &self.settings.common;
        let mut request = json!({
            "tasks": tasks,
            "deadline_seconds": common.deadline_seconds,
            "model": common.model,
            "thinking": common.thinking,
        });
        if let Some(fields) = request.as_object_mut().filter(|_| !self.settings.agents.is_empty()) {
            fields.insert("agents".to_owned(), serde_json::to_value(&self.settings.agents).unwrap_or_default());
        }
        let planned = match plan::plan(&self.settings.run_schema, request) {
            Ok(planned) => planned.tasks,
            Err(CallError::InvalidRequest(found)) => {
                problems.extend(found.iter().map(|problem| format!("{}: {}", problem.path, problem.message)));
                return Err(problems);
            }
            Err(CallError::HostProtocol(message)) => return Err(vec![message]),
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let shift = |index: &mut TaskIndex| index.0 += next.0;
        let placed = planned.into_iter().map(|mut task| {
            task.dependencies.iter_mut().for_each(shift);
            task.input_from.iter_mut().for_each(|reference| shift(&mut reference.task));
            task
        });
        Ok(placed.collect())
    }

    fn executed(&mut self, result: &TaskResult) -> Vec<PlannedTask> {
        let Phase::Executing { open } = &mut self.phase else { return Vec::new() };
        if !open.remove(result.task_id.as_str()) {
            return Vec::new();
        }
        let done = open.is_empty();
        let completed = result.status == TaskStatus::Completed;
        self.whole &= completed;
        if completed {
            self.completed.insert(result.task_id.to_string());
        }
        self.results.push(shown(result));
        if done { self.ask_for_report() } else { Vec::new() }
    }

    fn ask_for_report(&mut self) -> Vec<PlannedTask> {
        self.phase = Phase::Compiling;
        let mut input = Map::new();
        input.insert("goal".to_owned(), Value::from(self.settings.goal.as_str()));
        input.insert("results".to_owned(), Value::from(std::mem::take(&mut self.results)));
        let description = prompt::fill(COMPILE, &[("goal", &self.settings.goal)]);
        let id = format!("{OWN}compile");
        let mut task = self.settings.common.task(&self.settings.orchestrator, id, description, input);
        task.output_schema = strict::parse(COMPILED, strict::ANSWER_BOUNDS).ok();
        vec![task]
    }

    /// Keeps the report, and tells claims that rest on a completed task from those that do not.
    fn compiled(&mut self, result: &TaskResult) {
        let answer = result.output.as_ref().filter(|_| result.status == TaskStatus::Completed);
        let Some(mut answer) = answer.cloned() else {
            self.phase = Phase::Ended(Reason::NotCompiled);
            return;
        };
        if let Some(claims) = answer.get_mut("claims").and_then(Value::as_array_mut) {
            let bears = |claim: &Value| {
                claim.get("task_id").and_then(Value::as_str).is_some_and(|id| self.completed.contains(id))
            };
            let (borne, unsupported) = std::mem::take(claims).into_iter().partition(bears);
            *claims = borne;
            self.unsupported = unsupported;
        }
        self.compiled = Some(answer);
        self.phase = Phase::Ended(Reason::Compiled);
    }
}

impl Director for Orchestrate {
    fn ended(&mut self, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        let stopped =
            result.error.as_ref().is_some_and(|error| matches!(error.code.as_str(), "E_DEADLINE" | "E_CANCELLED"));
        match self.phase {
            Phase::Ended(_) => Vec::new(),
            _ if stopped => {
                self.phase = Phase::Ended(Reason::Stopped);
                Vec::new()
            }
            Phase::Planning { plans } => self.planned(plans, result, next),
            Phase::Executing { .. } => self.executed(result),
            Phase::Compiling => {
                self.compiled(result);
                Vec::new()
            }
        }
    }
}

/// A result as the compiling agent reads it.
fn shown(result: &TaskResult) -> Value {
    let output = result.output.as_ref().map(|output| output.as_str().map_or_else(|| output.to_string(), str::to_owned));
    let text = output.unwrap_or_default();
    let kept = text::head(&text, MAX_RESULT_BYTES);
    json!({
        "task_id": result.task_id.as_str(),
        "agent_type": result.agent_type,
        "status": result.status,
        "output": kept,
        "cut": kept.len() < text.len(),
        "error": result.error.as_ref().map(|error| error.message.as_str()),
    })
}
