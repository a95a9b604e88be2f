//! What came out of a workflow. Written as JSON under the same names; `schemas/results/` has the meaning of each field.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::create::{Create, add_not_run};
use super::improve::{Draft, Improve, Reason, Round};
use super::orchestrate::{self, Claim, Orchestrate};
use super::registry::{Entry, Promotion};
use parallel_agents_engine::report::document;
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::{RunReport, TaskError};

/// How a workflow ended as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything that was asked for is there and good enough.
    Completed,
    /// Some of it is.
    Partial,
    /// None of it is.
    Failed,
}

/// One draft in its best version.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct DraftOutcome {
    pub name: String,
    pub kind: String,
    pub reason: Reason,
    pub score: Option<Score>,
    pub best_round: Option<u32>,
    pub rounds: u32,
    pub history: Vec<Round>,
    pub draft: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<TaskError>,
    pub issues: Vec<Value>,
}

/// One agent type that was to be made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct MadeOutcome {
    #[serde(flatten)]
    pub draft: DraftOutcome,
    #[serde(serialize_with = "promotion")]
    pub promotion: Option<Promotion>,
}

/// What came of drafts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct Refinement {
    pub status: Status,
    pub drafts: Vec<DraftOutcome>,
    #[serde(serialize_with = "document::serialize_report")]
    pub run: RunReport,
}

/// What came of the agent types that were to be made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct Creation {
    pub status: Status,
    pub created: Vec<MadeOutcome>,
    pub registry: Vec<Entry>,
    #[serde(serialize_with = "document::serialize_report")]
    pub run: RunReport,
}

/// What came of a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "schemas/results documents every field once")]
pub struct Orchestration {
    pub status: Status,
    pub reason: orchestrate::Reason,
    pub report: Option<String>,
    pub claims: Vec<Claim>,
    pub unsupported_claims: Vec<Claim>,
    pub gaps: Vec<String>,
    pub problems: Vec<String>,
    pub plan: Option<Value>,
    pub replacements: Vec<Value>,
    pub created: Vec<MadeOutcome>,
    pub registry: Vec<Entry>,
    pub refined: Vec<DraftOutcome>,
    #[serde(serialize_with = "document::serialize_report")]
    pub run: RunReport,
}

impl Refinement {
    /// After the run.
    pub fn of(improve: &Improve, run: RunReport) -> Self {
        Self { status: status(improve), drafts: improve.drafts().iter().map(DraftOutcome::of).collect(), run }
    }
}

impl Creation {
    /// After the run; the caller's tasks stand at its end.
    pub fn of(mut create: Create, run: RunReport) -> Self {
        let run = create.complete(run);
        let (used, tasks) = create.used(&run);
        let agents = create.created();
        let (promotions, registry) = (agents.promotions.clone(), agents.registry.clone());
        let status = match status(create.improve()) {
            Status::Completed if used == tasks => Status::Completed,
            Status::Failed if used == 0 => Status::Failed,
            _ => Status::Partial,
        };
        Self { status, created: created(create.improve(), &promotions), registry, run }
    }
}

impl Orchestration {
    /// The result of a goal, once its run is over.
    pub fn of(mut done: Orchestrate, run: RunReport) -> Self {
        let run = add_not_run(run, done.not_run());
        let agents = done.created();
        let (promotions, registry) = (agents.promotions.clone(), agents.registry.clone());
        let reason = done.reason();
        let compiled = done.compiled.take().unwrap_or_default();
        let complete = compiled.is_complete && done.unsupported.is_empty();
        let refined = done
            .refined()
            .into_iter()
            .map(|(task, draft)| DraftOutcome { name: task.to_owned(), ..DraftOutcome::of(draft) });
        Self {
            status: match reason {
                orchestrate::Reason::Compiled if done.is_whole() && complete => Status::Completed,
                orchestrate::Reason::PlanRefused => Status::Failed,
                _ => Status::Partial,
            },
            reason,
            refined: refined.collect(),
            created: done.making().map(|making| created(making, &promotions)).unwrap_or_default(),
            report: compiled.report,
            claims: compiled.claims,
            unsupported_claims: done.unsupported,
            gaps: compiled.gaps,
            problems: done.problems,
            plan: done.plan,
            replacements: done.replacements,
            registry,
            run,
        }
    }
}

impl DraftOutcome {
    fn of(draft: &Draft) -> Self {
        let best = draft.best.as_ref();
        Self {
            name: draft.wanted.name.clone(),
            kind: draft.wanted.kind.clone(),
            // A draft without a reason was cut off by the end of its run.
            reason: draft.reason.unwrap_or(Reason::Stopped),
            score: best.map(|best| best.score),
            best_round: best.map(|best| best.round),
            rounds: u32::try_from(draft.history.len()).unwrap_or(u32::MAX),
            history: draft.history.clone(),
            draft: draft.version().cloned(),
            error: draft.error.clone().filter(|_| draft.reason != Some(Reason::TargetReached)),
            issues: best.map(|best| best.issues.clone()).unwrap_or_default(),
        }
    }
}

fn created(improve: &Improve, promotions: &[Option<Promotion>]) -> Vec<MadeOutcome> {
    let both = improve.drafts().iter().zip(promotions);
    both.map(|(draft, promotion)| MadeOutcome { draft: DraftOutcome::of(draft), promotion: *promotion }).collect()
}

/// `completed` only if every draft reached its target.
fn status(improve: &Improve) -> Status {
    let reached = improve.drafts().iter().filter(|draft| draft.reason == Some(Reason::TargetReached)).count();
    match reached {
        _ if reached == improve.drafts().len() => Status::Completed,
        0 => Status::Failed,
        _ => Status::Partial,
    }
}

fn promotion<S: Serializer>(promotion: &Option<Promotion>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(promotion.map_or("not_good_enough", Promotion::name))
}
