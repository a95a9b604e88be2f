//! The report as the JSON document that people and models read, under the specification's names.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::problem::{CallError, Problem};
use crate::task::{
    BudgetReport, Census, CostReport, Forecast, ResultMetadata, RunReport, RunStatus, TaskError, TaskResult,
    TaskStatus, Usage, WaitReport,
};

/// What a record takes as text beside its names, its output and the two lists: the names of its fields, and numbers of some digits.
const RECORD_BYTES: usize = 512;

/// The same of a session, beside its key and its models, and of a decision.
const SESSION_BYTES: usize = 272;
const DECISION_BYTES: usize = 144;

/// What cannot be written, as JSON.
const NOTHING: &str = "null";

#[derive(Serialize)]
struct ReportDocument<'a> {
    status: RunStatus,
    #[serde(serialize_with = "records")]
    results: &'a [TaskResult],
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
    // A text that outgrows its room is moved, and for that time it is there twice. Room that is not written to costs nothing.
    let mut text = Vec::with_capacity(report.results.iter().map(about_bytes).sum());
    match serde_json::to_writer(&mut text, &document(report)).map(|()| String::from_utf8(text)) {
        Ok(Ok(text)) => text,
        _ => NOTHING.to_owned(),
    }
}

/// About how many bytes a record has as text, rather more than less.
fn about_bytes(result: &TaskResult) -> usize {
    let metadata = &result.metadata;
    let output = usize::try_from(metadata.output_bytes).unwrap_or_default();
    let names = metadata.label.len() + result.task_id.as_str().len() + result.agent_type.as_str().len();
    let sessions = metadata.attempt_log.iter().map(|session| {
        let names = [session.session_key.as_ref().map(|key| key.as_str()), session.model_applied.as_deref()];
        SESSION_BYTES + names.into_iter().flatten().map(|name| 2 * name.len()).sum::<usize>()
    });
    RECORD_BYTES + names + output + output / 4 + sessions.sum::<usize>() + DECISION_BYTES * metadata.decisions.len()
}

fn records<S: Serializer>(results: &[TaskResult], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(results.iter().map(result))
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
        results: &report.results,
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
    serde_json::to_string(document).unwrap_or_else(|_| NOTHING.to_owned())
}

/// Milliseconds as a number of seconds: 1500 is 1.5, 2000 is 2.
pub fn seconds(millis: u64) -> Value {
    if millis.is_multiple_of(1_000) { Value::from(millis / 1_000) } else { Value::from(millis as f64 / 1_000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentType, SessionKey, TaskId};
    use crate::task::{AttemptKind, AttemptRecord, Decided, Decision, PauseReason};

    fn record() -> TaskResult {
        let session = AttemptRecord {
            number: 1,
            kind: AttemptKind::First,
            tier: None,
            model_requested: Some("provider/a-model-of-some-length".to_owned()),
            model_applied: Some("provider/a-model-of-some-length".to_owned()),
            status: TaskStatus::Completed,
            error: None,
            usage: Some(Usage { input_tokens: 12_345, output_tokens: 1_234 }),
            cost_micro_usd: Some(123_456),
            started_ms: 1_234_567,
            ended_ms: 2_345_678,
            session_key: Some(SessionKey::new("agent:main:subagent:01234567-89ab-cdef-0123-456789abcdef")),
        };
        let output = serde_json::json!({ "findings": vec!["a \"quoted\" word\n"; 20], "score": 7 });
        let metadata = ResultMetadata {
            label: "pa/01234567/a-task-of-some-length".to_owned(),
            output_bytes: output.to_string().len() as u64,
            attempt_log: vec![session.clone(), session],
            decisions: vec![Decision {
                at_ms: 1_234_567,
                what: Decided::WaitOut { pause_ms: 12_345, reason: PauseReason::Interruption },
            }],
            ..ResultMetadata::default()
        };
        TaskResult {
            task_id: TaskId::new("a-task-of-some-length"),
            agent_type: AgentType::new("code_reviewer"),
            status: TaskStatus::Completed,
            output: Some(output),
            execution_ms: 1_234_567,
            error: None,
            session_key: None,
            metadata,
        }
    }

    #[test]
    fn a_report_is_written_into_the_room_that_was_made_for_it() {
        let run = RunReport {
            status: RunStatus::Completed,
            results: vec![record(); 20],
            census: Census::default(),
            wait: WaitReport::default(),
            elapsed_ms: 0,
            spawn_calls: 0,
            peak_in_flight: 0,
            usage: None,
            usage_complete: true,
            cost: CostReport::default(),
            budget: BudgetReport::default(),
            forecast: Forecast::default(),
            ignored_events: 0,
            leaked: Vec::new(),
        };
        assert_eq!(report(&run).capacity(), 20 * about_bytes(&record()));
    }

    #[test]
    fn room_for_a_record_is_enough_and_not_half_as_much_again() {
        let record = record();
        let bytes = result_text(&record).len();
        assert!(
            (bytes..bytes * 3 / 2).contains(&about_bytes(&record)),
            "{bytes} bytes, {} expected",
            about_bytes(&record)
        );
    }
}
