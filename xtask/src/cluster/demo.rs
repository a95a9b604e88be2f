//! A demonstration: one run over three gateways, of which one is killed in the middle, and a worker too.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::client::Reply;
use super::gateways::{GATEWAYS, Health, Kind};
use super::options::Demo;
use super::promises::Seen;
use super::run::{self, Budget};
use super::service::Programs;
use super::supervisor::{self, Cluster, Part};
use super::workers::WORKERS;

const KEY: &str = "demo";

/// How long a killed part stays down.
const DOWN: Duration = Duration::from_secs(1);

/// So much of the work is begun when the worker is killed, and when the gateway is.
const KILL_WORKER_AT: f64 = 0.3;
const KILL_GATEWAY_AT: f64 = 0.6;

const LIMIT: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(20);

/// Sets all up, runs, and prints what came of it; whether all promises were kept.
///
/// # Errors
/// If something does not build, install or start.
pub fn run(options: &Demo) -> Result<bool> {
    eprintln!("1 of 3: the program, and the Restate server from npm; the first time this takes some minutes");
    let programs = Programs::ensure(options.program.as_deref())?;
    let place = supervisor::place()?;
    eprintln!("2 of 3: the Restate server, {WORKERS} workers and {GATEWAYS} models of gateways");
    let mut cluster =
        Cluster::start(&programs, Kind { slots: options.slots, ..Kind::from(Health::Sound) }, place.path())?;
    eprintln!("3 of 3: a run of {} agents", options.agents);
    let begin = Instant::now();
    let first = follow(&mut cluster, options, place.path(), begin)?;
    let took = begin.elapsed();
    let second = cluster.service.client.attach(KEY)?.finish(LIMIT)?;
    let mut seen = Seen::default();
    seen.add_run(KEY, options.agents, Budget::Enough, &first, &second)?;
    seen.add_accounts(&cluster.accounts()?);
    let text = told(&first, &seen, took)? + &format!("{}\n", cluster.service.cost(seen.agents));
    std::io::stdout().write_all(text.as_bytes()).context("cannot print the result")?;
    cluster.stop()?;
    for words in &seen.broken {
        eprintln!("BROKEN: {words}");
    }
    Ok(seen.broken.is_empty())
}

/// Starts the run, kills a worker and a gateway at their times, and waits for the reply.
fn follow(
    cluster: &mut Cluster,
    Demo { agents, slots, .. }: &Demo,
    place: &std::path::Path,
    begin: Instant,
) -> Result<Reply> {
    let client = cluster.service.client.clone();
    client.start(&run::request(*agents, *slots, Budget::Enough, place)?, KEY)?;
    let mut attached = client.attach(KEY)?;
    let kills = [(KILL_WORKER_AT, Part::Worker(0), "worker 1"), (KILL_GATEWAY_AT, Part::Gateway(1), "gateway 2")];
    let mut kills = kills.into_iter().peekable();
    loop {
        if let Some(reply) = attached.poll()? {
            ensure!(
                kills.peek().is_none(),
                "the run ended before all was killed; take more agents, or see why: {:.500}",
                reply.text
            );
            return Ok(reply);
        }
        ensure!(
            begin.elapsed() < LIMIT,
            "the run has not ended after {} s{}",
            LIMIT.as_secs(),
            cluster.service.tails()
        );
        cluster.check()?;
        let started = cluster.started();
        if let Some((_, part, name)) = kills.next_if(|(share, ..)| started as f64 >= share * f64::from(*agents)) {
            let took = cluster.kill(part, DOWN)?;
            eprintln!(
                "{:>6.1} s  {started} agents have started: {name} is killed (kill -9); {:.1} s later it is back",
                begin.elapsed().as_secs_f64(),
                (DOWN + took).as_secs_f64()
            );
        }
        thread::sleep(LOOK);
    }
}

fn told(reply: &Reply, seen: &Seen, took: Duration) -> Result<String> {
    let reply: Value = serde_json::from_str(&reply.text).context("the reply is no JSON")?;
    let census = reply.get("census").context("the reply has no census")?;
    Ok(format!(
        "census: {census}\n\
         sessions: {} under {} keys, at most {} start of one key; {} were interrupted by the killed gateway and done again\n\
         alive at once on one gateway: {} at most\n\
         time: {:.1} s\n",
        seen.starts,
        seen.keys,
        seen.most_starts,
        seen.interrupted,
        seen.most_live,
        took.as_secs_f64()
    ))
}
