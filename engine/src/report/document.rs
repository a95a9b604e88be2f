//! The report as the JSON document that people and models read, under the specification's names.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::problem::{CallError, Problem};
use crate::task::{
    BudgetReport, Census, CostReport, Forecast, ResultMetadata, RunReport, RunStatus, TaskError, TaskResult,
    TaskStatus, Usage, WaitReport,
};

#[derive(Serialize)]
struct ReportDocument<'a> {
    status: RunStatus,
    results: Vec<ResultDocument<'a>>,
    census: Census,
    wait: &'a WaitReport,
    elapsed_seconds: Value,
    spawn_calls: u32,
    peak_in_flight: u32,
    usage: Option<Usage>,
    usage_complete: bool,
    cost: CostReport,
    budget: BudgetReport,
    forecast: Forecast,
    ignored_events: u32,
    leaked: Vec<&'a str>,
}

#[derive(Serialize)]
struct ResultDocument<'a> {
    task_id: &'a str,
    agent_type: &'a str,
    status: TaskStatus,
    output: Option<&'a Value>,
    execution_time: Value,
    error: Option<&'a TaskError>,
    session_key: Option<&'a str>,
    metadata: &'a ResultMetadata,
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: ProblemDocument<'a>,
    errors: Vec<ProblemDocument<'a>>,
}

#[derive(Clone, Serialize)]
struct ProblemDocument<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    /// The same request is refused again.
    retryable: bool,
}

/// A run's report.
pub fn report(report: &RunReport) -> String {
    to_text(&document(report))
}

/// The same as a part of another document.
pub fn serialize_report<S: Serializer>(report: &RunReport, serializer: S) -> Result<S::Ok, S::Error> {
    document(report).serialize(serializer)
}

/// The record of one task.
pub fn result_text(result: &TaskResult) -> String {
    to_text(&self::result(result))
}

fn document(report: &RunReport) -> ReportDocument<'_> {
    ReportDocument {
        status: report.status,
        results: report.results.iter().map(result).collect(),
        census: report.census,
        wait: &report.wait,
        elapsed_seconds: seconds(report.elapsed_ms),
        spawn_calls: report.spawn_calls,
        peak_in_flight: report.peak_in_flight,
        usage: report.usage,
        usage_complete: report.usage_complete,
        cost: report.cost,
        budget: report.budget,
        forecast: report.forecast,
        ignored_events: report.ignored_events,
        leaked: report.leaked.iter().map(|session| session.as_str()).collect(),
    }
}

fn result(result: &TaskResult) -> ResultDocument<'_> {
    ResultDocument {
        task_id: result.task_id.as_str(),
        agent_type: result.agent_type.as_str(),
        status: result.status,
        output: result.output.as_ref(),
        execution_time: seconds(result.execution_ms),
        error: result.error.as_ref(),
        session_key: result.session_key.as_ref().map(|session| session.as_str()),
        metadata: &result.metadata,
    }
}

/// A refusal: the first problem, then all of them.
pub fn refusal(error: &CallError) -> String {
    let own;
    let problems: &[Problem] = match error {
        CallError::InvalidRequest(problems) => problems,
        CallError::HostProtocol(message) => {
            own = [Problem::new("E_HOST_PROTOCOL", "", message)];
            &own
        }
    };
    let errors: Vec<ProblemDocument<'_>> =
        problems.iter().map(|problem| ProblemDocument { problem, retryable: false }).collect();
    match errors.first().cloned() {
        Some(error) => to_text(&Refusal { error, errors }),
        None => "{\"error\":null,\"errors\":[]}".to_owned(),
    }
}

/// Any document of this crate as text.
pub fn to_text(document: &impl Serialize) -> String {
    // Strings, numbers and maps with text keys cannot fail to be written.
    serde_json::to_string(document).unwrap_or_else(|_| "null".to_owned())
}

/// Milliseconds as a number of seconds: 1500 is 1.5, 2000 is 2.
pub fn seconds(millis: u64) -> Value {
    if millis.is_multiple_of(1_000) { Value::from(millis / 1_000) } else { Value::from(millis as f64 / 1_000.0) }
}
