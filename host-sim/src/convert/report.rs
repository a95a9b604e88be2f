//! What the component gives back.

use parallel_agents::ids::{SessionKey, TaskId};
use parallel_agents::problem::{CallError, Problem};
use parallel_agents::task::{Census, ResultMetadata, RunReport, RunStatus, TaskError, TaskResult};
use serde_json::Value;

use super::{task_status, usage};
use crate::bindings::parallel_agents::skill::types as wit;
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
        elapsed_ms: report.elapsed_ms,
        spawn_calls: report.spawn_calls,
        peak_in_flight: report.peak_in_flight,
        usage: report.usage.map(usage),
        usage_complete: report.usage_complete,
        ignored_events: report.ignored_events,
        leaked: report.leaked.into_iter().map(SessionKey::new).collect(),
    })
}

/// A refusal.
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
        agent_type: result.agent_type,
        status: task_status(result.status),
        output,
        execution_ms: result.execution_ms,
        error: result.error.map(|error| TaskError {
            code: error.code,
            message: error.message,
            retryable: error.retryable,
        }),
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
        attempts: metadata.attempts,
        model_requested: metadata.model_requested,
        model_applied: metadata.model_applied,
        model_mismatch: metadata.model_mismatch,
        usage: metadata.usage.map(usage),
        queued_ms: metadata.queued_ms,
        output_bytes: metadata.output_bytes,
        truncated: metadata.truncated,
        redacted: metadata.redacted,
        unwrapped: metadata.unwrapped,
        deleted: metadata.deleted,
    }
}
