//! Which scenarios share a gateway, and what goes on beside what.

use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::npm::Tools;

use super::bench::{Bench, Gateway, SEED};
use super::cluster::By;
use super::tracks::{self, Track};
use super::{
    Choice, approval, caps, cluster, cluster_handoff, door, fallback, fanout, faults, items, kills, notices, packaging,
    pages, parity, publishing, restart, saved, tools,
};

/// A group of scenarios by its name. It has a gateway that others use before and after it, and may need to know how much is wanted.
type Group = (&'static str, fn(&mut Gateway, &Bench, &Choice) -> Result<()>);

/// Groups of the gateway whose runs draw their chance from the simulator's seed, without which prompts do not repeat.
const COMPARED: [Group; 2] =
    [("faults", |gateway, _, _| faults::run(gateway)), ("parity", |gateway, bench, _| parity::run(bench, gateway))];

/// Groups of the gateway that is used as people use theirs, and whose configuration changes as they go.
const USED: [Group; 11] = [
    ("turns", |gateway, _, _| {
        restart::run(gateway)?;
        tools::from_turns(gateway)?;
        caps::run(gateway)
    }),
    ("notices", |gateway, _, _| notices::run(gateway)),
    ("pages", |gateway, bench, _| pages::run(bench, gateway)),
    ("saved", |gateway, _, _| saved::run(gateway)),
    ("approval", |gateway, _, _| approval::run(gateway)),
    ("programs", |gateway, _, _| tools::from_programs(gateway)),
    ("door", |gateway, bench, _| door::run(bench, gateway)),
    ("publishing", |gateway, _, _| publishing::run(gateway)),
    ("fallback", |gateway, _, _| fallback::run(gateway)),
    // Every session that a gateway remembers makes the next ones slower.
    ("fan-out", |gateway, _, _| fanout::run(gateway)),
    ("items", |gateway, _, choice| items::run(gateway, choice.agents.unwrap_or(items::FEW))),
];

/// Groups of the gateway that is killed, stopped and started most.
const RESTARTED: [Group; 3] = [
    ("kills", |gateway, _, choice| kills::run(gateway, choice.kills.unwrap_or(kills::FEW))),
    ("cluster-handoff", |gateway, bench, _| cluster_handoff::run(bench, gateway)),
    // It takes the plugin away.
    ("packaging", |gateway, bench, _| packaging::run(gateway, &bench.archive)),
];

/// A group that has gateways of its own, and may need a number of agents.
type Apart = (&'static str, fn(&Bench, Option<u32>) -> Result<()>);

/// Measures, which run only where they are named: each takes minutes, and has to have the machine for itself.
const MEASURES: [Apart; 2] = [
    ("cluster-costs", |bench, agents| cluster::costs(bench, agents.unwrap_or(cluster::MANY), By::Sessions)),
    ("cluster-completions", |bench, agents| {
        cluster::costs(bench, agents.unwrap_or(cluster::MANY_COMPLETIONS), By::Completions)
    }),
];

/// What has gateways of its own, and runs after all others.
const LAST: [Apart; 1] = [("cluster", |bench, agents| cluster::run(bench, agents.unwrap_or(cluster::FEW)))];

/// The plugin's own tests, and all groups of scenarios or those that are named.
///
/// A gateway works on one processor and takes half a minute to be set up. So groups share one where they can. Two gateways run
/// beside each other: the one that is used, and the one that is compared. The one that is restarted follows the latter, so that
/// both sides take about as long.
///
/// # Errors
/// If there is no such group, or of each track the first thing that is not as it should be.
pub fn run(tools: Tools, choice: &Choice) -> Result<()> {
    let Choice { only, agents, .. } = choice;
    let begin = Instant::now();
    let apart = LAST.iter().chain(&MEASURES);
    let shared = COMPARED.iter().chain(&USED).chain(&RESTARTED);
    let names = shared.map(|(name, _)| *name).chain(apart.clone().map(|(name, _)| *name));
    let names: Vec<&str> = names.collect();
    if let Some(name) = only.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no group {name}; there are {}", names.join(", "));
    }
    let is_named = |name: &str| only.iter().any(|one| one == name);
    let wanted = |groups: &[Group]| -> Vec<Group> {
        groups.iter().filter(|(name, _)| only.is_empty() || is_named(name)).copied().collect()
    };
    let (compared, used, restarted) = (wanted(&COMPARED), wanted(&USED), wanted(&RESTARTED));
    let last = LAST.iter().filter(|(name, _)| only.is_empty() || is_named(name));
    let apart = last.chain(MEASURES.iter().filter(|(name, _)| is_named(name)));
    let bench = Bench::prepare(tools)?;
    // Those of one gateway, one after the other; none is started for nothing.
    let in_turn = |name: &'static str, groups: &[Group], config: &Value, plugin: &Value| -> Result<()> {
        if groups.is_empty() {
            return Ok(());
        }
        bench.gateway(name, config, plugin, |gateway| {
            groups.iter().try_for_each(|(_, group)| group(gateway, &bench, choice))
        })
    };
    let seeded = json!({ "seed": SEED.parse::<u64>()? });
    let roomy = fanout::limits();
    let mut tracks: Vec<Track<'_>> = Vec::new();
    // A group that is measured has nothing beside it.
    if !(compared.is_empty() && used.is_empty() && restarted.is_empty()) {
        tracks.push(("tests", Box::new(|| bench.test_plugin().and_then(|()| bench.check_package()))));
        tracks.push(("turns", Box::new(|| in_turn("turns", &used, &roomy, &saved::directories()))));
        tracks.push((
            "others",
            Box::new(|| {
                let outcome = in_turn("parity", &compared, &json!({}), &seeded);
                outcome.and(in_turn("restarts", &restarted, &roomy, &json!({})))
            }),
        ));
    }
    tracks::run(tracks)?;
    for (_, group) in apart {
        group(&bench, *agents)?;
    }
    let what = if only.is_empty() { "All of it".to_owned() } else { only.join(" and ") };
    eprintln!("{what} holds in a real gateway. {} s", begin.elapsed().as_secs());
    Ok(())
}
