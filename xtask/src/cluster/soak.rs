//! The crash table: rows of runs during which one kind of part is killed, or any.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::chance;
use super::gateways::{Health, Kind, SLOTS};
use super::killer::{Killer, Victims};
use super::options::Crashes;
use super::promises::Seen;
use super::run::{self, Budget};
use super::service::Programs;
use super::supervisor::{self, Cluster, Part};
use super::table::{self, Row};

/// A run whose reply is there is told at once.
const TOLD: Duration = Duration::from_secs(60);

/// Every so many runs there is one with a budget that runs out.
const SHORT_EVERY: u32 = 4;

/// A row of so many runs has lost its way: hardly any of them was killed.
const MOST_RUNS: u32 = 1_000;

/// Seconds without an answer after which a gateway's sessions count as cut off, in the row that is about that.
const LEASE: u32 = 20;

/// What a row is to be.
struct Plan {
    /// In the keys of its runs.
    name: &'static str,
    /// In the table.
    title: &'static str,
    victims: Victims,
    kind: Kind,
    kills: u32,
}

/// Makes all rows, and prints the table to standard output; whether all promises were kept.
///
/// # Errors
/// If something does not build, install, start, or come back.
pub fn run(options: &Crashes) -> Result<bool> {
    let options = if options.quick {
        Crashes { seed: options.seed, program: options.program.clone(), ..Crashes::quick() }
    } else {
        options.clone()
    };
    let seed = options.seed.unwrap_or_else(chance::new_seed);
    eprintln!("the moments come from --seed {seed}");
    let programs = Programs::ensure(options.program.as_deref())?;
    let place = supervisor::place()?;
    let plans = plans(&options);
    ensure!(!plans.is_empty(), "no kills are asked for, so nothing would be shown");
    let agents = options.agents.div_ceil(u32::try_from(plans.len()).unwrap_or(1).max(1));
    let (mut rows, mut failed) = (Vec::new(), None);
    for (number, plan) in (1..).zip(plans) {
        let own = place.path().join(plan.name);
        std::fs::create_dir(&own).context("cannot create a directory")?;
        let killer = Killer::new(seed + number, plan.victims, plan.kills);
        match row(&programs, &plan, killer, agents, options.run_agents, &own) {
            Ok(row) => rows.push(row),
            Err(error) => failed = Some(error.context(format!("{}, again with --seed {seed}", plan.title))),
        }
        if failed.is_some() {
            break;
        }
    }
    // Also where a row has failed: what the others have found counts.
    std::io::stdout().write_all(table::markdown(&rows).as_bytes()).context("cannot print the table")?;
    if let Some(error) = failed {
        return Err(error);
    }
    let broken: Vec<&String> = rows.iter().flat_map(|row| &row.seen.broken).collect();
    for words in &broken {
        eprintln!("BROKEN: {words}");
    }
    if !broken.is_empty() {
        eprintln!("error: {} promises were broken; again with --seed {seed}", broken.len());
    }
    Ok(broken.is_empty())
}

fn plans(options: &Crashes) -> Vec<Plan> {
    let plan = |name, title, victims, kills| Plan { name, title, victims, kind: Health::Sound.into(), kills };
    let faulty =
        plan("faulty", "any of them, while gateways lose answers, refuse and fail", Victims::All, options.faulty_kills);
    let leased =
        plan("lease", "network to a gateway with a lease of 20 s, for two minutes", Victims::Networks, options.leases);
    let plans = [
        plan("worker", "worker", Victims::Workers, options.worker_kills),
        plan("server", "server", Victims::Server, options.server_kills),
        plan("gateway", "gateway", Victims::Gateways, options.gateway_kills),
        plan("any", "any of them", Victims::All, options.random_kills),
        Plan { kind: Health::Faulty.into(), ..faulty },
        plan("network", "network to a gateway, for two minutes", Victims::Networks, options.cuts),
        Plan { kind: Kind { lease_seconds: Some(LEASE), ..Health::Sound.into() }, ..leased },
    ];
    plans.into_iter().filter(|plan| plan.kills > 0).collect()
}

/// A cluster of its own, and runs on it until all kills are made and all agents have run.
fn row(
    programs: &Programs,
    plan: &Plan,
    mut killer: Killer,
    agents: u32,
    run_agents: u32,
    place: &Path,
) -> Result<Row> {
    let begin = Instant::now();
    let mut cluster = Cluster::start(programs, plan.kind, place)?;
    let mut seen = Seen::default();
    while killer.left() > 0 || seen.agents < u64::from(agents) {
        if seen.runs > MOST_RUNS {
            bail!("{} kills are still to be made after {} runs", killer.left(), seen.runs);
        }
        let budget = if seen.runs % SHORT_EVERY == SHORT_EVERY - 1 { Budget::Short } else { Budget::Enough };
        let key = format!("{}-{}", plan.name, seen.runs + 1);
        let request = run::request(run_agents, SLOTS, budget, place)?;
        let before = killer.left();
        let (first, took) = {
            let begin = Instant::now();
            (killer.follow(&mut cluster, &request, &key)?, begin.elapsed())
        };
        let second = cluster.service.client.attach(&key)?.finish(TOLD)?;
        seen.add_run(&key, run_agents, budget, &first, &second)?;
        eprintln!("{key}: {run_agents} agents, {} kills, {:.1} s", before - killer.left(), took.as_secs_f64());
    }
    seen.add_accounts(&cluster.accounts()?);
    let killed = format!("{}, {} times", plan.title, plan.kills);
    tell(&killed, &killer, &cluster, &seen);
    cluster.stop()?;
    Ok(Row { killed, seen, took: begin.elapsed() })
}

/// What came of the row and what it has cost, before the others are done.
fn tell(name: &str, killer: &Killer, cluster: &Cluster, seen: &Seen) {
    let kills = killer.kills().iter().map(|(part, times)| match part {
        Part::Server => format!("server {times}"),
        Part::Worker(number) => format!("worker {} {times}", number + 1),
        Part::Gateway(number) => format!("gateway {} {times}", number + 1),
        Part::Network(number) => format!("network to gateway {} {times}", number + 1),
    });
    eprintln!("{name}: kills: {}; {}", kills.collect::<Vec<String>>().join(", "), cluster.service.cost(seen.agents));
    eprintln!(
        "{name}: {} sessions for {} agents, {} double, {} lost, {} promises broken",
        seen.starts,
        seen.agents,
        seen.double(),
        seen.lost,
        seen.broken.len()
    );
}
