//! How many random runs it takes to find a defect.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use futures::executor::block_on;

use super::defect::Defect;
use super::engine::Defective;
use crate::error::SimError;
use crate::explore::{Cut, Explorer, Options, Tally};
use crate::script::Script;

/// Seeds within which every defect has to be found.
pub const MOST_SEEDS: u64 = 5_000;

/// What became of one defect.
#[derive(Clone, Debug)]
pub struct Hunted {
    /// The defect that the engine had.
    pub defect: Defect,
    /// Seeds that were run until it was found. None: it was not.
    pub seeds: Option<u64>,
    /// What gave it away.
    pub found: String,
}

/// Hunts all of them on several threads. They come back in the order of the table.
///
/// # Errors
/// The engine does not list its functions.
pub fn hunt(threads: usize) -> Result<Vec<Hunted>, SimError> {
    let defects: Vec<&Defect> = super::all().collect();
    let next = AtomicUsize::new(0);
    let hunted = Mutex::new(Vec::new());
    let work = || -> Result<(), SimError> {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(defect) = defects.get(place) else { return Ok(()) };
            let found = block_on(hunt_one(defect))?;
            hunted.lock().unwrap_or_else(PoisonError::into_inner).push((place, found));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(worked) => worked,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let mut hunted = hunted.into_inner().unwrap_or_else(PoisonError::into_inner);
    hunted.sort_by_key(|(place, _)| *place);
    Ok(hunted.into_iter().map(|(_, found)| found).collect())
}

async fn hunt_one(defect: &Defect) -> Result<Hunted, SimError> {
    let engine = Defective::new(defect);
    let explorer = Explorer::new(&engine, options(defect)).await?;
    let mut hunted = Hunted { defect: *defect, seeds: None, found: String::new() };
    for seed in 0..MOST_SEEDS {
        let mut tally = Tally::default();
        explorer.run(seed, &mut tally).await;
        let mut findings = tally.failed_runs.iter().flat_map(|failed_run| &failed_run.what);
        if let Some(finding) = findings.find(|finding| finding.code.split(' ').next() == Some(defect.invariant)) {
            hunted.seeds = Some(seed + 1);
            hunted.found = finding.to_string();
            break;
        }
    }
    Ok(hunted)
}

/// What a defect is hunted in.
pub(super) fn options(defect: &Defect) -> Options {
    let script = defect.script.map(|text| match Script::from_toml(text) {
        Ok(script) => Arc::new(script),
        Err(error) => unreachable!("the scripts of defects are valid: {error}"),
    });
    let perturbations = defect.perturbation.into_iter().collect();
    Options { tasks: defect.tasks, script, cut: Cut::default(), perturbations }
}
