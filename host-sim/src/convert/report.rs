//! What the component gives back.

use parallel_agents_engine::ids::{AgentType, SessionKey, TaskId};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::task::{
    AttemptKind, AttemptRecord, BudgetReport, Census, CostReport, Decision, Forecast, ResultMetadata, RunReport,
    RunStatus, Spending, TaskError, TaskResult, WaitReport,
};
use serde_json::Value;

use super::{rules, task_status, usage};
use crate::bindings::parallel_agents::skill::results as wit;
use crate::error::SimError;

/// A report. An error if an output that has to be JSON is not.
pub(crate) fn run_report(report: wit::RunReport) -> Result<RunReport, SimError> {
    let census = report.census;
    Ok(RunReport {
        status: match report.status {
            wit::RunStatus::Completed => RunStatus::Completed,
            wit::RunStatus::Partial => RunStatus::Partial,
            wit::RunStatus::Failed => RunStatus::Failed,
            wit::RunStatus::Cancelled => RunStatus::Cancelled,
            wit::RunStatus::Deadline => RunStatus::Deadline,
            wit::RunStatus::Budget => RunStatus::Budget,
        },
        results: report.results.into_iter().map(task_result).collect::<Result<_, _>>()?,
        census: Census {
            tasks: census.tasks,
            completed: census.completed,
            failed: census.failed,
            timeout: census.timeout,
            cancelled: census.cancelled,
            skipped: census.skipped,
        },
        wait: WaitReport {
            mode: rules::wait_mode(report.wait.mode),
            satisfied: report.wait.satisfied,
            value: report.wait.value.map(|text| json("(quorum)", &text)).transpose()?,
        },
        elapsed_ms: report.elapsed_ms,
        spawn_calls: report.spawn_calls,
        peak_in_flight: report.peak_in_flight,
        usage: report.usage.map(usage),
        usage_complete: report.usage_complete,
        cost: CostReport {
            micro_usd: report.cost.micro_usd,
            complete: report.cost.complete,
            all_premium_micro_usd: report.cost.all_premium_micro_usd,
            saved_micro_usd: report.cost.saved_micro_usd,
        },
        budget: BudgetReport {
            tokens: spending(report.budget.tokens),
            micro_usd: spending(report.budget.micro_usd),
            spawns: spending(report.budget.spawns),
        },
        forecast: forecast(report.forecast),
        ignored_events: report.ignored_events,
        leaked: report.leaked.into_iter().map(SessionKey::new).collect(),
    })
}

fn spending(spending: wit::Spending) -> Spending {
    Spending { cap: spending.cap, spent: spending.spent, overshoot: spending.overshoot }
}

/// What a run may cost.
pub(crate) fn forecast(forecast: wit::Forecast) -> Forecast {
    Forecast {
        sessions_expected: forecast.sessions_expected,
        sessions_worst: forecast.sessions_worst,
        tokens_expected: forecast.tokens_expected,
        tokens_worst: forecast.tokens_worst,
        micro_usd_expected: forecast.micro_usd_expected,
        micro_usd_worst: forecast.micro_usd_worst,
    }
}

pub(crate) fn call_error(error: wit::CallError) -> CallError {
    match error {
        wit::CallError::InvalidRequest(problems) => {
            CallError::InvalidRequest(problems.into_iter().map(problem).collect())
        }
        wit::CallError::HostProtocol(what) => CallError::HostProtocol(what),
    }
}

fn problem(problem: wit::Problem) -> Problem {
    Problem {
        code: problem.code,
        message: problem.message,
        path: problem.path,
        got: problem.got,
        limit: problem.limit,
        hint: problem.hint,
    }
}

fn task_result(result: wit::TaskResult) -> Result<TaskResult, SimError> {
    let output = result.output.map(|text| json(&result.task_id, &text)).transpose()?;
    Ok(TaskResult {
        task_id: TaskId::new(result.task_id),
        agent_type: AgentType::new(result.agent_type),
        status: task_status(result.status),
        output,
        execution_ms: result.execution_ms,
        error: result.error.map(task_error),
        session_key: result.session_key.map(SessionKey::new),
        metadata: metadata(result.metadata),
    })
}

fn json(task: &str, text: &str) -> Result<Value, SimError> {
    serde_json::from_str(text)
        .map_err(|error| SimError::Reply { what: format!("the output of task {task} is not JSON: {error}") })
}

fn metadata(metadata: wit::ResultMetadata) -> ResultMetadata {
    ResultMetadata {
        label: metadata.label,
        dependencies: metadata.dependencies.into_iter().map(TaskId::new).collect(),
        attempts: metadata.attempts,
        tier: metadata.tier.map(rules::tier),
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
            .map(|decision| Decision { at_ms: decision.at_ms, what: decision.what })
            .collect(),
    }
}

pub(super) fn task_error(error: wit::TaskError) -> TaskError {
    TaskError { code: error.code, message: error.message, retryable: error.retryable }
}

fn attempt(record: wit::Attempt) -> AttemptRecord {
    AttemptRecord {
        number: record.number,
        kind: match record.kind {
            wit::AttemptKind::First => AttemptKind::First,
            wit::AttemptKind::Retry => AttemptKind::Retry,
            wit::AttemptKind::Correction => AttemptKind::Correction,
            wit::AttemptKind::Climb => AttemptKind::Climb,
            wit::AttemptKind::Hedge => AttemptKind::Hedge,
            wit::AttemptKind::Judge => AttemptKind::Judge,
        },
        tier: record.tier.map(rules::tier),
        model_requested: record.model_requested,
        model_applied: record.model_applied,
        status: task_status(record.status),
        error: record.error.map(task_error),
        usage: record.usage.map(usage),
        cost_micro_usd: record.cost_micro_usd,
        started_ms: record.started_ms,
        ended_ms: record.ended_ms,
        session_key: record.session_key.map(SessionKey::new),
    }
}
