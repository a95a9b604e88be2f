//! Providers that fail, sessions that hang, somebody who stops it all, two who ask at once.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::workspace;

use super::bench::{Gateway, Models, of_results, step};

const RUN: &str = "parallel_agents_run";
const BAD_DAY: &str = "xtask/scripts/bad-day.toml";
/// Sessions that fail, hang or take their time.
pub const HANGING: &str = "xtask/scripts/hanging.toml";
const SOON: Duration = Duration::from_secs(120);

/// One after the other, in sessions of their own.
///
/// # Errors
/// The first that does not end as it should.
pub fn run(gateway: &mut Gateway) -> Result<()> {
    gateway.play(&workspace::root().join(BAD_DAY))?;
    step("live through a provider's bad day", || bad_day(gateway))?;
    gateway.play(&workspace::root().join(HANGING))?;
    step("give up on a tier that is down", || is_down(gateway))?;
    step("stop a session that hangs", || hangs(gateway))?;
    step("stop the turn in the middle", || is_stopped(gateway))?;
    step("run for two sessions at once", || for_two(gateway))
}

fn tasks(count: usize, mark: &str) -> Vec<Value> {
    let task = |number| json!({ "agent_type": "content_writer_funny", "output_format": "text", "task_description": format!("Write part {number}. {mark}") });
    (1..=count).map(task).collect()
}

/// 429 with a time to wait, 500, answers that break off or cannot be read: twelve tasks, and a provider that takes three at
/// a time. Some is put right by OpenClaw, the rest by the run.
fn bad_day(gateway: &Gateway) -> Result<()> {
    let request = json!({ "tasks": tasks(12, ""), "retries": 3, "retry_budget": 30, "breaker": false, "max_concurrent": 8, "timeoutSeconds": 300 });
    let reply = gateway.call_in("bad-day", RUN, &request)?;
    let report = reply.get("result").with_context(|| format!("no result: {reply:#}"))?;
    ensure!(of_results(report, "/status") == ["completed"; 12], "{report:#}");
    let refused = gateway.models()?.counts()?.get("rate_limited").and_then(Value::as_u64);
    ensure!(refused.is_some_and(|refused| refused > 0), "nothing was ever refused");
    Ok(())
}

/// HTTP 500 without end: what fails is the provider and not the model, so nobody climbs, and the other task is not touched.
fn is_down(gateway: &Gateway) -> Result<()> {
    let task = |mark: &str, tier: &str| json!({ "agent_type": "content_writer_funny", "output_format": "text", "task_description": mark, "tier": tier, "timeout_seconds": 150 });
    let models = json!({ "economy": "sim/economy", "standard": "sim/standard", "premium": "sim/premium" });
    let tasks = [task("[down]", "economy"), task("Write it.", "premium")];
    let request = json!({ "tasks": tasks, "models": models, "escalate": true, "retries": 0, "timeoutSeconds": 300, "detail": true });
    let reply = gateway.call_in("down", RUN, &request)?;
    let report = reply.get("result").with_context(|| format!("no result: {reply:#}"))?;
    ensure!(of_results(report, "/status") == ["failed", "completed"], "{report:#}");
    ensure!(of_results(report, "/error/code") == ["E_MODEL_UNAVAILABLE"], "{report:#}");
    ensure!(of_results(report, "/metadata/tier") == ["economy", "premium"], "{report:#}");
    ensure!(report.pointer("/results/0/metadata/attempts") == Some(&json!(1)), "{report:#}");
    Ok(())
}

/// The task has a time limit, and when that is over nothing of it is left: no session, no request to the provider.
fn hangs(gateway: &Gateway) -> Result<()> {
    let mut tasks = tasks(2, "[hanging]");
    tasks.iter_mut().filter_map(Value::as_object_mut).for_each(|task| {
        task.insert("timeout_seconds".to_owned(), json!(3));
    });
    let reply = gateway.call_in("hanging", RUN, &json!({ "tasks": tasks, "retries": 0, "timeoutSeconds": 120 }))?;
    let report = reply.get("result").with_context(|| format!("no result: {reply:#}"))?;
    ensure!(of_results(report, "/error/code") == ["E_TIMEOUT"; 2], "{report:#}");
    is_quiet(gateway)
}

/// Stop, as a person presses it while the tool runs.
fn is_stopped(gateway: &Gateway) -> Result<()> {
    let request = json!({ "tasks": tasks(6, "[hanging]"), "max_concurrent": 3, "timeoutSeconds": 300 });
    gateway.begin("stopped", RUN, &request)?;
    let run =
        one_run(gateway, "stopped", "three sessions run", |run| run.pointer("/progress/running") == Some(&json!(3)))?;
    gateway.abort("stopped")?;
    one_run(gateway, "stopped", "the run is over", |run| run.get("state") == Some(&json!("done")))?;
    let report = gateway.kept_result(&run)?;
    ensure!(report.get("status") == Some(&json!("cancelled")), "{report:#}");
    ensure!(of_results(&report, "/status") == ["cancelled"; 6], "{report:#}");
    ensure!(report.get("leaked") == Some(&json!([])), "{report:#}");
    is_quiet(gateway)
}

/// Each gets its own results and sees nothing of the other's.
fn for_two(gateway: &Gateway) -> Result<()> {
    let names = ["first", "second"];
    for name in names {
        let request = json!({ "tasks": tasks(2, &format!("for {name}")), "retries": 3, "timeoutSeconds": 300 });
        gateway.begin(name, RUN, &request)?;
    }
    let mut runs = Vec::new();
    for name in names {
        // It may be over by the time that it is looked for.
        runs.push(one_run(gateway, name, "it is there", |run| run.get("state").is_some())?);
    }
    for name in names {
        one_run(gateway, name, "it is over", |run| run.get("state") == Some(&json!("done")))?;
    }
    for (name, run) in names.iter().zip(&runs) {
        let report = gateway.kept_result(run)?;
        let own = [1, 2].map(|number| format!("Write part {number}. for {name}"));
        ensure!(of_results(&report, "/output") == own, "{report:#}");
        gateway.check_sessions(name, &report)?;
    }
    let other = json!({ "action": "status", "run_id": runs.last() });
    let reply = gateway.call_in("first", "parallel_agents_runs", &other)?;
    ensure!(reply.pointer("/errors/0/code") == Some(&json!("E_RUN_UNKNOWN")), "{reply:#}");
    Ok(())
}

/// Waits until the only run of a session is as it should be; its name.
fn one_run(gateway: &Gateway, session: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<String> {
    let of = |gateway: &Gateway| gateway.runs_of(session).ok().filter(|runs| runs.len() == 1)?.pop();
    gateway.wait_until(&format!("{session}: {what}"), SOON, |gateway| of(gateway).is_some_and(|run| is_so(&run)))?;
    let run = of(gateway).with_context(|| format!("{session} has no run"))?;
    Ok(run.get("run_id").and_then(Value::as_str).context("a run without a name")?.to_owned())
}

/// No session runs, and no request is under way at the provider's.
fn is_quiet(gateway: &Gateway) -> Result<()> {
    gateway.check_idle()?;
    gateway.wait_until("no request is under way", Duration::from_secs(10), |gateway| {
        gateway.models().and_then(Models::counts).is_ok_and(|stats| stats.get("live") == Some(&json!(0)))
    })
}
