//! Small plans for this crate's own tests.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::agents::AgentDefinition;
use crate::ids::{AgentType, TaskId, TaskIndex};
use crate::json::output_schema::OutputSchema;
use crate::plan::{Handling, Plan, PlannedTask, Rules};
use crate::task::{Cleanup, OutputFormat};

/// One of the agent types that the component brings along, read from its file.
#[expect(clippy::disallowed_methods, reason = "definitions are files")]
pub fn shipped(name: &str) -> Arc<AgentDefinition> {
    let path = format!("{}/../prompts/agents/{name}.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Arc::new(AgentDefinition::parse(&text).unwrap_or_else(|faults| panic!("{path}: {faults:?}")))
}

/// A text task with some input.
pub fn planned(input: Value) -> PlannedTask {
    let agent = AgentDefinition {
        name: AgentType::new("probe"),
        title: None,
        description: "probe".to_owned(),
        category: "test".to_owned(),
        tier: crate::task::Tier::Economy,
        tool_free: true,
        timeout_seconds: 120,
        max_output_tokens: None,
        min_tool_calls: 0,
        output_format: OutputFormat::Text,
        prompt: "Do it.".to_owned(),
        input: String::new(),
        output_schema: OutputSchema::default(),
        example_input: json!({}),
    };
    PlannedTask {
        id: TaskId::new("task-1"),
        handling: Handling::of(&agent),
        agent: Arc::new(agent),
        description: "Say something.".to_owned(),
        input: input.as_object().cloned().unwrap_or_default(),
        input_from: Vec::new(),
        timeout_seconds: 120,
        output_format: OutputFormat::Text,
        output_schema: None,
        max_output_tokens: None,
        priority: 0,
        dependencies: Vec::new(),
        model: None,
        thinking: None,
        agent_id: None,
    }
}

/// `count` text tasks, with `(task, dependency)` edges, five at once.
pub fn plan_of(count: usize, edges: &[(usize, usize)]) -> Plan {
    let tasks = (0..count)
        .map(|index| PlannedTask {
            id: TaskId::new(format!("task-{}", index + 1)),
            dependencies: edges.iter().filter(|(task, _)| *task == index).map(|(_, on)| TaskIndex(*on)).collect(),
            ..planned(json!({}))
        })
        .collect();
    Plan {
        tasks,
        max_concurrent: 5,
        deadline_seconds: 1_800,
        cleanup: Cleanup::Keep,
        rules: Rules::default(),
        foreseen: None,
        hands_over: false,
    }
}
