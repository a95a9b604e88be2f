//! What the component is asked to do in a cell.

use parallel_agents_bench_native::Extent;
use serde_json::{Value, json};

use crate::grid::Cell;

const AGENT: &str = "bench_worker";

/// Bytes of the role that agents are given when everything is on; about what the built-in types have.
const ROLE_BYTES: usize = 1_500;

/// Bytes of the text that each task brings along when everything is on.
const INPUT_BYTES: usize = 500;

/// A request for a run of all tasks of a cell.
pub fn run(cell: &Cell, extent: Extent) -> String {
    json!({
        "tasks": (0..cell.tasks).map(|place| task(place, extent)).collect::<Vec<_>>(),
        "agents": [agent(extent)],
        "max_concurrent": cell.slots,
    })
    .to_string()
}

fn agent(extent: Extent) -> Value {
    let role = if extent == Extent::Full { words(ROLE_BYTES) } else { "Work.".to_owned() };
    json!({
        "name": AGENT,
        "description": "Does a pretended piece of work.",
        "prompt": role,
        "tools": "none",
        "output_format": "json",
    })
}

fn task(place: usize, extent: Extent) -> Value {
    let mut task = json!({ "agent_type": AGENT, "task_description": "Work.", "output_format": "json" });
    if extent == Extent::Full {
        task["task_description"] = Value::from(words(120));
        task["input_data"] = json!({ "number": place, "text": words(INPUT_BYTES) });
        task["output_schema"] = schema();
    }
    task
}

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["number", "verdict", "notes"],
        "additionalProperties": false,
        "properties": {
            "number": { "type": "integer", "minimum": 0 },
            "verdict": { "type": "string", "enum": ["good", "bad"] },
            "notes": { "type": "array", "maxItems": 10, "items": { "type": "string", "maxLength": 100 } },
        },
    })
}

/// So many bytes of text.
fn words(bytes: usize) -> String {
    "Look at every part of it and say what you see in plain words. ".chars().cycle().take(bytes).collect()
}
