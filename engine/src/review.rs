//! What a judge said, as far as it counts.

use serde_json::Value;

use crate::score::Score;
use crate::task::{TaskResult, TaskStatus};

/// One judge's valid answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// The score for the whole.
    pub score: Score,
    /// What is wrong, as the judge listed it.
    pub issues: Vec<Value>,
}

impl Review {
    /// Reads a judge's answer. Only an answer that passed its schema counts, and only the judge's own field for the whole;
    /// the draft's words about itself are in another session's prompt and never looked at.
    pub fn of(result: &TaskResult) -> Option<Self> {
        let is_completed = result.status == TaskStatus::Completed;
        Self::read(result.output.as_ref().filter(|_| is_completed)?)
    }

    /// Reads an answer that fits its judge's schema.
    pub fn read(output: &Value) -> Option<Self> {
        let issues = output.get("issues").and_then(Value::as_array).cloned().unwrap_or_default();
        Some(Self { score: Score::read(output.get("overall_score")?)?, issues })
    }
}
