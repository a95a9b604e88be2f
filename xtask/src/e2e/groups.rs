//! Which scenarios share a gateway, and what goes on beside what.

use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::json;

use crate::npm::Tools;

use super::bench::{Bench, SEED};
use super::tracks::{self, Track};
use super::{
    approval, caps, fallback, fanout, faults, kills, notices, packaging, pages, parity, publishing, restart, saved,
    tools,
};

/// Groups of the gateway whose runs draw their chance from the simulator's seed, without which prompts do not repeat.
const COMPARED: [&str; 2] = ["faults", "parity"];
/// Groups of the gateway that is used as people use theirs, and whose configuration changes as they go.
const USED: [&str; 10] =
    ["turns", "notices", "pages", "saved", "approval", "programs", "kills", "publishing", "fallback", "fan-out"];

/// The plugin's own tests, and all groups of scenarios or `only` those that are named.
///
/// A gateway works on one processor and takes half a minute to be set up. So groups share one where they can, and there
/// are two, beside each other, which take about as long.
///
/// # Errors
/// If there is no such group, or of each track the first thing that is not as it should be.
pub fn run(tools: Tools, only: &[String], kills: u32) -> Result<()> {
    let begin = Instant::now();
    if let Some(name) = only.iter().find(|name| ![&COMPARED[..], &USED].concat().contains(&name.as_str())) {
        bail!("there is no group {name}; there are {}", [&COMPARED[..], &USED].concat().join(", "));
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
    let bench = Bench::prepare(tools)?;
    let mut tracks: Vec<Track<'_>> =
        vec![("tests", Box::new(|| bench.test_plugin().and_then(|()| bench.check_package())))];
    if COMPARED.into_iter().any(wanted) {
        tracks.push(("parity", Box::new(|| compared(&bench, wanted))));
    }
    if USED.into_iter().any(wanted) {
        tracks.push(("turns", Box::new(|| used(&bench, kills, wanted))));
    }
    tracks::run(tracks)?;
    let what = if only.is_empty() { "All of it".to_owned() } else { only.join(" and ") };
    eprintln!("{what} holds in a real gateway. {} s", begin.elapsed().as_secs());
    Ok(())
}

fn compared(bench: &Bench, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let seeded = json!({ "seed": SEED.parse::<u64>()? });
    bench.gateway("parity", &json!({}), &seeded, |gateway| {
        if wanted("faults") {
            faults::run(gateway)?;
        }
        if wanted("parity") { parity::run(bench, gateway) } else { Ok(()) }
    })
}

fn used(bench: &Bench, kills: u32, wanted: impl Fn(&str) -> bool) -> Result<()> {
    bench.gateway("turns", &fanout::limits(), &json!({}), |gateway| {
        if wanted("turns") {
            restart::run(gateway)?;
            tools::from_turns(gateway)?;
            caps::run(gateway)?;
        }
        if wanted("notices") {
            notices::run(gateway)?;
        }
        if wanted("pages") {
            pages::run(bench, gateway)?;
        }
        if wanted("saved") {
            saved::run(gateway)?;
        }
        if wanted("approval") {
            approval::run(gateway)?;
        }
        if wanted("programs") {
            tools::from_programs(gateway)?;
        }
        if wanted("kills") {
            kills::run(gateway, kills)?;
        }
        if wanted("publishing") {
            publishing::run(gateway)?;
        }
        if wanted("fallback") {
            fallback::run(gateway)?;
        }
        // Every session that a gateway remembers makes the next ones slower.
        if wanted("fan-out") {
            fanout::run(gateway)?;
        }
        if wanted("turns") { packaging::run(gateway, &bench.archive) } else { Ok(()) }
    })
}
