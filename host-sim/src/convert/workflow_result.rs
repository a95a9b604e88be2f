//! What a workflow gives back.

use parallel_agents_engine::score::Score;
use parallel_agents_workflows::improve::{Judgement, Reason, Round};
use parallel_agents_workflows::orchestrate::{self, Claim};
use parallel_agents_workflows::outcome::{Creation, DraftOutcome, MadeOutcome, Orchestration, Refinement, Status};
use parallel_agents_workflows::registry::{Entry, Promotion};
use serde_json::Value;

use super::report::task_error;
use super::run_report;
use crate::bindings::exports::parallel_agents::skill::workflows as wit;
use crate::error::SimError;

/// What came of drafts. An error if a text that has to be JSON is not.
pub(crate) fn refinement(done: wit::Refinement) -> Result<Refinement, SimError> {
    Ok(Refinement {
        status: status(done.status),
        drafts: done.drafts.into_iter().map(draft).collect::<Result<_, _>>()?,
        run: run_report(done.run)?,
    })
}

/// What came of wishes for agent types.
pub(crate) fn creation(done: wit::Creation) -> Result<Creation, SimError> {
    Ok(Creation {
        status: status(done.status),
        created: done.created.into_iter().map(made).collect::<Result<_, _>>()?,
        registry: done.registry.into_iter().map(registered).collect::<Result<_, _>>()?,
        run: run_report(done.run)?,
    })
}

/// What came of a goal.
pub(crate) fn orchestration(done: wit::Orchestration) -> Result<Orchestration, SimError> {
    Ok(Orchestration {
        status: status(done.status),
        reason: match done.end {
            wit::GoalEnd::Compiled => orchestrate::Reason::Compiled,
            wit::GoalEnd::NotCompiled => orchestrate::Reason::NotCompiled,
            wit::GoalEnd::PlanRefused => orchestrate::Reason::PlanRefused,
            wit::GoalEnd::Stopped => orchestrate::Reason::Stopped,
        },
        report: done.report,
        claims: done.claims.into_iter().map(claim).collect(),
        unsupported_claims: done.unsupported_claims.into_iter().map(claim).collect(),
        gaps: done.gaps,
        problems: done.problems,
        plan: done.plan.map(|plan| json("the plan", &plan)).transpose()?,
        replacements: done.replacements.iter().map(|plan| json("a plan", plan)).collect::<Result<_, _>>()?,
        created: done.created.into_iter().map(made).collect::<Result<_, _>>()?,
        registry: done.registry.into_iter().map(registered).collect::<Result<_, _>>()?,
        refined: done.refined.into_iter().map(draft).collect::<Result<_, _>>()?,
        run: run_report(done.run)?,
    })
}

fn status(status: wit::WorkflowStatus) -> Status {
    match status {
        wit::WorkflowStatus::Completed => Status::Completed,
        wit::WorkflowStatus::Partial => Status::Partial,
        wit::WorkflowStatus::Failed => Status::Failed,
    }
}

fn draft(draft: wit::DraftResult) -> Result<DraftOutcome, SimError> {
    Ok(DraftOutcome {
        reason: match draft.end {
            wit::DraftEnd::TargetReached => Reason::TargetReached,
            wit::DraftEnd::MaxRounds => Reason::MaxRounds,
            wit::DraftEnd::NoProgress => Reason::NoProgress,
            wit::DraftEnd::NoReview => Reason::NoReview,
            wit::DraftEnd::NoDraft => Reason::NoDraft,
            wit::DraftEnd::Stopped => Reason::Stopped,
            wit::DraftEnd::Budget => Reason::Budget,
        },
        score: draft.score.map(score).transpose()?,
        best_round: draft.best_round,
        rounds: u32::try_from(draft.history.len()).unwrap_or(u32::MAX),
        history: draft.history.into_iter().map(round).collect::<Result<_, _>>()?,
        draft: draft.draft.map(|text| json(&draft.name, &text)).transpose()?,
        error: draft.error.map(task_error),
        issues: draft.issues.iter().map(|issue| json(&draft.name, issue)).collect::<Result<_, _>>()?,
        name: draft.name,
        kind: draft.kind,
    })
}

fn round(round: wit::JudgedRound) -> Result<Round, SimError> {
    let judge =
        |judge: wit::Judgement| Ok(Judgement { task_id: judge.task, score: judge.score.map(score).transpose()? });
    Ok(Round {
        round: round.round,
        score: round.score.map(score).transpose()?,
        improved: round.improved,
        judges: round.judges.into_iter().map(judge).collect::<Result<_, SimError>>()?,
    })
}

fn made(made: wit::MadeAgent) -> Result<MadeOutcome, SimError> {
    Ok(MadeOutcome {
        draft: draft(made.draft)?,
        promotion: match made.promotion {
            wit::Promotion::Promoted => Some(Promotion::Promoted),
            wit::Promotion::Unchanged => Some(Promotion::Unchanged),
            wit::Promotion::KeptBetter => Some(Promotion::KeptBetter),
            wit::Promotion::NotGoodEnough => None,
        },
    })
}

fn registered(agent: wit::RegisteredAgent) -> Result<Entry, SimError> {
    Ok(Entry {
        definition: json(&agent.name, &agent.definition)?,
        name: agent.name,
        version: agent.version,
        hash: agent.hash,
        score: score(agent.score)?.value(),
    })
}

fn claim(claim: wit::Claim) -> Claim {
    Claim { claim: claim.claim, task_id: claim.task }
}

fn score(number: f64) -> Result<Score, SimError> {
    Score::read(&Value::from(number)).ok_or_else(|| SimError::Reply { what: format!("{number} is no score") })
}

fn json(place: &str, text: &str) -> Result<Value, SimError> {
    serde_json::from_str(text).map_err(|error| SimError::Reply { what: format!("{place} is not JSON: {error}") })
}
