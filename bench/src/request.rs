//! What the component is asked to do in a cell.

use crate::bindings::parallel_agents::skill::rules::{Proof, RunRules};
use crate::bindings::parallel_agents::skill::types::{AgentSource, OutputFormat, RunRequest, Task};
use crate::grid::Cell;
use crate::variant::Variant;

const AGENT: &str = "bench_worker";

/// Bytes of the role that agents are given when everything is on; about what the built-in types have.
const ROLE_BYTES: usize = 1_500;

/// Bytes of the text that each task brings along when everything is on.
const INPUT_BYTES: usize = 500;

/// A run of all tasks of a cell.
pub fn run(cell: &Cell, variant: Variant) -> RunRequest {
    RunRequest {
        tasks: (0..cell.tasks).map(|place| task(place, variant)).collect(),
        agents: vec![AgentSource::Definition(agent(variant))],
        max_concurrent: u32::try_from(cell.slots).ok(),
        deadline_seconds: None,
        cleanup: None,
        model: None,
        thinking: None,
        rules: rules(),
    }
}

fn agent(variant: Variant) -> String {
    let role = if variant.is_full() { words(ROLE_BYTES) } else { "Work.".to_owned() };
    serde_json::json!({
        "name": AGENT,
        "description": "Does a pretended piece of work.",
        "prompt": role,
        "tools": "none",
        "output_format": "json",
    })
    .to_string()
}

fn task(place: usize, variant: Variant) -> Task {
    let full = variant.is_full();
    Task {
        agent_type: AGENT.to_owned(),
        task_description: if full { words(120) } else { "Work.".to_owned() },
        input_data: full.then(|| serde_json::json!({ "number": place, "text": words(INPUT_BYTES) }).to_string()),
        input_from: Vec::new(),
        task_id: None,
        timeout_seconds: None,
        output_format: Some(OutputFormat::Json),
        output_schema: full.then(|| schema().to_owned()),
        max_output_tokens: None,
        priority: None,
        dependencies: Vec::new(),
        model: None,
        thinking: None,
        agent_id: None,
        tier: None,
        retries: None,
        start_timeout_seconds: None,
        on_dependency_failure: None,
        idempotent: None,
        required: None,
        proof: None::<Proof>,
        accept_truncated: None,
    }
}

fn schema() -> &'static str {
    r#"{"type":"object","required":["number","verdict","notes"],"additionalProperties":false,"properties":{
        "number":{"type":"integer","minimum":0},
        "verdict":{"type":"string","enum":["good","bad"]},
        "notes":{"type":"array","maxItems":10,"items":{"type":"string","maxLength":100}}}}"#
}

/// So many bytes of text.
fn words(bytes: usize) -> String {
    "Look at every part of it and say what you see in plain words. ".chars().cycle().take(bytes).collect()
}

fn rules() -> RunRules {
    RunRules {
        wait: None,
        retries: None,
        backoff: None,
        retry_budget: None,
        corrections: None,
        models: None,
        escalate: None,
        strict_model: None,
        judge: None,
        budget: None,
        prices: Vec::new(),
        canary: None,
        breaker: None,
        hedge: None,
        start_interval_ms: None,
        task_timeout_seconds: None,
        start_timeout_seconds: None,
        on_dependency_failure: None,
        accept_truncated: None,
        accept_error_text: None,
    }
}
