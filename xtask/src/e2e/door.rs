//! The door for programs outside of the gateway: one session for each key, whatever happens to the gateway in between.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::bench::{Bench, CALLER, Gateway, Started, plain_task, step};

const DOOR: &str = "parallel_agents_door";

/// The session that the door is.
pub const SESSION: &str = "agent:main:door";

const END: Duration = Duration::from_secs(60);

const RUN: Duration = Duration::from_secs(120);

/// Opens the door and uses it, over a kill of the gateway.
///
/// # Errors
/// If a key has two sessions, something is lost, or somebody is let in who should not be.
pub fn run(bench: &Bench, gateway: &mut Gateway) -> Result<()> {
    step("find no door where none is configured", || is_closed(gateway, SESSION))?;
    step("open a door", || {
        // Of what only the plugin reads the gateway says nothing when it has read it.
        let fields = json!({ "tools": { "swarm": { "maxTotalPerGroup": 198 } } });
        let door = json!({ "session": SESSION, "allowedModels": ["sim/standard"], "withoutApproval": true });
        gateway.reconfigure(&fields, &json!({ "door": door }))
    })?;
    step("be refused in another session", || is_closed(gateway, CALLER))?;
    let first = step("spawn a session twice by its key, wait for it and read it", || is_once(gateway))?;
    step("kill the gateway, and find what it had", || survives(gateway, &first))?;
    step("cancel what is there and what is not yet", || is_cancelled(gateway))?;
    step("run five tasks from outside", || has_a_run(bench, gateway))?;
    gateway.check_idle()
}

/// The command line, in another process, with its sessions here.
fn has_a_run(bench: &Bench, gateway: &Gateway) -> Result<()> {
    let before = sessions(gateway)?;
    let place = bench.place("door")?;
    let request = json!({ "tasks": vec![plain_task(); 5], "max_concurrent": 5 });
    fs::write(place.join("request.json"), request.to_string()).context("cannot write the request")?;
    let mut command = Command::new(&bench.simulator);
    command.args([
        "run",
        "request.json",
        "--json",
        "--backend",
        "openclaw",
        "--gateway",
        &gateway.origin(),
        "--progress",
        "off",
    ]);
    command.current_dir(&place).env("OPENCLAW_GATEWAY_TOKEN", gateway.token()).env("XDG_STATE_HOME", &place);
    let printed = Started::start("run-from-outside", &mut command, &place)?.finish(RUN)?;
    let report: Value = serde_json::from_str(&printed).context("the run printed no JSON")?;
    ensure!(report.pointer("/census/completed") == Some(&json!(5)), "{report:#}");
    let spawned = sessions(gateway)? - before;
    ensure!(spawned == 5, "five tasks have {spawned} sessions");
    Ok(())
}

/// How many sessions the door has.
fn sessions(gateway: &Gateway) -> Result<usize> {
    let listed = done(gateway, &json!({ "action": "list", "limit": 1_000 }))?;
    listed.get("sessions").and_then(Value::as_array).map(Vec::len).context("no list of sessions")
}

/// One request at the door: its result, or the code of its one error.
fn ask(gateway: &Gateway, request: &Value) -> Result<Result<Value, String>> {
    let reply = gateway.invoke(SESSION, DOOR, request)?;
    match reply.get("result") {
        Some(result) if reply.get("ok") == Some(&json!(true)) => Ok(Ok(result.clone())),
        _ => {
            let code = reply.pointer("/errors/0/code").and_then(Value::as_str);
            Ok(Err(code.with_context(|| format!("neither a result nor an error: {reply:#}"))?.to_owned()))
        }
    }
}

/// One request at the door that must not be refused; its result.
///
/// # Errors
/// If it is refused, or the gateway does not answer.
pub fn done(gateway: &Gateway, request: &Value) -> Result<Value> {
    ask(gateway, request)?.map_err(|code| anyhow::anyhow!("{request} was refused: {code}"))
}

fn spawn(key: &str) -> Value {
    json!({ "action": "spawn", "key": key, "task": format!("Say something about {key}."), "label": format!("door {key}"),
        "model": "sim/standard", "tool_free": true })
}

fn session_of(reply: &Value) -> Result<String> {
    let session = reply.get("session_key").and_then(Value::as_str);
    Ok(session.with_context(|| format!("no session: {reply:#}"))?.to_owned())
}

/// The end of a session.
fn end_of(gateway: &Gateway, key: &str) -> Result<Value> {
    let begin = Instant::now();
    let mut started = json!([]);
    while begin.elapsed() < END {
        let request = json!({ "action": "wait", "keys": [key], "started": started, "timeout_seconds": 20 });
        let told = done(gateway, &request)?;
        if let Some(end) = told.pointer("/ended/0") {
            return Ok(end.clone());
        }
        ensure!(told.get("unknown") == Some(&json!([])), "{key} is not known: {told:#}");
        if told.pointer("/started/0").is_some() {
            started = json!([key]);
        }
    }
    bail!("{key} has not ended in {} s", END.as_secs())
}

fn is_closed(gateway: &Gateway, session: &str) -> Result<()> {
    let Err(error) = gateway.invoke(session, DOOR, &json!({ "action": "facts" })) else {
        bail!("{session} was let in");
    };
    let words = format!("{error:#}");
    ensure!(words.contains("404") && words.contains("Tool not available"), "{words}");
    Ok(())
}

fn is_once(gateway: &Gateway) -> Result<String> {
    let facts = done(gateway, &json!({ "action": "facts" }))?;
    ensure!(facts.get("protocol") == Some(&json!(1)) && facts.get("reports_starts") == Some(&json!(true)), "{facts:#}");
    ensure!(facts.pointer("/versions/plugin").is_some_and(Value::is_string), "{facts:#}");
    let sessions = [0; 2].map(|_| done(gateway, &spawn("first")).and_then(|reply| session_of(&reply)));
    let [Ok(first), Ok(second)] = sessions else { bail!("not spawned: {sessions:?}") };
    ensure!(first == second, "one key has two sessions, {first} and {second}");
    let end = end_of(gateway, "first")?;
    let said = end.pointer("/completion/text").and_then(Value::as_str).unwrap_or_default();
    ensure!(end.get("outcome") == Some(&json!("completed")) && !said.is_empty(), "{end:#}");
    ensure!(end.pointer("/usage/output_tokens").and_then(Value::as_u64).is_some_and(|tokens| tokens > 0), "{end:#}");
    let page = done(gateway, &json!({ "action": "read", "key": "first" }))?;
    let last = page.get("messages").and_then(Value::as_array).and_then(|messages| messages.last()).cloned();
    ensure!(last.as_ref().and_then(|last| last.get("text")) == Some(&json!(said)), "{page:#}");
    ensure!(
        ask(gateway, &json!({ "action": "spawn", "key": "x", "task": "a", "label": "x", "model": "sim/premium" }))?
            == Err("E_DOOR_FORBIDDEN".to_owned())
    );
    Ok(first)
}

fn survives(gateway: &mut Gateway, first: &str) -> Result<()> {
    let models = gateway.models()?;
    models.hold(true)?;
    let live = session_of(&done(gateway, &spawn("live"))?)?;
    gateway.kill_and_start()?;
    models.hold(false)?;
    for (key, before) in [("first", first), ("live", &live)] {
        let now = session_of(&done(gateway, &spawn(key))?)?;
        ensure!(now == before, "{key} was {before} and is {now}");
    }
    ensure!(
        end_of(gateway, "first")?.get("outcome") == Some(&json!("completed")),
        "what had ended is not known any more"
    );
    // A session that had begun is cut off; one that was still queued is run.
    let end = end_of(gateway, "live")?;
    let outcome = end.get("outcome").and_then(Value::as_str).unwrap_or_default();
    ensure!(["interrupted", "completed"].contains(&outcome), "{end:#}");
    let listed = done(gateway, &json!({ "action": "list", "search": "door " }))?;
    let rows = listed.get("sessions").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(rows == 2, "two keys have {rows} sessions: {listed:#}");
    Ok(())
}

fn is_cancelled(gateway: &Gateway) -> Result<()> {
    let models = gateway.models()?;
    models.hold(true)?;
    done(gateway, &spawn("stopped"))?;
    done(gateway, &json!({ "action": "cancel", "key": "stopped" }))?;
    let end = end_of(gateway, "stopped")?;
    models.hold(false)?;
    ensure!(end.get("outcome") == Some(&json!("cancelled")), "{end:#}");
    done(gateway, &json!({ "action": "cancel", "key": "never" }))?;
    ensure!(ask(gateway, &spawn("never"))? == Err("E_DOOR_CANCELLED".to_owned()), "a cancelled key was spawned");
    for key in ["first", "stopped"] {
        done(gateway, &json!({ "action": "delete", "key": key }))?;
    }
    let left = done(gateway, &json!({ "action": "list" }))?;
    let keys = left.get("sessions").and_then(Value::as_array).into_iter().flatten();
    let keys: Vec<&str> = keys.filter_map(|row| row.get("key")?.as_str()).collect();
    ensure!(keys == ["live"], "{left:#}");
    Ok(())
}
