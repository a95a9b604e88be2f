//! Runs that outlive the call that asked for them, and the gateway that they run in.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::bench::{CALLER, Gateway, of_results, plain_task, step};

const RUNS: &str = "parallel_agents_runs";

/// A run that goes on, one that is cancelled, one that a kill cuts off.
///
/// # Errors
/// The first that does not end as it should.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    step("leave a run and come back to it", || goes_on(gateway))?;
    step("cancel a run", || is_cancelled(gateway))?;
    step("kill the gateway and resume", || is_resumed(gateway))
}

/// One task at a time, and a call that waits for one second: the rest happens when the turn is over.
fn start(gateway: &Gateway, tasks: usize) -> Result<String> {
    let request = json!({ "tasks": vec![plain_task(); tasks], "max_concurrent": 1, "timeoutSeconds": 1 });
    let reply = gateway.call("parallel_agents_run", &request)?;
    ensure!(reply.get("state") == Some(&json!("running")), "not left behind: {reply:#}");
    Ok(reply.get("run_id").and_then(Value::as_str).context("a run without a name")?.to_owned())
}

fn statuses(reply: &Value) -> Vec<&str> {
    reply.get("result").map(|report| of_results(report, "/status")).unwrap_or_default()
}

fn goes_on(gateway: &Gateway) -> Result<()> {
    let run = start(gateway, 3)?;
    // By another door: it is one session, whoever comes in.
    let status = json!({ "action": "status", "run_id": run, "timeoutSeconds": 120 });
    let reply = gateway.call_by_command(RUNS, &status)?;
    ensure!(statuses(&reply) == ["completed"; 3], "{reply:#}");
    let page = gateway.call(RUNS, &json!({ "action": "page", "run_id": run, "task_id": "task-2", "offset": 0 }))?;
    ensure!(page.pointer("/result/text").is_some_and(Value::is_string), "{page:#}");
    let story = gateway.call(RUNS, &json!({ "action": "explain", "run_id": run, "task_id": "task-2" }))?;
    ensure!(story.pointer("/result/story").is_some_and(Value::is_string), "{story:#}");
    has_page(gateway, &run)?;
    gateway.check_sessions(CALLER, &gateway.kept_result(&run)?)
}

/// The page of the run, with all that its sessions were asked and said, for those whom the gateway lets in.
fn has_page(gateway: &Gateway, run: &str) -> Result<()> {
    let reply = gateway.call(RUNS, &json!({ "action": "report", "run_id": run }))?;
    ensure!(reply.pointer("/result/link").is_some_and(Value::is_string), "no link: {reply:#}");
    let html = gateway.page(&format!("/plugins/parallel-agents/runs?run={run}"), Some(gateway.token()))?;
    let own = html.split("id=\"document\">").nth(1).and_then(|rest| rest.split("</script>").next());
    let own: Value = serde_json::from_str(own.context("the page holds no document")?)?;
    let feed = own.pointer("/feed/url").and_then(Value::as_str).context("the page does not know whom to ask")?;
    let answer: Value = serde_json::from_str(&gateway.page(&format!("/plugins/parallel-agents/{feed}"), None)?)?;
    let document = answer.get("document").context("the feed has no document")?;
    let report = document.get("report").context("the document has no report")?;
    ensure!(*report == gateway.kept_result(run)?, "the page shows another report: {report:#}");
    let sessions = document.get("sessions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    ensure!(sessions.len() == 3, "the page lacks something: {sessions:#?}");
    // What they were asked and said is read one by one.
    let texts = own.pointer("/feed/texts").and_then(Value::as_str).context("the page does not know where texts are")?;
    for session in sessions {
        let label = session.get("label").and_then(Value::as_str).context("a session without a label")?;
        let escaped = label.replace(' ', "%20").replace('[', "%5B").replace(']', "%5D");
        for part in ["prompt", "answer"] {
            let path = format!("/plugins/parallel-agents/{texts}&session={escaped}&part={part}");
            ensure!(!gateway.page(&path, None)?.is_empty(), "the page has no {part} of {label}");
        }
    }
    Ok(())
}

fn is_cancelled(gateway: &Gateway) -> Result<()> {
    let run = start(gateway, 12)?;
    let reply = gateway.call(RUNS, &json!({ "action": "cancel", "run_id": run, "timeoutSeconds": 60 }))?;
    let statuses = statuses(&reply);
    ensure!(statuses.len() == 12 && statuses.last() == Some(&"cancelled"), "{reply:#}");
    gateway.check_idle()
}

fn is_resumed(gateway: &mut Gateway) -> Result<()> {
    let run = start(gateway, 3)?;
    gateway.wait_until("the second session is there", Duration::from_secs(120), |gateway| {
        gateway.receipts(&run).is_some_and(|receipts| receipts.len() >= 2)
    })?;
    gateway.kill_and_start()?;
    let list = gateway.call(RUNS, &json!({ "action": "list" }))?;
    let listed = list.get("runs").and_then(Value::as_array).into_iter().flatten();
    let state = listed.filter(|row| row.get("run_id") == Some(&json!(run))).filter_map(|row| row.get("state")).next();
    ensure!(state == Some(&json!("interrupted")), "{list:#}");
    let reply = gateway.call(RUNS, &json!({ "action": "resume", "run_id": run, "timeoutSeconds": 180 }))?;
    ensure!(statuses(&reply) == ["completed"; 3], "{reply:#}");
    // What had ended before the kill has no second session.
    let receipts = gateway.receipts(&run).unwrap_or_default();
    let first = receipts.iter().filter(|line| line.contains("-task-1-")).count();
    ensure!(first == 1, "the first task was spawned {first} times: {receipts:#?}");
    gateway.check_idle()
}
