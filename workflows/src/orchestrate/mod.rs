//! Reaches a goal: one agent plans, the engine carries the plan out, one agent compiles the report.
//!
//! | phase      | and then                                         | it becomes                                    |
//! |------------|--------------------------------------------------|-----------------------------------------------|
//! | planning   | there is a plan without problems                 | making, or executing if it wants no new agents|
//! | planning   | the plan has problems, for the first time        | planning, with the problems                   |
//! | planning   | it has problems again                            | ended: `plan_refused`                         |
//! | making     | every new agent is judged good enough, or is not | executing                                     |
//! | executing  | every task has ended, and some came to nothing   | replacing, as often as the request allows     |
//! | executing  | every task has ended                             | refining                                      |
//! | replacing  | there is a plan without problems                 | executing; refining if it has no tasks        |
//! | replacing  | the plan has problems, for the first time        | replacing, with the problems                  |
//! | replacing  | it has problems again                            | refining; what failed stays failed            |
//! | refining   | every result with a rubric is good enough, or not| compiling                                     |
//! | compiling  | there is a report                                | ended: `compiled`                             |
//! | compiling  | there is none                                    | ended: `not_compiled`; the results are kept   |
//! | any        | the run is stopped                               | ended: `stopped`                              |
//!
//! A plan is one level deep and goes through the checks that a caller's request goes through; its schema leaves no place
//! for a model, tools, budgets or limits. Making and refining are the work of the workflow that judges and improves drafts.

mod asking;
mod draft_plan;
mod parts;
mod stages;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Common;
use super::create::Created;
use super::graft::Rules;
use super::improve::{self, Draft, Improve, Reason as DraftReason};
use super::registry::Entry;
use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::{ErrorCode, TaskResult};
use parallel_agents_engine::workflow::Workflow;

use draft_plan::DraftPlan;
use parts::Parts;

pub use draft_plan::MAX_REFINED;

/// What is to be reached, and within which bounds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For all sessions.
    pub common: Common,
    /// What is to be reached, in words, with the material for it.
    pub goal: String,
    /// Tasks of one plan.
    pub max_tasks: usize,
    /// Plans that replace what failed.
    pub max_replans: u32,
    /// Agent types that a plan may have made.
    pub max_new_agents: usize,
    /// Who plans and compiles.
    pub orchestrator: Arc<AgentDefinition>,
    /// Who may be named in the plan: name and description.
    pub offered: Vec<(String, String)>,
    /// What the plan's tasks are held to.
    pub rules: Rules,
    /// How new agents and results are judged and improved; its target is the least that a plan may ask for.
    pub improvement: improve::Settings,
}

/// How the work on a goal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is a report.
    Compiled,
    /// There is no report, but results of tasks.
    NotCompiled,
    /// No plan of the orchestrator was accepted.
    PlanRefused,
    /// The run was stopped before the report.
    Stopped,
}

/// One statement of the report, and the task that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The statement, in one sentence.
    pub claim: String,
    /// The task whose result bears it.
    pub task_id: String,
}

/// The compiling agent's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compiled {
    /// The report in Markdown.
    pub report: Option<String>,
    /// Claims that a completed task bears.
    pub claims: Vec<Claim>,
    /// What the report says is missing, a sentence each.
    pub gaps: Vec<String>,
    /// The report says that nothing is missing.
    pub is_complete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Planning { tries: u32 },
    Making,
    Executing,
    Replacing { tries: u32 },
    Refining,
    Compiling,
    Ended(Reason),
}

/// Results that are judged and improved.
#[derive(Debug)]
struct Refining {
    work: Improve,
    /// The id of the task that each draft is the result of.
    tasks: BTreeMap<String, String>,
}

impl Refining {
    /// The drafts, each with the id of its task.
    fn drafts(&self) -> impl Iterator<Item = (&str, &Draft)> {
        self.work.drafts().iter().filter_map(|draft| Some((self.tasks.get(&draft.wanted.name)?.as_str(), draft)))
    }
}

/// The workflow of one goal.
#[derive(Debug)]
pub struct Orchestrate {
    settings: Settings,
    phase: Phase,
    /// The plan, as it was accepted.
    pub plan: Option<Value>,
    /// The plans that replaced what failed, as they were accepted.
    pub replacements: Vec<Value>,
    /// What was wrong with the last plan that was refused.
    pub problems: Vec<String>,
    /// The accepted plan whose tasks begin when its agents are made.
    accepted: DraftPlan,
    /// Good enough, for new agents and for results.
    target: Score,
    replans: u32,
    making: Option<Improve>,
    created: Created,
    parts: Parts,
    not_run: Vec<TaskResult>,
    refining: Option<Refining>,
    /// The compiling agent's answer.
    pub compiled: Option<Compiled>,
    /// Claims that no completed task bears.
    pub unsupported: Vec<Claim>,
}

impl Orchestrate {
    /// The workflow, and the task to begin with.
    pub fn new(settings: Settings, registry: Vec<Entry>) -> (Self, Vec<PlannedTask>) {
        let mut orchestrate = Self {
            phase: Phase::Planning { tries: 1 },
            plan: None,
            replacements: Vec::new(),
            problems: Vec::new(),
            accepted: DraftPlan::default(),
            target: settings.improvement.target,
            replans: 0,
            making: None,
            created: Created::new(registry),
            parts: Parts::default(),
            not_run: Vec::new(),
            refining: None,
            compiled: None,
            unsupported: Vec::new(),
            settings,
        };
        let first = orchestrate.ask_for_plan(None);
        (orchestrate, first)
    }

    /// How it ended; a goal that was cut off by the end of its run was stopped.
    pub fn reason(&self) -> Reason {
        match self.phase {
            Phase::Ended(reason) => reason,
            _ => Reason::Stopped,
        }
    }

    /// The agents that were to be made, if any were.
    pub fn making(&self) -> Option<&Improve> {
        self.making.as_ref()
    }

    /// The agent types that there are, and what became of those that were to be made.
    pub fn created(&mut self) -> &Created {
        if let Some(making) = &self.making {
            self.created.promote(making);
        }
        &self.created
    }

    /// The results that were judged and improved, each with the id of its task.
    pub fn refined(&self) -> Vec<(&str, &Draft)> {
        self.refining.iter().flat_map(Refining::drafts).collect()
    }

    /// The records of tasks that were not run.
    pub fn not_run(&self) -> &[TaskResult] {
        &self.not_run
    }

    /// Whether every part came to something, and everything that was judged is good enough.
    pub fn is_whole(&self) -> bool {
        let good =
            |improve: &Improve| improve.drafts().iter().all(|draft| draft.reason == Some(DraftReason::TargetReached));
        self.parts.open().is_empty()
            && self.making.iter().chain(self.refining.iter().map(|refining| &refining.work)).all(good)
    }
}

impl Workflow for Orchestrate {
    fn ended(&mut self, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        let stopped =
            result.error.as_ref().is_some_and(|error| matches!(error.code, ErrorCode::Deadline | ErrorCode::Cancelled));
        match self.phase {
            Phase::Ended(_) => Vec::new(),
            _ if stopped => {
                self.phase = Phase::Ended(Reason::Stopped);
                Vec::new()
            }
            Phase::Planning { tries } => self.planned(tries, result, next),
            Phase::Making => self.making_ended(result, next),
            Phase::Executing => {
                if self.parts.ended(result) {
                    self.executed()
                } else {
                    Vec::new()
                }
            }
            Phase::Replacing { tries } => self.replaced(tries, result, next),
            Phase::Refining => self.refining_ended(result, next),
            Phase::Compiling => {
                self.compiled(result);
                Vec::new()
            }
        }
    }
}
