//! The runs that a cluster is tried with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::gateways::GATEWAYS;

/// What the gateways' agents run, and what a thousand tokens of it cost there, in micro-dollars.
const MODEL: &str = "sim/standard";
const INPUT_PRICE: u64 = 3_000;
const OUTPUT_PRICE: u64 = 15_000;

/// What is reserved for a session beyond its prompt; no answer takes more.
const SESSION_TOKENS: u64 = 500;

/// For each agent, in micro-dollars: ten times what one uses, since those that a kill has interrupted count with all that was reserved.
const ENOUGH: u64 = 30_000;
/// About half of what one uses.
const SHORT: u64 = 1_300;

/// What a run may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Enough for all agents, and for those that a killed gateway has interrupted.
    Enough,
    /// Not enough: the run has to end before all have started.
    Short,
}

/// A request for so many agents, all of them independent, which fill `slots` on each gateway, as a file; its path.
///
/// # Errors
/// If it cannot be written.
pub fn request(agents: u32, slots: u64, budget: Budget, place: &Path) -> Result<PathBuf> {
    let kind = match budget {
        Budget::Enough => "enough",
        Budget::Short => "short",
    };
    let path = place.join(format!("request-{agents}-{kind}.json"));
    fs::write(&path, body(agents, slots, budget).to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn body(agents: u32, slots: u64, budget: Budget) -> Value {
    let tasks = (1..=agents).map(|number| {
        json!({ "task_id": format!("agent-{number}"), "agent_type": "code_reviewer", "output_format": "text",
            "task_description": format!("Say something about file {number}."), "idempotent": true })
    });
    let each = match budget {
        Budget::Enough => ENOUGH,
        Budget::Short => SHORT,
    };
    json!({
        "tasks": tasks.collect::<Vec<Value>>(),
        "max_concurrent": slots * GATEWAYS as u64,
        "deadline_seconds": 3_600,
        // Longer than a network is cut: a session's own time goes on meanwhile.
        "task_timeout_seconds": 900,
        "retries": 5,
        "retry_budget": 10_000,
        "model": MODEL,
        "budget": { "micro_usd": each * u64::from(agents), "session_tokens": SESSION_TOKENS },
        "prices": { MODEL: { "input": INPUT_PRICE, "output": OUTPUT_PRICE } },
    })
}
