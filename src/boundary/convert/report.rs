//! What the component gives back, outwards.

use super::{output_format, rules, task_status, usage};
use crate::boundary::bindings::exports::parallel_agents::skill::agents::{AgentDescription, AgentSummary};
use crate::boundary::bindings::exports::parallel_agents::skill::orchestration;
use crate::boundary::bindings::parallel_agents::skill::results as wt;
use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::collect::{Collected, CollectedStatus};
use parallel_agents_engine::json;
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::task::{
    AttemptKind, AttemptRecord, Forecast, RunReport, RunStatus, Spending, TaskError, TaskResult,
};

/// A run's report.
pub fn run_report(report: RunReport) -> wt::RunReport {
    let census = report.census;
    wt::RunReport {
        status: match report.status {
            RunStatus::Completed => wt::RunStatus::Completed,
            RunStatus::Partial => wt::RunStatus::Partial,
            RunStatus::Failed => wt::RunStatus::Failed,
            RunStatus::Cancelled => wt::RunStatus::Cancelled,
            RunStatus::Deadline => wt::RunStatus::Deadline,
            RunStatus::Budget => wt::RunStatus::Budget,
        },
        results: report.results.into_iter().map(task_result).collect(),
        census: wt::Census {
            tasks: census.tasks,
            completed: census.completed,
            failed: census.failed,
            timeout: census.timeout,
            cancelled: census.cancelled,
            skipped: census.skipped,
        },
        wait: wt::WaitReport {
            mode: rules::wit_wait_mode(report.wait.mode),
            satisfied: report.wait.satisfied,
            value: report.wait.value.as_ref().map(json::text),
        },
        elapsed_ms: report.elapsed_ms,
        spawn_calls: report.spawn_calls,
        peak_in_flight: report.peak_in_flight,
        usage: report.usage.map(usage),
        usage_complete: report.usage_complete,
        cost: wt::CostReport {
            micro_usd: report.cost.micro_usd,
            complete: report.cost.complete,
            all_premium_micro_usd: report.cost.all_premium_micro_usd,
            saved_micro_usd: report.cost.saved_micro_usd,
        },
        budget: wt::BudgetReport {
            tokens: spending(report.budget.tokens),
            micro_usd: spending(report.budget.micro_usd),
            spawns: spending(report.budget.spawns),
        },
        forecast: forecast(report.forecast),
        ignored_events: report.ignored_events,
        leaked: report.leaked.iter().map(ToString::to_string).collect(),
    }
}

fn spending(spending: Spending) -> wt::Spending {
    wt::Spending { cap: spending.cap, spent: spending.spent, overshoot: spending.overshoot }
}

/// What a run may cost.
pub fn forecast(forecast: Forecast) -> wt::Forecast {
    wt::Forecast {
        sessions_expected: forecast.sessions_expected,
        sessions_worst: forecast.sessions_worst,
        tokens_expected: forecast.tokens_expected,
        tokens_worst: forecast.tokens_worst,
        micro_usd_expected: forecast.micro_usd_expected,
        micro_usd_worst: forecast.micro_usd_worst,
    }
}

/// What one task ended with.
pub fn task_result(result: TaskResult) -> wt::TaskResult {
    let metadata = result.metadata;
    wt::TaskResult {
        task_id: result.task_id.into(),
        agent_type: result.agent_type.into(),
        status: task_status(result.status),
        output: result.output.as_ref().map(json::text),
        execution_ms: result.execution_ms,
        error: result.error.map(task_error),
        session_key: result.session_key.map(Into::into),
        metadata: wt::ResultMetadata {
            label: metadata.label,
            dependencies: metadata.dependencies.iter().map(ToString::to_string).collect(),
            attempts: metadata.attempts,
            tier: metadata.tier.map(rules::wit_tier),
            model_requested: metadata.model_requested,
            model_applied: metadata.model_applied,
            model_mismatch: metadata.model_mismatch,
            usage: metadata.usage.map(usage),
            cost_micro_usd: metadata.cost_micro_usd,
            queued_ms: metadata.queued_ms,
            output_bytes: metadata.output_bytes,
            truncated: metadata.truncated,
            redacted: metadata.redacted,
            unwrapped: metadata.unwrapped,
            repaired: metadata.repaired,
            doubtful: metadata.doubtful,
            corrected: metadata.corrected,
            deleted: metadata.deleted,
            attempt_log: metadata.attempt_log.into_iter().map(attempt).collect(),
            decisions: metadata
                .decisions
                .into_iter()
                .map(|decision| wt::Decision { at_ms: decision.at_ms, what: decision.what })
                .collect(),
        },
    }
}

/// What a session left that was spawned elsewhere.
pub fn collected(collected: Collected) -> orchestration::Collected {
    orchestration::Collected {
        session_key: collected.session_key,
        status: match collected.status {
            CollectedStatus::Completed => orchestration::CollectedStatus::Completed,
            CollectedStatus::Failed => orchestration::CollectedStatus::Failed,
            CollectedStatus::Timeout => orchestration::CollectedStatus::Timeout,
            CollectedStatus::Cancelled => orchestration::CollectedStatus::Cancelled,
            CollectedStatus::Running => orchestration::CollectedStatus::Running,
            CollectedStatus::Unknown => orchestration::CollectedStatus::Unknown,
        },
        output: collected.output.as_ref().map(json::text),
        error: collected.error.map(task_error),
        model: collected.model,
        usage: collected.usage.map(usage),
        truncated: collected.truncated,
    }
}

pub(super) fn task_error(error: TaskError) -> wt::TaskError {
    wt::TaskError { code: error.code, message: error.message, retryable: error.retryable }
}

fn attempt(record: AttemptRecord) -> wt::Attempt {
    wt::Attempt {
        number: record.number,
        kind: match record.kind {
            AttemptKind::First => wt::AttemptKind::First,
            AttemptKind::Retry => wt::AttemptKind::Retry,
            AttemptKind::Correction => wt::AttemptKind::Correction,
            AttemptKind::Climb => wt::AttemptKind::Climb,
            AttemptKind::Hedge => wt::AttemptKind::Hedge,
            AttemptKind::Judge => wt::AttemptKind::Judge,
        },
        tier: record.tier.map(rules::wit_tier),
        model_requested: record.model_requested,
        model_applied: record.model_applied,
        status: task_status(record.status),
        error: record.error.map(task_error),
        usage: record.usage.map(usage),
        cost_micro_usd: record.cost_micro_usd,
        started_ms: record.started_ms,
        ended_ms: record.ended_ms,
        session_key: record.session_key.map(Into::into),
    }
}

/// One problem of a request.
pub fn problem(problem: Problem) -> wt::Problem {
    let Problem { code, message, path, got, limit, hint } = problem;
    wt::Problem { code, message, path, got, limit, hint }
}

/// Why a call was refused.
pub fn call_error(error: CallError) -> wt::CallError {
    match error {
        CallError::InvalidRequest(problems) => {
            wt::CallError::InvalidRequest(problems.into_iter().map(problem).collect())
        }
        CallError::HostProtocol(message) => wt::CallError::HostProtocol(message),
    }
}

/// One row of the catalogue.
pub fn agent_summary(agent: &AgentDefinition) -> AgentSummary {
    AgentSummary {
        name: agent.name.clone().into(),
        title: agent.title.clone(),
        description: agent.description.clone(),
        category: agent.category.clone(),
    }
}

/// One agent type in full.
pub fn agent_description(agent: &AgentDefinition) -> AgentDescription {
    AgentDescription {
        summary: agent_summary(agent),
        tier: agent.tier.name().to_owned(),
        tool_free: agent.tool_free,
        timeout_seconds: agent.timeout_seconds,
        output_format: output_format(agent.output_format),
        prompt: agent.prompt.clone(),
        input: agent.input.clone(),
        output_schema: agent.output_schema.text().to_owned(),
        example_input: agent.example_input.to_string(),
    }
}
