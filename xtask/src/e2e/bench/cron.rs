//! Jobs of the gateway's own scheduler.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::gateway::Gateway;

/// A job of these tests runs a few sessions at the most.
const DONE: Duration = Duration::from_secs(120);

impl Gateway {
    /// Makes a job and has it run now; what the gateway writes down of that. `payload` are options of `cron add`.
    pub fn run_job(&self, name: &str, payload: &[&str]) -> Result<Value> {
        let head = ["cron", "add", "--agent", "main", "--every", "24h", "--no-deliver", "--json", "--name", name];
        let made = json(&self.command(&[&head, payload].concat())?)?;
        let id = made.get("id").or(made.pointer("/job/id")).and_then(Value::as_str);
        let id = id.with_context(|| format!("a job without an id: {made:#}"))?;
        self.command(&["cron", "run", id, "--json"])?;
        let begin = Instant::now();
        loop {
            let runs = json(&self.command(&["cron", "runs", "--id", id, "--limit", "1", "--json"])?)?;
            if let Some(ended) = runs.pointer("/entries/0").filter(|run| run.get("status").is_some()) {
                return Ok(ended.clone());
            }
            if begin.elapsed() > DONE {
                bail!("the job {name} has not ended: {runs:#}");
            }
        }
    }
}

fn json(printed: &str) -> Result<Value> {
    serde_json::from_str(printed).with_context(|| format!("no JSON: {printed}"))
}
