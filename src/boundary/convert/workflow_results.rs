//! Results of workflows, outwards.

use super::report::task_error;
use super::run_report;
use crate::boundary::bindings::exports::parallel_agents::skill::workflows as wit;
use parallel_agents_engine::score::Score;
use parallel_agents_workflows::improve::{Reason, Round};
use parallel_agents_workflows::orchestrate::{self, Claim};
use parallel_agents_workflows::outcome::{Creation, DraftOutcome, MadeOutcome, Orchestration, Refinement, Status};
use parallel_agents_workflows::registry::{Entry, Promotion};

/// What came of drafts.
pub fn refinement(done: Refinement) -> wit::Refinement {
    wit::Refinement {
        status: status(done.status),
        drafts: done.drafts.into_iter().map(draft).collect(),
        run: run_report(done.run),
    }
}

/// What came of wishes for agent types.
pub fn creation(done: Creation) -> wit::Creation {
    wit::Creation {
        status: status(done.status),
        created: done.created.into_iter().map(made).collect(),
        registry: done.registry.into_iter().map(registered).collect(),
        run: run_report(done.run),
    }
}

/// What came of a goal.
pub fn orchestration(done: Orchestration) -> wit::Orchestration {
    wit::Orchestration {
        status: status(done.status),
        end: match done.reason {
            orchestrate::Reason::Compiled => wit::GoalEnd::Compiled,
            orchestrate::Reason::NotCompiled => wit::GoalEnd::NotCompiled,
            orchestrate::Reason::PlanRefused => wit::GoalEnd::PlanRefused,
            orchestrate::Reason::Stopped => wit::GoalEnd::Stopped,
        },
        report: done.report,
        claims: done.claims.into_iter().map(claim).collect(),
        unsupported_claims: done.unsupported_claims.into_iter().map(claim).collect(),
        gaps: done.gaps,
        problems: done.problems,
        plan: done.plan.map(|plan| plan.to_string()),
        replacements: done.replacements.iter().map(ToString::to_string).collect(),
        created: done.created.into_iter().map(made).collect(),
        registry: done.registry.into_iter().map(registered).collect(),
        refined: done.refined.into_iter().map(draft).collect(),
        run: run_report(done.run),
    }
}

fn status(status: Status) -> wit::WorkflowStatus {
    match status {
        Status::Completed => wit::WorkflowStatus::Completed,
        Status::Partial => wit::WorkflowStatus::Partial,
        Status::Failed => wit::WorkflowStatus::Failed,
    }
}

fn draft(draft: DraftOutcome) -> wit::DraftResult {
    wit::DraftResult {
        name: draft.name,
        kind: draft.kind,
        end: match draft.reason {
            Reason::TargetReached => wit::DraftEnd::TargetReached,
            Reason::MaxRounds => wit::DraftEnd::MaxRounds,
            Reason::NoProgress => wit::DraftEnd::NoProgress,
            Reason::NoReview => wit::DraftEnd::NoReview,
            Reason::NoDraft => wit::DraftEnd::NoDraft,
            Reason::Stopped => wit::DraftEnd::Stopped,
            Reason::Budget => wit::DraftEnd::Budget,
        },
        score: draft.score.map(Score::number),
        best_round: draft.best_round,
        history: draft.history.into_iter().map(round).collect(),
        draft: draft.draft.map(|draft| draft.to_string()),
        error: draft.error.map(task_error),
        issues: draft.issues.iter().map(ToString::to_string).collect(),
    }
}

fn round(round: Round) -> wit::JudgedRound {
    let judges = round.judges.into_iter();
    wit::JudgedRound {
        round: round.round,
        score: round.score.map(Score::number),
        improved: round.improved,
        judges: judges
            .map(|judge| wit::Judgement { task: judge.task_id, score: judge.score.map(Score::number) })
            .collect(),
    }
}

fn made(made: MadeOutcome) -> wit::MadeAgent {
    wit::MadeAgent {
        draft: draft(made.draft),
        promotion: match made.promotion {
            Some(Promotion::Promoted) => wit::Promotion::Promoted,
            Some(Promotion::Unchanged) => wit::Promotion::Unchanged,
            Some(Promotion::KeptBetter) => wit::Promotion::KeptBetter,
            None => wit::Promotion::NotGoodEnough,
        },
    }
}

fn registered(entry: Entry) -> wit::RegisteredAgent {
    wit::RegisteredAgent {
        name: entry.name,
        version: entry.version,
        hash: entry.hash,
        // It was a number from 0 to 10 when it came in, or a judge's.
        score: entry.score.as_f64().unwrap_or_default(),
        definition: entry.definition.to_string(),
    }
}

fn claim(claim: Claim) -> wit::Claim {
    wit::Claim { claim: claim.claim, task: claim.task_id }
}
