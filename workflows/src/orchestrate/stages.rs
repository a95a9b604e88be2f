//! From one phase to the next: what follows an accepted plan, an ended task, a report.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::asking::judged_in;
use super::draft_plan::{DraftPlan, OWN, Situation};
use super::{Claim, Compiled, Orchestrate, Phase, Reason, Refining};
use crate::create::field;
use crate::improve::{self, Improve, Origin, Wanted};
use crate::spec::AgentSpec;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::task::{TaskResult, TaskStatus};
use parallel_agents_engine::workflow::Workflow;

/// Plans that are asked for at one point: one, and one more with the problems of the first.
const MAX_TRIES: u32 = 2;

impl Orchestrate {
    /// The plan in an answer, or what is wrong with it.
    fn read_plan(&self, result: &TaskResult, next: TaskIndex) -> Result<DraftPlan, Vec<String>> {
        match result.output.as_ref().filter(|_| result.status == TaskStatus::Completed) {
            Some(answer) => self.situation(next).read(answer),
            // The answer itself did not pass; its error says why in this program's own words.
            None => Err(result.error.iter().map(|error| error.message.clone()).collect()),
        }
    }

    fn situation(&self, next: TaskIndex) -> Situation<'_> {
        Situation {
            settings: &self.settings,
            created: &self.created,
            parts: &self.parts,
            replacement: matches!(self.phase, Phase::Replacing { .. }),
            next,
        }
    }

    pub(super) fn planned(&mut self, tries: u32, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        match self.read_plan(result, next) {
            Ok(plan) => {
                self.plan.clone_from(&result.output);
                self.problems.clear();
                self.target = plan.target.unwrap_or(self.target);
                self.accepted = plan;
                match self.make() {
                    Some(first) => first,
                    None => self.execute(next),
                }
            }
            Err(problems) => {
                self.problems = problems;
                if tries >= MAX_TRIES {
                    self.phase = Phase::Ended(Reason::PlanRefused);
                    return Vec::new();
                }
                self.phase = Phase::Planning { tries: tries + 1 };
                self.ask_for_plan(result.output.as_ref())
            }
        }
    }

    /// Begins with the new agents of the accepted plan. None: it wants none.
    fn make(&mut self) -> Option<Vec<PlannedTask>> {
        let wanted: Vec<Wanted> = self.accepted.new_agents.iter().map(AgentSpec::wanted).collect();
        if wanted.is_empty() {
            return None;
        }
        let (making, first) = Improve::new(self.improvement(), wanted);
        self.making = Some(making);
        self.phase = Phase::Making;
        Some(first)
    }

    /// As the request has it, with the target of the plan.
    fn improvement(&self) -> improve::Settings {
        improve::Settings { target: self.target, ..self.settings.improvement.clone() }
    }

    pub(super) fn making_ended(&mut self, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        let Some(making) = &mut self.making else { return Vec::new() };
        let mut more = making.ended(result, next);
        if making.is_over() {
            self.created.promote(making);
            more.extend(self.execute(TaskIndex(next.0 + more.len())));
        }
        more
    }

    /// Gives the tasks of the accepted plan their places.
    fn execute(&mut self, next: TaskIndex) -> Vec<PlannedTask> {
        let DraftPlan { tasks, notes, new_agents, .. } = std::mem::take(&mut self.accepted);
        let agents = self.created.agents(&self.settings.rules.agents);
        let situation = self.situation(next);
        let new = new_agents.iter().map(|spec| spec.name.as_str());
        let (planned, left_out) = self.created.put_to_work(&tasks, new, |tasks| situation.place(tasks, &agents));
        let mut places = planned.iter().enumerate();
        for (task, note) in tasks.into_iter().zip(notes) {
            let is_left_out = left_out.iter().any(|left| left.task_id.as_str() == field(&task, "task_id"));
            let place = if is_left_out { None } else { places.next() };
            let place = place.map(|(place, planned)| (TaskIndex(next.0 + place), planned.output_schema.clone()));
            self.parts.add(task, note, place);
        }
        for result in &left_out {
            self.parts.ended(result);
        }
        self.not_run.extend(left_out);
        self.phase = Phase::Executing;
        if planned.is_empty() { self.executed() } else { planned }
    }

    /// Goes on when every task has ended.
    pub(super) fn executed(&mut self) -> Vec<PlannedTask> {
        if !self.parts.all_ended() {
            return Vec::new();
        }
        if !self.parts.open().is_empty() && self.replans < self.settings.max_replans {
            self.replans += 1;
            self.phase = Phase::Replacing { tries: 1 };
            return self.ask_for_plan(None);
        }
        self.refine()
    }

    pub(super) fn replaced(&mut self, tries: u32, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        match self.read_plan(result, next) {
            Ok(plan) => {
                self.replacements.extend(result.output.clone());
                self.problems.clear();
                if plan.tasks.is_empty() {
                    return self.refine();
                }
                self.accepted = plan;
                self.execute(next)
            }
            Err(problems) => {
                self.problems = problems;
                if tries >= MAX_TRIES {
                    return self.refine();
                }
                self.phase = Phase::Replacing { tries: tries + 1 };
                self.ask_for_plan(result.output.as_ref())
            }
        }
    }

    /// Has the results judged and improved for which the plan says what counts.
    fn refine(&mut self) -> Vec<PlannedTask> {
        let (mut wanted, mut tasks) = (Vec::new(), BTreeMap::new());
        for part in self.parts.all() {
            let Some((result, rubric, schema)) = part.to_refine() else { continue };
            let name = format!("{OWN}refine-{}", wanted.len() + 1);
            tasks.insert(name.clone(), part.id().to_owned());
            wanted.push(Wanted {
                name,
                kind: format!("result of a task for {}", field(&part.task, "agent_type")),
                purpose: Some(field(&part.task, "task_description").to_owned()),
                rubric: Some(rubric.to_owned()),
                schema: schema.cloned(),
                origin: Origin::Given(result.clone()),
            });
        }
        if wanted.is_empty() {
            return self.ask_for_report();
        }
        let (work, first) = Improve::new(self.improvement(), wanted);
        self.refining = Some(Refining { work, tasks });
        self.phase = Phase::Refining;
        first
    }

    pub(super) fn refining_ended(&mut self, result: &TaskResult, next: TaskIndex) -> Vec<PlannedTask> {
        let Some(refining) = &mut self.refining else { return Vec::new() };
        let mut more = refining.work.ended(result, next);
        if refining.work.is_over() {
            for (task, draft) in refining.drafts() {
                self.parts.refined(task, draft);
            }
            more.extend(self.ask_for_report());
        }
        more
    }

    /// Keeps the report, and tells claims that rest on a completed task from those that do not.
    pub(super) fn compiled(&mut self, result: &TaskResult) {
        let answer = result.output.as_ref().filter(|_| result.status == TaskStatus::Completed);
        let Some(answer) = answer else {
            self.phase = Phase::Ended(Reason::NotCompiled);
            return;
        };
        let mut bearing: Vec<String> = self.parts.completed().into_iter().map(|task| task.id).collect();
        bearing.extend(self.making.iter().flat_map(Improve::drafts).filter_map(judged_in).map(str::to_owned));
        let claims: Vec<Claim> = list(answer, "claims");
        let (claims, unsupported) = claims.into_iter().partition(|claim| bearing.contains(&claim.task_id));
        self.unsupported = unsupported;
        self.compiled = Some(Compiled {
            report: Some(field(answer, "report").to_owned()),
            claims,
            gaps: list(answer, "gaps"),
            is_complete: field(answer, "status") == "complete",
        });
        self.phase = Phase::Ended(Reason::Compiled);
    }
}

/// A list of an answer that fits its schema.
fn list<T: DeserializeOwned>(answer: &Value, name: &str) -> Vec<T> {
    answer.get(name).and_then(|list| Vec::deserialize(list).ok()).unwrap_or_default()
}
