//! The package as OpenClaw's own commands see it: valid, loaded, listed, updated, removed and installed again.

use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::bench::{Gateway, json_file, plain_task, step};

/// What OpenClaw says of a plugin that it does not replace now.
const KEPT: &str = "still has active retained work";

/// Every command that looks at a plugin, then the plugin anew, last in a gateway that forbids what it needs.
///
/// # Errors
/// What a command says that is not content.
pub fn run(gateway: &mut Gateway, archive: &Path) -> Result<()> {
    step("have the package looked at", || look(gateway))?;
    step("install it during a run", || during_a_run(gateway, archive))?;
    step("remove it and install it again", || again(gateway, archive))?;
    step("start what was installed without session tools", || without_session_tools(gateway))
}

fn look(gateway: &Gateway) -> Result<()> {
    let root = gateway.installed();
    let says = |arguments: &[&str], words: &[&str]| -> Result<()> {
        let printed = gateway.command(arguments)?;
        for word in words {
            ensure!(printed.contains(word), "openclaw {} does not say {word:?}:\n{printed}", arguments.join(" "));
        }
        Ok(())
    };
    let manifest = json_file("skill/dist/openclaw.plugin.json")?;
    let tools = manifest.pointer("/contracts/tools").and_then(Value::as_array).cloned().unwrap_or_default();
    let names: Vec<&str> = tools.iter().filter_map(Value::as_str).collect();
    let described = json_file("skill/tools.json")?;
    let described = described.as_array().into_iter().flatten().map(|tool| tool.get("name").and_then(Value::as_str));
    ensure!(described.eq(names.iter().copied().map(Some)), "the manifest names {names:?}");
    // Each takes seconds of one core, and none changes anything.
    let skills = thread::scope(|scope| -> Result<String> {
        let first = scope.spawn(|| -> Result<()> {
            says(&["plugins", "validate", "--root", &root, "--entry", "./dist/index.js"], &["is valid"])?;
            says(&["plugins", "doctor"], &["checks passed"])
        });
        let loaded = [&["Status: loaded"], names.as_slice()].concat();
        says(&["plugins", "inspect", "parallel-agents", "--runtime"], &loaded)?;
        let skills = gateway.command(&["skills", "list", "--json"])?;
        first.join().map_err(|_| anyhow!("a command panicked"))??;
        Ok(skills)
    })?;
    let skills: Value = serde_json::from_str(&skills)?;
    let rows = skills.get("skills").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = rows.iter().find(|row| row.get("name") == Some(&json!("parallel-agents")));
    ensure!(own.is_some_and(|row| row.get("eligible") == Some(&json!(true))), "the skill is not ready: {own:?}");
    Ok(())
}

/// Whether OpenClaw lists the plugin.
fn is_listed(gateway: &Gateway) -> Result<bool> {
    let list: Value = serde_json::from_str(&gateway.command(&["plugins", "list", "--json"])?)?;
    let rows = list.get("plugins").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    ensure!(!rows.is_empty(), "OpenClaw lists no plugin at all: {list:#}");
    Ok(rows.iter().any(|row| row.get("id") == Some(&json!("parallel-agents"))))
}

/// Either the version that runs a run is kept until that has ended, and is replaced then, or the run is cut off and the new version
/// goes on with it; which of the two, OpenClaw decides. Neither needs a restart.
fn during_a_run(gateway: &Gateway, archive: &Path) -> Result<()> {
    let models = gateway.models()?;
    let request = json!({ "tasks": vec![plain_task(); 3], "max_concurrent": 1, "timeoutSeconds": 1 });
    // Until its agents are let go the run does not end.
    models.hold(true)?;
    let reply = gateway.call_in("update", "parallel_agents_run", &request)?;
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?;
    let installed = gateway.install(archive);
    models.hold(false)?;
    let look = |action: &str| {
        let look = json!({ "action": action, "run_id": run, "timeoutSeconds": 120 });
        gateway.call_in("update", "parallel_agents_runs", &look)
    };
    let first = look("status")?;
    let done = match installed {
        Err(error) => {
            ensure!(format!("{error:#}").contains(KEPT), "refused for another reason: {error:#}");
            gateway.command(&["plugins", "reload", "parallel-agents"])?;
            ensure!(look("status")?.get("state") == Some(&json!("done")), "the new version does not know the run");
            first
        }
        Ok(()) => {
            ensure!(first.get("state") == Some(&json!("interrupted")), "replaced, and not cut off: {first:#}");
            look("resume")?
        }
    };
    ensure!(done.pointer("/result/status") == Some(&json!("completed")), "the run did not go on: {done:#}");
    let reply = gateway.call_in("update", "parallel_agents_run", &json!({ "tasks": [plain_task()] }))?;
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?;
    // Only a transcript tells why an answer ended.
    ensure!(gateway.journal(run)?.contains("\"finish\":\"Stop\""), "the new version reads no transcripts: {reply:#}");
    Ok(())
}

fn again(gateway: &Gateway, archive: &Path) -> Result<()> {
    let lies_there = |gateway: &Gateway| Path::new(&gateway.installed()).exists();
    ensure!(lies_there(gateway), "the plugin works and is not where OpenClaw keeps such");
    gateway.command(&["plugins", "uninstall", "parallel-agents", "--force"])?;
    ensure!(!lies_there(gateway) && !is_listed(gateway)?, "the plugin is still there after it was removed");
    gateway.install(archive)?;
    gateway.command(&["plugins", "enable", "parallel-agents"])?;
    Ok(())
}

/// The plugin that was installed again works; what has to be allowed is said at the first call, and what needs no sessions
/// goes on. One start of the gateway, which takes long, is for both.
fn without_session_tools(gateway: &mut Gateway) -> Result<()> {
    gateway.configure(&json!({ "tools": { "deny": ["sessions_spawn"] } }))?;
    gateway.stop_and_start()?;
    let reply = gateway.call_in("bare", "parallel_agents_run", &json!({ "tasks": [plain_task()] }))?;
    let error = reply.pointer("/errors/0").cloned().unwrap_or_default();
    ensure!(error.get("code") == Some(&json!("E_HOST_UNSUPPORTED")), "{reply:#}");
    let hint = error.get("hint").and_then(Value::as_str).unwrap_or_default();
    ensure!(hint.contains("tools.deny"), "{reply:#}");
    let reply = gateway.call_in("bare", "parallel_agents_catalogue", &json!({ "category": "qa" }))?;
    ensure!(reply.pointer("/result/agents/4").is_some(), "{reply:#}");
    Ok(())
}
