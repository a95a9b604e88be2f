//! Each tool as a model calls it in its turn, and as a program of Code Mode calls it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::workspace;

use super::bench::{Gateway, SCRIPT, json_file, plain_task, step};
use super::faults;

/// The workflows, each with an example of the documentation; its agents do what is asked, so all of it is reached.
const WORKFLOWS: [(&str, &str); 3] = [
    ("parallel_agents_refine", "workflow-2-iterative-refinement"),
    ("parallel_agents_create", "4-create-agents"),
    ("parallel_agents_orchestrate", "workflow-3-orchestration"),
];

/// The tool, its arguments, where the result has something, and what that is, if it has to be something.
type Call = (&'static str, Value, &'static str, Option<&'static str>);

/// Calls that come back with a result, each a turn of its own.
fn calls() -> Result<Vec<Call>> {
    let task = plain_task();
    let forecast = json!({ "function": "forecast_run", "arguments": { "tasks": [task] } });
    let any = None;
    let content = json!({ "team": "content", "topic": "Monday motivation", "platform": "bluesky" });
    let development = json!({ "team": "development", "app_name": "Notes", "features": ["write", "find"] });
    Ok(vec![
        ("parallel_agents_catalogue", json!({ "category": "qa" }), "/result/agents/4", any),
        ("parallel_agents_catalogue", json!({ "agent_type": "code_reviewer" }), "/result/prompt", any),
        ("parallel_agents_run", json!({ "tasks": [task, task] }), "/result/results/1/output", any),
        ("parallel_agents_team", content, "/result/results/4/output", any),
        ("parallel_agents_team", development, "/result/results/4/output", any),
        ("parallel_agents_refine", example(0)?, "/result/drafts/0/reason", Some("target_reached")),
        ("parallel_agents_create", example(1)?, "/result/status", Some("completed")),
        ("parallel_agents_orchestrate", example(2)?, "/result/reason", Some("compiled")),
        ("parallel_agents_call", forecast, "/result", any),
        ("parallel_agents_call", json!({ "command": "versions" }), "/result/contract", any),
        ("parallel_agents_runs", json!({ "action": "list" }), "/runs/3/run_id", any),
    ])
}

fn example(workflow: usize) -> Result<Value> {
    let (_, name) = WORKFLOWS.get(workflow).context("there is no such workflow")?;
    json_file(&format!("skill/examples/{name}.json"))
}

/// Every tool in turns of the agent.
///
/// # Errors
/// The first that does not come back as it should.
pub fn from_turns(gateway: &Gateway) -> Result<()> {
    for (tool, mut arguments, place, wanted) in calls()? {
        if tool != "parallel_agents_catalogue" {
            let fields = arguments.as_object_mut().context("arguments that are no object")?;
            fields.insert("timeoutSeconds".to_owned(), json!(300));
        }
        let reply = step(&format!("call {tool} in a turn"), || gateway.call(tool, &arguments))?;
        ensure!(reply.get("state") == Some(&json!("done")), "{tool} {arguments} brought {reply:#}");
        let found = reply.pointer(place).filter(|value| !value.is_null());
        let found = found.with_context(|| format!("no {place} in {reply:#}"))?;
        ensure!(wanted.is_none_or(|wanted| found == wanted), "{place} is {found}: {reply:#}");
    }
    refusals(gateway)?;
    step("call from slash commands", || slash(gateway))?;
    step("forget a run", || forgets(gateway))
}

/// Nothing of the run stays in the state directory.
fn forgets(gateway: &Gateway) -> Result<()> {
    let reply = gateway.call_in("forgets", "parallel_agents_run", &json!({ "tasks": [plain_task()] }))?;
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?;
    gateway.kept_result(run)?;
    let command = json!({ "command": format!("forget {run}") });
    let reply = gateway.invoke("agent:main:forgets", "parallel_agents_call", &command)?;
    ensure!(reply.pointer("/result/forgotten/0") == Some(&json!(run)), "{reply:#}");
    ensure!(gateway.kept_result(run).is_err() && gateway.record(run).is_err(), "{run} is still there");
    Ok(())
}

/// Lines of the slash command, in sessions of their own.
fn slash(gateway: &Gateway) -> Result<()> {
    let limit = Duration::from_secs(120);
    let list = gateway.slash("/parallel_agents list", limit)?;
    ensure!(list == "This session has no runs.", "another session's runs are listed: {list}");
    let help = gateway.slash("/parallel_agents help", limit)?;
    ensure!(help.contains("`/parallel_agents status RUN`"), "{help}");
    let task = r#"{"agent_type": "code_reviewer", "task_description": "Look.", "input_data": {"code": "x"}}"#;
    let one = gateway.slash(&format!(r#"/parallel_agents spawn_with_retry {{"task": {task}}}"#), limit)?;
    let is_table = one.starts_with("Run `pa-") && one.contains("| code_reviewer | completed |");
    ensure!(is_table && !one.contains("attempt_log"), "{one}");
    Ok(())
}

/// What is wrong is said in full, and nothing is spawned.
fn refusals(gateway: &Gateway) -> Result<()> {
    // What the schema alone refuses does not get as far as the plugin.
    let task = json!({ "agent_type": "nobody", "task_description": "Say something.", "dependencies": ["none"] });
    let request = json!({ "tasks": [task] });
    let reply = step("be refused", || gateway.call("parallel_agents_run", &request))?;
    let errors = reply.get("errors").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(reply.get("ok") == Some(&json!(false)) && errors >= 2, "not refused in full: {reply:#}");
    ensure!(reply.get("run_id").is_some_and(Value::is_null), "a refused call has a run: {reply:#}");
    let request = json!({ "tasks": [plain_task()], "model": "nobody/none", "retries": 0 });
    let reply = step("ask for a model that is not there", || gateway.call("parallel_agents_run", &request))?;
    let error = reply.pointer("/result/results/0/error").cloned().unwrap_or_default();
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    // What can be done about it is what OpenClaw itself says here.
    let says = message.contains("nobody/none") && message.contains("openclaw models list");
    ensure!(error.get("code") == Some(&json!("E_SPAWN_REJECTED")) && says, "{reply:#}");
    Ok(())
}

/// The program of the documentation, and one with the tools that answer at once.
const PROGRAM: &str = include_str!("../../../skill/examples/program.js");
const OTHERS: &str = r"
const review = await parallel_agents_team({ team: 'review', code: 'fn main() {}', run: false });
const versions = await parallel_agents_call({ function: 'versions', arguments: {} });
return { tasks: review.result.tasks.length, contract: versions.result.contract };
";

/// A program that begins a long run, looks after something else, and stops it.
fn begun(tool: &str, arguments: &Value) -> String {
    format!(
        "const begun = await {tool}({{ ...{arguments}, timeoutSeconds: 1 }});
         const ended = await parallel_agents_runs({{ action: 'cancel', run_id: begun.run_id, timeoutSeconds: 40 }});
         return {{ state: ended.state, status: typeof ended.result?.status }};"
    )
}

/// A program that asks until all is done.
fn finished(tool: &str, arguments: &Value) -> String {
    format!(
        "let reply = await {tool}({{ ...{arguments}, timeoutSeconds: 50 }});
         while (reply.state === 'running') reply = await parallel_agents_runs({{ action: 'status', run_id: reply.run_id }});
         return {{ state: reply.state, status: reply.result?.status }};"
    )
}

/// Agents without tools as completions, when the operator's configuration wants that.
const COMPLETIONS: &str = r"
const task = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };
const down = { ...task, task_description: '[down]' };
const reply = await parallel_agents_run({ tasks: [task, down], retries: 0, timeoutSeconds: 50, detail: true });
if (!reply.result) return reply;
return reply.result.results.map(({ status, session_key, error }) => ({ status, key: session_key.split(':')[0], error }));
";

/// Every tool as an async function of a Code Mode program.
///
/// # Errors
/// If a program does not end with what it should.
pub fn from_programs(gateway: &mut Gateway) -> Result<()> {
    let code_mode = |on: bool| json!({ "tools": { "codeMode": { "enabled": on, "timeoutMs": 60_000 } } });
    let completions = |on: bool| json!({ "completionsForToolFree": on });
    step("switch Code Mode and completions on", || gateway.reconfigure(&code_mode(true), &completions(true)))?;
    let value = step("run the documentation's program", || gateway.program(PROGRAM))?;
    ensure!(value.get("completed") == Some(&json!(3)), "the program returned {value:#}");
    let value = step("run a program with the other tools", || gateway.program(OTHERS))?;
    ensure!(value == json!({ "tasks": 5, "contract": "0.1.0" }), "the program returned {value:#}");
    for (workflow, (tool, _)) in WORKFLOWS.into_iter().enumerate() {
        let arguments = example(workflow)?;
        let value = step(&format!("stop {tool} from a program"), || gateway.program(&begun(tool, &arguments)))?;
        ensure!(value == json!({ "state": "done", "status": "string" }), "the program returned {value:#}");
        let value = step(&format!("finish {tool} in a program"), || gateway.program(&finished(tool, &arguments)))?;
        ensure!(value == json!({ "state": "done", "status": "completed" }), "the program returned {value:#}");
    }
    step("run agents as completions, one of which fails", || as_completions(gateway))?;
    step("switch both off", || gateway.reconfigure(&code_mode(false), &completions(false)))
}

/// The one that fails says which setting gives the reason.
fn as_completions(gateway: &mut Gateway) -> Result<()> {
    gateway.play(&workspace::root().join(faults::HANGING))?;
    let value = gateway.program(COMPLETIONS)?;
    gateway.play(&workspace::root().join(SCRIPT))?;
    let of = |place: &str| ["/0", "/1"].map(|row| value.pointer(&format!("{row}{place}")).and_then(Value::as_str));
    ensure!(of("/key") == [Some("completion"); 2], "the program returned {value:#}");
    ensure!(of("/status") == [Some("completed"), Some("failed")], "the program returned {value:#}");
    ensure!(of("/error/code") == [None, Some("E_MODEL_UNAVAILABLE")], "the program returned {value:#}");
    let [_, message] = of("/error/message");
    ensure!(
        message.is_some_and(|text| text.contains("completionsForToolFree: false")),
        "the program returned {value:#}"
    );
    Ok(())
}
