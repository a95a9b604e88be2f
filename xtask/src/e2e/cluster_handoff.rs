//! Runs that the plugin hands to a cluster: asked for in a turn, carried out by gateways that are modelled, followed like any other.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Health, Programs};

use super::bench::{Bench, Gateway, plain_task, step};
use super::items;
use super::notices::{once, taken};

const RUN: &str = "parallel_agents_run";
const RUNS: &str = "parallel_agents_runs";
const SESSION: &str = "handed-over";

/// Requests with more tasks are handed over.
const WIDTH: u64 = 20;
const ITEMS: u64 = 40;
const TASKS: usize = 40;

/// Those of the run that is cancelled: it must not have ended by itself before, however slow the machine is.
const MANY_TASKS: usize = 300;

/// So many at once, where a run is to last.
const FEW_AT_ONCE: u32 = 5;

const CALL_SECONDS: u32 = 120;
const SOON: Duration = Duration::from_secs(60);

/// A run over items; one that outlives a kill of the gateway; one that is cancelled. None of them has a session here.
///
/// # Errors
/// If one is not carried out, is started twice, or leaves a session alive.
pub fn run(bench: &Bench, gateway: &mut Gateway) -> Result<()> {
    let programs = step("build the cluster's program", || Programs::ensure(None))?;
    let place = bench.place("cluster-handoff")?;
    let cluster = step("start a cluster of modelled gateways", || Cluster::start(&programs, Health::Sound, &place))?;
    let outcome = scenarios(gateway, &cluster).map_err(|error| error.context(cluster.service.tails()));
    outcome.and(cluster.stop())
}

fn scenarios(gateway: &mut Gateway, cluster: &Cluster) -> Result<()> {
    let url = format!("http://{}", cluster.service.restate.ingress);
    step("configure a cluster", || configure(gateway, &json!({ "url": url, "aboveTasks": WIDTH }), 197))?;
    step("hand a run over items over", || are_answered(gateway, cluster))?;
    step("kill the gateway, and be told of the run's end once", || survives(gateway, cluster))?;
    step("cancel a run in the cluster", || is_cancelled(gateway, cluster))?;
    gateway.check_idle()?;
    // What comes after this stays here.
    configure(gateway, &json!({ "url": url, "aboveTasks": 200 }), 198)
}

/// `total` is only there for the gateway to say that it has read it.
fn configure(gateway: &mut Gateway, cluster: &Value, total: u64) -> Result<()> {
    let fields = json!({ "tools": { "swarm": { "maxTotalPerGroup": total } } });
    gateway.reconfigure(&fields, &json!({ "cluster": cluster }))
}

fn are_answered(gateway: &Gateway, cluster: &Cluster) -> Result<()> {
    let reply = gateway.call_in(SESSION, items::CALL, &items::request(ITEMS))?;
    let run = run_id(&reply)?;
    items::have_answers(gateway, SESSION, &run, &reply, ITEMS)?;
    let here = gateway.receipts(&run).unwrap_or_default().len();
    ensure!(here == 0 && cluster.started() >= ITEMS, "{here} sessions here, {} in the cluster", cluster.started());
    Ok(())
}

/// Begins a run that goes on when its call returns.
fn begin(gateway: &Gateway, session: &str, tasks: usize) -> Result<String> {
    let request = json!({ "tasks": vec![plain_task(); tasks], "max_concurrent": FEW_AT_ONCE, "timeoutSeconds": 1 });
    let reply = gateway.call_in(session, RUN, &request)?;
    ensure!(reply.get("state") == Some(&json!("running")), "{reply:#}");
    let hint = reply.get("hint").and_then(Value::as_str).unwrap_or_default();
    ensure!(hint.contains("in the cluster"), "it runs here: {reply:#}");
    run_id(&reply)
}

fn survives(gateway: &mut Gateway, cluster: &Cluster) -> Result<()> {
    let before = starts(cluster)?;
    let run = begin(gateway, SESSION, TASKS)?;
    gateway.wait_until("the cluster has begun", SOON, |_| starts(cluster).is_ok_and(|starts| starts > before))?;
    gateway.kill_and_start()?;
    taken(gateway, &run)?;
    let report = gateway.kept_result(&run)?;
    ensure!(report.pointer("/census/completed") == Some(&json!(TASKS)), "{report:#}");
    once(gateway, SESSION, &run, "which this session started, has ended")?;
    let after = starts(cluster)?;
    ensure!(after == before + TASKS as u64, "{} sessions for {TASKS} tasks", after - before);
    Ok(())
}

fn is_cancelled(gateway: &Gateway, cluster: &Cluster) -> Result<()> {
    let before = starts(cluster)?;
    let run = begin(gateway, SESSION, MANY_TASKS)?;
    gateway.wait_until("some of its sessions have begun", SOON, |_| {
        starts(cluster).is_ok_and(|starts| starts >= before + u64::from(FEW_AT_ONCE))
    })?;
    let cancel = json!({ "action": "cancel", "run_id": run, "timeoutSeconds": CALL_SECONDS });
    let reply = gateway.call_in(SESSION, RUNS, &cancel)?;
    ensure!(reply.pointer("/result/status") == Some(&json!("cancelled")), "{reply:#}");
    // At once, and not only after the time that its sessions would have taken.
    let live: u64 =
        cluster.gateways.iter().map(|one| one.account().map(|account| account.live)).sum::<Result<u64>>()?;
    let started = starts(cluster)? - before;
    ensure!(live == 0 && started < MANY_TASKS as u64, "{live} of {started} sessions are alive");
    Ok(())
}

/// How many sessions the cluster has started, each under a key of its own.
fn starts(cluster: &Cluster) -> Result<u64> {
    let accounts = cluster.gateways.iter().map(|gateway| gateway.account()).collect::<Result<Vec<_>>>()?;
    let all: Vec<u64> = accounts.iter().flat_map(|account| account.starts.values().copied()).collect();
    ensure!(all.iter().all(|starts| *starts == 1), "a key was started more than once: {all:?}");
    Ok(all.len() as u64)
}

fn run_id(reply: &Value) -> Result<String> {
    Ok(reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?.to_owned())
}
