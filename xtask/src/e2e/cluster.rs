//! Runs over real gateways with an open door, which a cluster carries out: a Restate server, a worker, and its command line. One of
//! the gateways is killed while its sessions are at work.

mod account;
mod agents;
mod costs;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::cluster::{Door, Programs, Service};
use crate::workspace;

use super::bench::{Bench, Gateway, STEADY, step, tell};
use super::{door, fanout};

use account::Account;
use agents::Agents;

pub use agents::By;
pub use costs::run as costs;

/// Agents of the run where nobody asks for another number.
pub const FEW: u32 = 20;
/// The same where it is measured, by sessions and by completions.
pub const MANY: u32 = 100;
pub const MANY_COMPLETIONS: u32 = 2_000;

/// The name of the one run of a cluster.
const KEY: &str = "real-gateways";

/// A gateway is killed when so many of its sessions wait for their models, after one of ten tasks has ended there.
const AT_WORK: u64 = 3;

const SOON: Duration = Duration::from_secs(300);
/// On a quiet machine a hundred agents take a minute.
const LIMIT: Duration = Duration::from_secs(1_200);

/// What becomes of the gateways during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unharmed,
    /// The first one is killed, and started again on its state and its port.
    OneKilled,
}

/// What a run took, from its start to its reply.
struct Cost {
    wall: Duration,
    /// Processor time of all gateways together; that of a start after a kill, too.
    gateways: Duration,
    /// Processor time of the Restate server and of the worker.
    cluster: Duration,
}

/// One run over two gateways, one of which is killed.
///
/// # Errors
/// If a key has two sessions, a task is lost or not completed, or a session is left alive.
pub fn run(bench: &Bench, agents: u32) -> Result<()> {
    let programs = step("build the cluster's program", || Programs::ensure(None))?;
    let agents = Agents { count: agents, by: By::Sessions };
    let (account, cost) = carried_out(bench, &programs, &["cluster-a", "cluster-b"], agents, Fate::OneKilled)?;
    let (sessions, cut_off) = (account.sessions, account.replaced.len());
    let what = format!(
        "{} agents over two gateways, one killed: {sessions} sessions, {cut_off} cut off and done again, 0 double, 0 lost",
        agents.count
    );
    tell(cost.wall, &what);
    Ok(())
}

/// Sets up gateways of these names with a cluster before them, has it carry out a run, and compares the reply with what the gateways
/// have written down.
fn carried_out(
    bench: &Bench,
    programs: &Programs,
    names: &[&str],
    agents: Agents,
    fate: Fate,
) -> Result<(Account, Cost)> {
    let place = bench.place(&format!("cluster-of-{}", names.join("-")))?;
    let request = place.join("request.json");
    fs::write(&request, agents.request().to_string()).context("cannot write the request")?;
    let slots = u64::from(agents.at_once()).div_ceil(names.len() as u64);
    let mut outcome = None;
    bench.gateways(names, &fanout::limits_for(agents.at_once()), &agents.plugin(true), |gateways| {
        gateways.iter_mut().try_for_each(|gateway| gateway.play(&workspace::root().join(STEADY)))?;
        let doors: Vec<Door> = names.iter().zip(&*gateways).map(|(name, gateway)| at(name, gateway, slots)).collect();
        let service = step("start the Restate server and a worker", || Service::start(programs, 1, &doors, &place))?;
        let followed = follow(gateways, &service, &request, agents.count, fate);
        let (reply, alive, cost) = followed.map_err(|error| error.context(service.tails()))?;
        let account = step("hold the reply against what the gateways know", || {
            account::of(
                &names.iter().copied().zip(&*gateways).collect::<Vec<_>>(),
                &reply,
                agents.count as usize,
                &alive,
            )
        })?;
        ensure!(fate == Fate::Unharmed || !account.replaced.is_empty(), "the kill has cut nothing off");
        outcome = Some((account, cost));
        service.stop()
    })?;
    outcome.context("nothing was run")
}

/// A gateway's door, as the worker is told of it.
fn at(name: &str, gateway: &Gateway, slots: u64) -> Door {
    let (address, token) = (gateway.address(), gateway.token().to_owned());
    Door { name: name.to_owned(), address, token, session: door::SESSION, slots, lease_seconds: None }
}

/// The reply of the run, the keys of the sessions that were alive at the kill, and what it took.
fn follow(
    gateways: &mut [Gateway],
    service: &Service,
    request: &Path,
    agents: u32,
    fate: Fate,
) -> Result<(Value, BTreeSet<String>, Cost)> {
    let all = |gateways: &[Gateway]| gateways.iter().map(Gateway::load).sum::<Result<Duration>>();
    let (server, workers) = service.load();
    let before = (all(gateways)?, server + workers);
    let begin = Instant::now();
    if let (Fate::OneKilled, Some(first)) = (fate, gateways.first()) {
        // So that those at work there do not end before the kill, however quick the machine is.
        first.models()?.hold(true)?;
    }
    step(&format!("start a run of {agents} agents"), || service.client.start(request, KEY))?;
    let attached = service.client.attach(KEY)?;
    let alive = match (fate, gateways.split_first_mut()) {
        (Fate::OneKilled, Some((first, others))) => {
            step("kill a gateway with sessions at work", || killed(first, others, agents))?
        }
        _ => BTreeSet::new(),
    };
    let reply = step("await the reply", || attached.finish(LIMIT))?;
    let wall = begin.elapsed();
    ensure!(reply.completed, "the run is not completed: {}", reply.text);
    let (server, workers) = service.load();
    let cost = Cost { wall, gateways: all(gateways)? - before.0, cluster: server + workers - before.1 };
    Ok((serde_json::from_str(&reply.text).context("the reply is no JSON")?, alive, cost))
}

/// Kills a gateway in the middle of the run, whose models are held, and starts it again; the keys of its sessions that had not ended.
fn killed(gateway: &mut Gateway, others: &[Gateway], agents: u32) -> Result<BTreeSet<String>> {
    let enough = (agents / 10).max(1) as usize;
    let ended =
        |gateway: &Gateway| gateway.keys().is_ok_and(|keys| keys.values().filter(|key| key.is_ended).count() >= enough);
    gateway.wait_until("sessions of another one have ended", SOON, |_| others.iter().any(ended))?;
    let models = gateway.models()?;
    gateway.wait_until("some are at work", SOON, |_| models.live().is_ok_and(|live| live >= AT_WORK))?;
    gateway.kill();
    let alive = gateway.keys()?.into_iter().filter(|(_, key)| !key.is_ended).map(|(key, _)| key);
    let alive = alive.collect();
    models.hold(false)?;
    gateway.start_again()?;
    Ok(alive)
}
