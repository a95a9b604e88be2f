//! The report of a run, as far as people are shown it.

use parallel_agents_engine::task::{BudgetReport, Census, CostReport, RunStatus, TaskStatus, Usage};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::outcome::{Failure, Finish};

/// A run's report, read from the component's document.
#[derive(Debug, Deserialize)]
pub struct Report {
    pub status: RunStatus,
    pub results: Vec<TaskReport>,
    pub census: Census,
    pub elapsed_seconds: f64,
    pub peak_in_flight: u32,
    pub usage: Option<Usage>,
    pub usage_complete: bool,
    pub cost: CostReport,
    #[serde(default)]
    pub budget: BudgetReport,
    pub leaked: Vec<String>,
}

/// What became of one task.
#[derive(Debug, Deserialize)]
pub struct TaskReport {
    pub task_id: String,
    pub agent_type: String,
    pub status: TaskStatus,
    pub output: Option<Value>,
    pub execution_time: f64,
    pub error: Option<Error>,
    pub metadata: Metadata,
}

/// Why a task is not completed. The code is a text here, so that reports of other versions can be shown.
#[derive(Debug, Deserialize)]
pub struct Error {
    pub code: String,
    pub message: String,
    pub retryable: bool,
}

/// What is shown of how a result came about.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub attempts: u32,
    pub attempt_log: Vec<IgnoredAny>,
    pub model_applied: Option<String>,
    pub usage: Option<Usage>,
    pub truncated: bool,
}

impl Report {
    /// Reads the document of `run_tasks`.
    pub fn read(document: &Value) -> Result<Self, Failure> {
        Self::deserialize(document).map_err(|error| Failure::reply(format!("it is no report: {error}")))
    }

    /// How the command ends.
    pub fn finish(&self) -> Finish {
        match self.status {
            RunStatus::Completed => Finish::Complete,
            RunStatus::Partial | RunStatus::Failed | RunStatus::Cancelled | RunStatus::Deadline | RunStatus::Budget => {
                Finish::Incomplete
            }
        }
    }
}

impl TaskReport {
    /// Whether there is an answer of which something is missing.
    pub fn is_cut(&self) -> bool {
        self.metadata.truncated && self.output.is_some()
    }

    /// The gist of the answer, or of the error: one line for people, as long as it comes.
    pub fn gist(&self) -> String {
        match (&self.error, &self.output) {
            (Some(error), _) => format!("{}: {}", error.code, error.message),
            (None, Some(output)) => gist(output),
            (None, None) => String::new(),
        }
    }
}

/// The first thing in an answer that reads like a sentence.
fn gist(output: &Value) -> String {
    let text = match output {
        Value::String(text) => text.clone(),
        Value::Object(fields) => match fields.values().find_map(Value::as_str) {
            Some(text) => text.to_owned(),
            None => output.to_string(),
        },
        _ => output.to_string(),
    };
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
pub mod tests {
    use parallel_agents_engine::task::ResultMetadata;
    use serde_json::json;

    use super::*;

    /// The result of a completed task as it stands in a report.
    pub fn result(id: &str, output: Value) -> Value {
        let metadata = serde_json::to_value(ResultMetadata::default()).expect("a record");
        json!({ "task_id": id, "agent_type": format!("{id}_reviewer"), "status": "completed", "output": output,
            "execution_time": 1.0, "error": null, "metadata": metadata })
    }

    #[test]
    fn the_gist_is_the_first_sentence() {
        assert_eq!(gist(&json!("\n  # Title\nmore")), "# Title");
        assert_eq!(gist(&json!({ "score": 7, "summary": "Good.\nVery." })), "Good.");
        assert_eq!(gist(&json!({ "score": 7 })), r#"{"score":7}"#);
        assert_eq!(gist(&json!([1, 2])), "[1,2]");
    }
}
