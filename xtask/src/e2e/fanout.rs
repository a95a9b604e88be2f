//! Many agents at once: twenty, which the specification names, and the fifty that one run may have.
//!
//! The models keep their answers back until every agent has asked, so that all of them are seen to work at one moment on
//! a machine of any pace.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, Models, plain_task, step};

/// Agents at once.
pub const AT_ONCE: [usize; 2] = [20, 50];

/// Room for turns and what else the gateway runs beside the agents.
const OWN: u32 = 14;

const OPEN: Duration = Duration::from_secs(240);
const LOOK: Duration = Duration::from_millis(50);

/// A configuration of the gateway that allows fifty sessions at once, where untouched it runs eight, and more of them in one run than
/// the 200 that it takes by default.
pub fn limits() -> Value {
    limits_for(50)
}

/// The same for so many at once, and a few of the gateway's own.
pub fn limits_for(at_once: u32) -> Value {
    let most = at_once + OWN;
    json!({
        "agents": { "defaults": { "maxConcurrent": most, "subagents": { "maxConcurrent": most } } },
        "tools": { "swarm": { "maxConcurrent": most, "maxTotalPerGroup": 400 } },
    })
}

/// Every number of agents.
///
/// # Errors
/// If agents are not at work at once, do not complete, or go on.
pub fn run(gateway: &Gateway) -> Result<()> {
    for agents in AT_ONCE {
        step(&format!("run {agents} agents at once"), || at_once(gateway, agents))?;
    }
    Ok(())
}

fn at_once(gateway: &Gateway, agents: usize) -> Result<()> {
    let models = gateway.models()?;
    models.count_anew()?;
    models.hold(true)?;
    let mut task = plain_task();
    task["timeout_seconds"] = json!(300);
    let request = json!({ "tasks": vec![task; agents], "max_concurrent": agents, "timeoutSeconds": 400 });
    let (reply, met) = thread::scope(|scope| {
        let meeting = scope.spawn(|| let_go(models, agents));
        let reply = gateway.call("parallel_agents_run", &request);
        (reply, meeting.join())
    });
    met.map_err(|_| anyhow::anyhow!("waiting for the agents broke off"))??;
    let reply = reply?;
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?;
    let report = gateway.kept_result(run)?;
    let census = report.get("census").unwrap_or(&Value::Null);
    ensure!(census.get("completed") == Some(&json!(agents)), "not all are completed: {census:#}");
    let counts = models.counts()?;
    // The turn itself asks twice: for the tool, and for the last word.
    let expected = json!({ "peak_live": agents, "requests": agents + 2, "live": 0, "rate_limited": 0 });
    for (name, number) in expected.as_object().into_iter().flatten() {
        ensure!(counts.get(name) == Some(number), "{name} is not {number}: {counts}");
    }
    gateway.check_idle()
}

/// Waits until so many agents have asked their models, and has them answered; also when some never ask.
fn let_go(models: Models, agents: usize) -> Result<()> {
    let met = all_ask(models, agents);
    models.hold(false)?;
    met
}

fn all_ask(models: Models, agents: usize) -> Result<()> {
    let begin = Instant::now();
    loop {
        let live = models.live()?;
        if live == agents as u64 {
            return Ok(());
        }
        if begin.elapsed() > OPEN {
            bail!("{agents} agents did not work at once within {} s, but {live}", OPEN.as_secs());
        }
        thread::sleep(LOOK);
    }
}
