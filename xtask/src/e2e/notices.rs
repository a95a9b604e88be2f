//! What a session is told of runs that ended while no call waited for them.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, plain_task, step};

const RUNS: &str = "parallel_agents_runs";

/// A run takes seconds, and so does the start of the turn that tells of it.
const SOON: Duration = Duration::from_secs(120);

/// Changes with which the gateway says that it has read the plugin's configuration. They are its own defaults.
const LIMITS: [u64; 2] = [599, 600];

/// Told in the next turn, also after a restart; woken; and not told of what a call has read.
///
/// # Errors
/// The first that is not told as it should be, or twice.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    step("tell a session of a run in its next turn", || is_told(gateway))?;
    step("tell nothing that a call has read", || is_read(gateway))?;
    step("tell it after a restart", || is_told_after_a_restart(gateway))?;
    step("tell of a run that a restart cut off", || is_cut_off(gateway))?;
    step("wake a session", || is_woken(gateway))
}

/// Tasks one at a time, and a call that waits for one second: the rest happens when its turn is over.
fn start(gateway: &Gateway, session: &str, tasks: usize, way: &str) -> Result<String> {
    let request = json!({ "tasks": vec![plain_task(); tasks], "max_concurrent": 1, "timeoutSeconds": 1 });
    let reply = gateway.call_in(session, "parallel_agents_run", &request)?;
    let hint = reply.get("hint").and_then(Value::as_str).unwrap_or_default();
    ensure!(reply.get("state") == Some(&json!("running")) && hint.contains(way), "not left behind: {reply:#}");
    Ok(reply.get("run_id").and_then(Value::as_str).context("a run without a name")?.to_owned())
}

/// Waits until the run is over and OpenClaw has taken what is to be told of it.
pub(super) fn taken(gateway: &Gateway, run: &str) -> Result<()> {
    gateway.wait_until(&format!("a notice of {run}"), SOON, |gateway| {
        gateway.record(run).is_ok_and(|record| record.get("notice") == Some(&json!("given")))
    })
}

/// The next turn begins with what became of the run, and the one after that does not.
pub(super) fn once(gateway: &Gateway, session: &str, run: &str, what: &str) -> Result<()> {
    let said = gateway.say(session, "What is new?")?;
    ensure!(said.contains(run), "the next turn of {session} was not told of {run}: {said}");
    ensure!(said.contains(what), "the next turn of {session} was not told what became of {run}: {said}");
    let said = gateway.say(session, "And now?")?;
    ensure!(!said.contains(run), "told twice: {said}");
    Ok(())
}

fn is_told(gateway: &Gateway) -> Result<()> {
    let run = start(gateway, "told", 3, "in your next turn")?;
    taken(gateway, &run)?;
    once(gateway, "told", &run, "which this session started, has ended")
}

fn is_read(gateway: &Gateway) -> Result<()> {
    let run = start(gateway, "read", 2, "in your next turn")?;
    let status = json!({ "action": "status", "run_id": run, "timeoutSeconds": 120 });
    let reply = gateway.call_in("read", RUNS, &status)?;
    ensure!(reply.get("state") == Some(&json!("done")), "{reply:#}");
    let said = gateway.say("read", "What is new?")?;
    ensure!(!said.contains(&run), "told of what a call has read: {said}");
    Ok(())
}

fn is_told_after_a_restart(gateway: &mut Gateway) -> Result<()> {
    let run = start(gateway, "later", 2, "in your next turn")?;
    taken(gateway, &run)?;
    gateway.kill_and_start()?;
    once(gateway, "later", &run, "which this session started, has ended")
}

fn is_cut_off(gateway: &mut Gateway) -> Result<()> {
    let run = start(gateway, "cut-off", 3, "in your next turn")?;
    gateway.wait_until("the second session is there", SOON, |gateway| {
        gateway.receipts(&run).is_some_and(|receipts| receipts.len() >= 2)
    })?;
    gateway.kill_and_start()?;
    taken(gateway, &run)?;
    once(gateway, "cut-off", &run, "which this session started, was cut off")?;
    let resume = json!({ "action": "resume", "run_id": run, "timeoutSeconds": 180 });
    let reply = gateway.call_in("cut-off", RUNS, &resume)?;
    ensure!(reply.pointer("/result/status") == Some(&json!("completed")), "{reply:#}");
    Ok(())
}

/// The session gets a turn that nobody asked for, in which it is told; after that it is told nothing more.
fn is_woken(gateway: &mut Gateway) -> Result<()> {
    let [other, own] = LIMITS.map(|limit| json!({ "tools": { "swarm": { "waitTimeoutSecondsMax": limit } } }));
    gateway.reconfigure(&other, &json!({ "notify": "wake" }))?;
    let run = start(gateway, "woken", 2, "you are woken")?;
    let tells = |said: &String| said.contains(&run) && !said.starts_with("TOOL_RESULT");
    gateway.wait_until("the session is woken", SOON, |gateway| {
        gateway.said("woken").is_ok_and(|said| said.iter().any(tells))
    })?;
    let said = gateway.say("woken", "And now?")?;
    ensure!(!said.contains(&run), "told twice: {said}");
    gateway.reconfigure(&own, &json!({ "notify": "next_turn" }))
}
