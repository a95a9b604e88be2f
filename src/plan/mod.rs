//! The plan: a request whose every field has been checked, as a graph that has an order.

mod graph;
mod shape;
mod validate;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::agents::AgentDefinition;
use crate::ids::{TaskId, TaskIndex};
use crate::task::{Cleanup, OutputFormat};

pub use shape::check_document;
pub use validate::{check_name, plan};

/// One task, ready to be started when its dependencies are completed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedTask {
    /// Unique within the plan.
    pub id: TaskId,
    /// Who does it.
    pub agent: Arc<AgentDefinition>,
    /// What to do.
    pub description: String,
    /// With what.
    pub input: Map<String, Value>,
    /// With what from the outputs of dependencies.
    pub input_from: Vec<Reference>,
    /// At least 1.
    pub timeout_seconds: u32,
    /// The form of the answer.
    pub output_format: OutputFormat,
    /// What a JSON answer has to fit.
    pub output_schema: Option<Value>,
    /// Higher starts first.
    pub priority: i32,
    /// What has to be completed before.
    pub dependencies: Vec<TaskIndex>,
    /// The model to ask for.
    pub model: Option<String>,
    /// The thinking level to ask for.
    pub thinking: Option<String>,
    /// The host's agent to run under.
    pub agent_id: Option<String>,
}

/// A field of the input that a dependency's output fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The field.
    pub field: String,
    /// The dependency.
    pub task: TaskIndex,
    /// JSON pointer into its output.
    pub pointer: String,
}

impl PlannedTask {
    /// Whether its session gets no tools. Whoever reads what other agents wrote gets none, whatever its type says: their
    /// text may try to use them.
    pub fn tool_free(&self) -> bool {
        self.agent.tool_free || !self.input_from.is_empty()
    }
}

/// A run that can be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In the order of the request.
    pub tasks: Vec<PlannedTask>,
    /// Sessions alive at once.
    pub max_concurrent: u32,
    /// For the whole run.
    pub deadline_seconds: u32,
    /// For all sessions.
    pub cleanup: Cleanup,
}
