//! Requests that are kept under a name, and run by a person, by a model and by the gateway's scheduler.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{process, workspace};

use super::bench::{Gateway, json_file, step};

const SAVED: &str = "parallel_agents_saved";
const SOON: Duration = Duration::from_secs(120);

/// The documentation's script for the scheduler, which runs the documentation's review.
const NIGHTLY: &str = "skill/examples/nightly-review.js";

/// Where the gateway's plugin looks for agent files, in the workspace; only these scenarios put one there.
const AGENTS: &str = ".claude/agents";

/// The plugin's configuration for that.
pub fn directories() -> Value {
    json!({ "agentDirectories": [AGENTS] })
}

/// Kept by a model, run in each way, removed.
///
/// # Errors
/// The first that does not do what it should.
pub fn run(gateway: &Gateway) -> Result<()> {
    step("save a request and find it as a file", || is_kept(gateway))?;
    step("run a saved request from a turn and a slash command", || is_run(gateway))?;
    step("run a saved request as a scheduled job", || is_scheduled(gateway))?;
    step("remove a saved request", || is_removed(gateway))?;
    step("run an agent of another program's file", || runs_a_file(gateway))
}

/// An agent file that was put into the workspace while the gateway runs, and named as it is named there.
fn runs_a_file(gateway: &Gateway) -> Result<()> {
    let folder = gateway.workspace().join(AGENTS);
    fs::create_dir_all(&folder)?;
    let file = folder.join("tides.md");
    fs::write(
        &file,
        "---\nname: Tide Watcher\ndescription: Knows the tides.\nmodel: sonnet\n---\n\nYou look after the tides.\n",
    )?;
    let task = json!({ "agent_type": "Tide Watcher", "task_description": "Say something.", "output_format": "text" });
    let reply = gateway.call_in("saved", "parallel_agents_run", &json!({ "tasks": [task], "timeoutSeconds": 300 }))?;
    let result = reply.pointer("/result/results/0").cloned().unwrap_or_default();
    let [agent, status] = ["agent_type", "status"].map(|name| result.get(name).and_then(Value::as_str));
    ensure!([agent, status] == [Some("tide_watcher"), Some("completed")], "{reply:#}");
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn example(name: &str) -> Result<Value> {
    json_file(&format!("skill/examples/saved/{name}.json"))
}

fn is_kept(gateway: &Gateway) -> Result<()> {
    let plan = example("weekly-plan")?;
    let mut save = json!({ "action": "save", "name": "weekly-plan" });
    if let (Some(save), Some(plan)) = (save.as_object_mut(), plan.as_object()) {
        save.extend(plan.clone());
    }
    let reply = gateway.call_in("saved", SAVED, &save)?;
    ensure!(reply.pointer("/result/place") == Some(&json!("parallel-agents/weekly-plan.json")), "{reply:#}");
    let file = gateway.workspace().join("parallel-agents/weekly-plan.json");
    let kept: Value = serde_json::from_str(&fs::read_to_string(file).context("nothing was kept")?)?;
    ensure!(kept == plan, "kept was {kept:#}");
    // As from git.
    fs::copy(
        workspace::root().join("skill/examples/saved/nightly-review.json"),
        gateway.workspace().join("parallel-agents/nightly-review.json"),
    )?;
    let reply = gateway.call_in("saved", SAVED, &json!({ "action": "list" }))?;
    let names: Vec<_> = reply.pointer("/result/requests").and_then(Value::as_array).into_iter().flatten().collect();
    ensure!(names.len() == 2, "{reply:#}");
    Ok(())
}

fn is_run(gateway: &Gateway) -> Result<()> {
    let run = json!({ "action": "run", "name": "weekly-plan", "values": { "topic": "tides" }, "timeoutSeconds": 300 });
    let reply = gateway.call_in("saved", SAVED, &run)?;
    ensure!(reply.pointer("/result/status") == Some(&json!("completed")), "{reply:#}");
    let wrong = json!({ "action": "run", "name": "weekly-plan", "values": { "topics": "tides" } });
    let reply = gateway.call_in("saved", SAVED, &wrong)?;
    ensure!(reply.pointer("/errors/0/code") == Some(&json!("E_PARAMETER_MISSING")), "{reply:#}");
    let line = r#"/parallel_agents run nightly-review code="fn main() { x.unwrap() }" file=main.rs"#;
    let said = gateway.slash_in("saved-by-hand", line, SOON)?;
    ensure!(said.contains("| security_reviewer | completed |"), "{said}");
    Ok(())
}

/// The workspace is a repository in which somebody has committed something.
fn is_scheduled(gateway: &Gateway) -> Result<()> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=test", "-c", "user.email=test@example.org"]).args(arguments);
        process::run(command.current_dir(gateway.workspace()), "")
    };
    fs::write(gateway.workspace().join("main.rs"), "fn main() { run().unwrap() }\n")?;
    git(&["init", "--quiet"])?;
    git(&["add", "main.rs"])?;
    git(&["commit", "--quiet", "--no-gpg-sign", "--message", "main: a beginning"])?;
    let script = workspace::root().join(NIGHTLY).display().to_string();
    let ended = gateway.run_job("nightly-review", &["--script", &script, "--script-timeout-seconds", "300"])?;
    let said = ended.get("summary").and_then(Value::as_str).unwrap_or_default();
    ensure!(ended.get("status") == Some(&json!("ok")) && said.contains("5 of 5"), "{ended:#}");
    Ok(())
}

fn is_removed(gateway: &Gateway) -> Result<()> {
    let reply = gateway.call_in("saved", SAVED, &json!({ "action": "delete", "name": "weekly-plan" }))?;
    ensure!(reply.pointer("/result/deleted") == Some(&json!("weekly-plan")), "{reply:#}");
    ensure!(!gateway.workspace().join("parallel-agents/weekly-plan.json").exists(), "the file is still there");
    Ok(())
}
