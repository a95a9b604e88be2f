//! What the published package brings besides its tools: a form, icons, a place in backups, a profile; and a skill that another
//! one may hide.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::process;

use super::bench::{Gateway, json_file, plain_task, step};

const RUN: &str = "parallel_agents_run";
const CONFIG: &str = "plugins.entries.parallel-agents.config";

/// Looks at all of it in a gateway that runs.
///
/// # Errors
/// The first that is not as it should be.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    step("see the form, the icons and the backup", || {
        has_a_form(gateway)?;
        has_icons(gateway)?;
        is_in_backups(gateway)
    })?;
    step("work in the profile for coding", || works_in_a_profile(gateway))?;
    step("say which skill hides the plugin's own", || is_hidden(gateway))
}

/// Every field of the configuration has a label and a description, in a section, and none is hidden as a secret.
fn has_a_form(gateway: &Gateway) -> Result<()> {
    let schema = gateway.ask("config.schema", &json!({}))?;
    let hints = schema.get("uiHints").context("the gateway gives no hints")?;
    let manifest = json_file("skill/dist/openclaw.plugin.json")?;
    let fields = manifest.get("uiHints").and_then(Value::as_object).context("the manifest has no hints")?;
    for (field, own) in fields {
        let hint = hints.get(format!("{CONFIG}.{field}")).with_context(|| format!("the form does not know {field}"))?;
        ensure!(hint.get("label") == own.get("label") && hint.get("help") == own.get("help"), "{field}: {hint:#}");
        ensure!(hint.get("sensitive") != Some(&json!(true)), "{field} would be hidden: {hint:#}");
    }
    let groups = hints.get(CONFIG).and_then(|hint| hint.get("groups"));
    ensure!(groups == manifest.get("configGroups"), "the form has other sections: {groups:#?}");
    Ok(())
}

/// The gateway checks a picture before it serves it.
fn has_icons(gateway: &Gateway) -> Result<()> {
    let icon = gateway.served("/__openclaw__/plugin-icon/parallel-agents")?;
    ensure!(icon.starts_with("\u{fffd}PNG"), "the gateway serves no picture as the icon");
    let drawing = gateway.served("/__openclaw__/plugin-activity-icon/parallel-agents")?;
    ensure!(drawing.contains("<svg"), "the gateway serves no drawing beside tool calls: {drawing}");
    Ok(())
}

fn is_in_backups(gateway: &Gateway) -> Result<()> {
    let run = gateway.call_in("kept", RUN, &json!({ "tasks": [plain_task()] }))?;
    let run = run.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {run:#}"))?;
    let archive = gateway.place().join("backup.tar.gz");
    gateway.command(&["backup", "create", "--no-include-workspace", "--output", &archive.to_string_lossy()])?;
    let listed = process::read(Command::new("tar").arg("-tzf").arg(archive), "Install tar.")?;
    for kind in ["journal", "sessions", "seen", "result", "json"] {
        let file = format!("/parallel-agents/runs/{run}.{kind}");
        ensure!(listed.lines().any(|line| line.ends_with(&file)), "the backup lacks {file}");
    }
    Ok(())
}

/// `tools.alsoAllow` does not name the plugin.
fn works_in_a_profile(gateway: &mut Gateway) -> Result<()> {
    gateway.reconfigure(&json!({ "tools": { "profile": "coding" } }), &json!({}))?;
    let reply = gateway.call_in("coding", RUN, &json!({ "tasks": [plain_task()] }))?;
    ensure!(reply.pointer("/result/status") == Some(&json!("completed")), "{reply:#}");
    gateway.reconfigure(&json!({ "tools": { "profile": "full" } }), &json!({}))
}

/// A skill of the workspace takes the place of the plugin's, which agents and the log are told.
fn is_hidden(gateway: &Gateway) -> Result<()> {
    let hint = |session: &str| -> Result<Option<String>> {
        let reply = gateway.call_in(session, "parallel_agents_catalogue", &json!({ "category": "qa" }))?;
        ensure!(reply.pointer("/result/agents/4").is_some(), "{reply:#}");
        Ok(reply.get("hint").and_then(Value::as_str).map(str::to_owned))
    };
    ensure!(hint("seen")?.is_none(), "something hides the skill: {:?}", hint("seen")?);
    // A gateway refuses turns in a workspace that has become empty.
    fs::write(gateway.place().join("workspace/NOTES.md"), "Nothing.\n")?;
    let place = gateway.place().join("workspace/skills/parallel-agents");
    fs::create_dir_all(&place)?;
    fs::write(place.join("SKILL.md"), "---\nname: parallel-agents\ndescription: Another one.\n---\n\nAsk somebody.\n")?;
    let said = hint("hidden")?.context("nobody says that the skill is hidden")?;
    ensure!(said.contains("workspace/skills/parallel-agents/SKILL.md"), "{said}");
    fs::remove_dir_all(&place)?;
    ensure!(hint("seen-again")?.is_none(), "the other skill is gone, and still named");
    Ok(())
}
