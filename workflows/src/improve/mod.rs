//! Judges drafts and improves them until they are good enough, or until going on does not help.
//!
//! | a draft is | and then                         | it becomes                                        |
//! |------------|----------------------------------|---------------------------------------------------|
//! | created    | there is a valid definition      | judged                                            |
//! | created    | there is none, for the 2nd time  | ended: `no_draft`                                 |
//! | judged     | the score reaches the target     | ended: `target_reached`                           |
//! | judged     | it was the last round            | ended: `max_rounds`                               |
//! | judged     | no better than before, twice     | ended: `no_progress` (`no_review` without a score)|
//! | judged     | anything else                    | refined, from the best version so far             |
//! | any        | the run is stopped, or the budget ends | ended: `stopped`, `budget`                  |
//! | refined    | there is a valid draft           | judged                                            |
//! | refined    | there is none                    | refined again; twice in a row ends it             |
//!
//! The best version never gets worse, a missing or invalid review is never a pass, and a judge is told neither the target
//! nor the author.

mod descriptions;
mod draft;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

pub use descriptions::{create_description, judge_description};
pub use draft::{Best, Draft, Judgement, Origin, Reason, Round, Wanted};

use super::Common;
use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::plan::PlannedTask;
use parallel_agents_engine::prompt;
use parallel_agents_engine::review::Review;
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::{ErrorCode, TaskResult, TaskStatus};
use parallel_agents_engine::workflow::Workflow;

const REFUSED: &str = include_str!("../../../prompts/workflow/refused.md");
const REFINE: &str = include_str!("../../../prompts/workflow/refine.md");

/// Rounds or attempts in a row without a gain that end the work on a draft.
const MAX_STALE: u32 = 2;

/// The kind of a draft that has to be a usable agent definition.
pub const DEFINITION_KIND: &str = "agent definition";

/// Who does what, and when it is enough.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For all sessions.
    pub common: Common,
    /// The least score of a draft that is good enough.
    pub target: Score,
    /// Versions that are judged at the most.
    pub max_rounds: u32,
    /// Judges for each version.
    pub judges: u32,
    /// The agent type that judges; it gets no tools.
    pub judge: Arc<AgentDefinition>,
    /// The agent type that improves; another one than the judge.
    pub refiner: Arc<AgentDefinition>,
    /// Who makes agents.
    pub creator: Arc<AgentDefinition>,
}

impl Settings {
    /// Sessions that one draft could need: judges of all rounds, a refiner between them and once more in vain, two attempts
    /// to create.
    pub fn sessions_for_one(&self) -> u64 {
        u64::from(self.max_rounds * (self.judges + 2) + 2)
    }

    /// Sessions for one draft that is good enough at once: its judges, and whoever makes it.
    pub fn sessions_at_best(&self, wanted: &Wanted) -> u64 {
        u64::from(self.judges) + u64::from(matches!(wanted.origin, Origin::Specified(_)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Create,
    Judge,
    Refine,
}

/// The workflow of all drafts.
#[derive(Debug)]
pub struct Improve {
    settings: Settings,
    drafts: Vec<Draft>,
    roles: BTreeMap<String, (usize, Role)>,
}

impl Improve {
    /// The workflow, and the tasks to begin with.
    pub fn new(settings: Settings, wanted: Vec<Wanted>) -> (Self, Vec<PlannedTask>) {
        let drafts = wanted.into_iter().map(Draft::new).collect();
        let mut improve = Self { settings, drafts, roles: BTreeMap::new() };
        let first = (0..improve.drafts.len()).flat_map(|index| improve.begin(index)).collect();
        (improve, first)
    }

    /// The drafts, in the order in which they were asked for.
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// Whether the work on every draft has ended.
    pub fn is_over(&self) -> bool {
        self.drafts.iter().all(|draft| draft.reason.is_some())
    }

    fn begin(&mut self, index: usize) -> Vec<PlannedTask> {
        let origin = self.drafts.get(index).map(|draft| draft.wanted.origin.clone());
        match origin {
            Some(Origin::Given(draft)) => {
                self.set_current(index, draft);
                self.judge(index)
            }
            Some(Origin::Specified(_)) => self.create(index, &[]),
            None => Vec::new(),
        }
    }

    fn set_current(&mut self, index: usize, value: Value) {
        if let Some(draft) = self.drafts.get_mut(index) {
            draft.current = value;
        }
    }

    fn create(&mut self, index: usize, problems: &[String]) -> Vec<PlannedTask> {
        let Some(draft) = self.drafts.get_mut(index) else { return Vec::new() };
        let Origin::Specified(spec) = &draft.wanted.origin else { return Vec::new() };
        draft.attempts += 1;
        let mut input = spec.clone();
        if !problems.is_empty() {
            // Refused for reasons of form; the words are this program's own.
            let mut constraints = input.get("constraints").and_then(Value::as_array).cloned().unwrap_or_default();
            constraints.extend(
                problems.iter().map(|problem| Value::from(prompt::fill(REFUSED.trim_end(), [("problem", problem)]))),
            );
            input.insert("constraints".to_owned(), Value::from(constraints));
        }
        let purpose = draft.wanted.purpose.clone().unwrap_or_default();
        let description = create_description(&draft.wanted.name, &purpose);
        let id = format!("{}-create-{}", draft.wanted.name, draft.attempts);
        let task = self.settings.common.task(&self.settings.creator, id.clone(), description, input);
        self.roles.insert(id, (index, Role::Create));
        vec![task]
    }

    fn judge(&mut self, index: usize) -> Vec<PlannedTask> {
        let Some(draft) = self.drafts.get_mut(index) else { return Vec::new() };
        draft.waiting = self.settings.judges;
        draft.reviews.clear();
        let round = draft.history.len() + 1;
        let description = judge_description(&draft.wanted.kind);
        let input = draft.input(&draft.current);
        let ids: Vec<String> =
            (1..=self.settings.judges).map(|n| format!("{}-r{round}-judge-{n}", draft.wanted.name)).collect();
        let task = |id: &String| {
            self.settings.common.task(&self.settings.judge, id.clone(), description.clone(), input.clone())
        };
        let tasks = ids.iter().map(task).collect();
        self.roles.extend(ids.into_iter().map(|id| (id, (index, Role::Judge))));
        tasks
    }

    fn refine(&mut self, index: usize) -> Vec<PlannedTask> {
        let Some(draft) = self.drafts.get_mut(index) else { return Vec::new() };
        let Some(best) = &draft.best else { return Vec::new() };
        draft.attempts += 1;
        let mut input = draft.input(&best.draft);
        input.insert("issues".to_owned(), Value::from(best.issues.clone()));
        let description = prompt::fill(REFINE, [("kind", &draft.wanted.kind)]);
        let id = format!("{}-r{}-refine-{}", draft.wanted.name, draft.history.len(), draft.attempts);
        let task = self.settings.common.task(&self.settings.refiner, id.clone(), description, input);
        self.roles.insert(id, (index, Role::Refine));
        vec![task]
    }

    fn created(&mut self, index: usize, result: &TaskResult) -> Vec<PlannedTask> {
        let Some(draft) = self.drafts.get_mut(index) else { return Vec::new() };
        let made = result.output.as_ref().filter(|_| result.status == TaskStatus::Completed);
        let problems = match made.and_then(|output| output.get("definition")) {
            Some(definition) => match draft.usable(definition) {
                Ok(definition) => {
                    draft.current = definition;
                    draft.stale = 0;
                    draft.error = None;
                    return self.judge(index);
                }
                Err(problems) => problems,
            },
            None => Vec::new(),
        };
        draft.came_to_nothing(result, ErrorCode::DefinitionUnusable, &problems);
        draft.stale += 1;
        if draft.stale >= MAX_STALE {
            draft.reason = Some(Reason::NoDraft);
            return Vec::new();
        }
        self.create(index, &problems)
    }

    fn refined(&mut self, index: usize, result: &TaskResult) -> Vec<PlannedTask> {
        let Some(draft) = self.drafts.get_mut(index) else { return Vec::new() };
        let made = result.output.as_ref().filter(|_| result.status == TaskStatus::Completed);
        let next = match made.and_then(|output| output.get("draft")) {
            Some(next) => draft.usable(next),
            None => Err(Vec::new()),
        };
        match next {
            Ok(next) => {
                draft.current = next;
                draft.error = None;
                self.judge(index)
            }
            Err(problems) => {
                draft.came_to_nothing(result, ErrorCode::DraftUnusable, &problems);
                draft.stale += 1;
                if draft.stale >= MAX_STALE {
                    draft.reason = Some(Reason::NoProgress);
                    return Vec::new();
                }
                self.refine(index)
            }
        }
    }

    fn judged(&mut self, index: usize, result: &TaskResult) -> Vec<PlannedTask> {
        let (target, max_rounds) = (self.settings.target, self.settings.max_rounds);
        let Some(draft) = self.drafts.get_mut(index) else { return Vec::new() };
        let review = Review::of(result);
        if review.is_none() {
            draft.came_to_nothing(result, ErrorCode::ReviewUnusable, &["the answer is no review".to_owned()]);
        }
        draft.reviews.push((result.task_id.to_string(), review));
        draft.waiting = draft.waiting.saturating_sub(1);
        if draft.waiting > 0 {
            return Vec::new();
        }
        let unpaid = draft.unpaid.take();
        if unpaid.is_some() && draft.reviews.iter().all(|(_, review)| review.is_none()) {
            (draft.reason, draft.error) = (Some(Reason::Budget), unpaid);
            return Vec::new();
        }
        let score = draft.end_round();
        if score.is_some() {
            draft.error = None;
        }
        let best = draft.best.as_ref().map(|best| best.score);
        let last_round = draft.history.len() >= max_rounds as usize;
        draft.reason = match (best, score) {
            (Some(best), _) if best >= target => Some(Reason::TargetReached),
            _ if unpaid.is_some() => Some(Reason::Budget),
            (None, _) if last_round || draft.stale >= MAX_STALE => Some(Reason::NoReview),
            _ if last_round => Some(Reason::MaxRounds),
            (_, None) if draft.stale >= MAX_STALE => Some(Reason::NoReview),
            _ if draft.stale >= MAX_STALE => Some(Reason::NoProgress),
            _ => None,
        };
        if draft.reason == Some(Reason::Budget) {
            draft.error = unpaid;
        }
        match (draft.reason, score) {
            (Some(_), _) => Vec::new(),
            (None, Some(_)) => self.refine(index),
            // Nobody said what is wrong, so there is nothing to improve yet.
            (None, None) => self.judge(index),
        }
    }
}

impl Workflow for Improve {
    fn ended(&mut self, result: &TaskResult, _next: TaskIndex) -> Vec<PlannedTask> {
        let Some((index, role)) = self.roles.remove(result.task_id.as_str()) else { return Vec::new() };
        let Some(draft) = self.drafts.get_mut(index).filter(|draft| draft.reason.is_none()) else { return Vec::new() };
        let ends = match result.error.as_ref().map(|error| error.code) {
            Some(ErrorCode::Deadline | ErrorCode::Cancelled) => Some(Reason::Stopped),
            Some(ErrorCode::Budget) if role == Role::Judge => {
                draft.unpaid.clone_from(&result.error);
                None
            }
            Some(ErrorCode::Budget) => Some(Reason::Budget),
            _ => None,
        };
        if ends.is_some() {
            draft.reason = ends;
            draft.error = result.error.clone();
            return Vec::new();
        }
        match role {
            Role::Create => self.created(index, result),
            Role::Judge => self.judged(index, result),
            Role::Refine => self.refined(index, result),
        }
    }
}
