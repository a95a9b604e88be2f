//! Every deliberate defect is found, and none of them is in what is shipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use futures::executor::block_on;
use gateway_sim::engine::Native;
use gateway_sim::explore::{Explorer, Options, Tally};
use host_sim::canaries::{CANARIES, MOST_SEEDS, hunt};
use host_sim::component::{ComponentHost, find};
use parallel_agents_engine::canary;

#[test]
fn every_deliberate_defect_is_found() {
    let path = find().unwrap_or_else(|error| panic!("{error}"));
    let component = block_on(ComponentHost::load(&path, None)).unwrap_or_else(|error| panic!("{error}"));
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let hunted = hunt(&component, threads).unwrap_or_else(|error| panic!("{error}"));
    assert!(hunted.len() >= 20 && hunted.len() == CANARIES.len(), "{}", hunted.len());
    let missed: Vec<&str> =
        hunted.iter().filter(|found| found.seeds.is_none()).map(|found| found.canary.name).collect();
    assert!(missed.is_empty(), "not found within {MOST_SEEDS} seeds: {missed:?}");
}

#[test]
fn what_is_shipped_has_none_of_them() {
    let path = find().unwrap_or_else(|error| panic!("{error}"));
    let component = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(component.len() > 100_000, "this is not the component: {}", path.display());
    for canary in CANARIES {
        let name = canary.name.as_bytes();
        assert!(!component.windows(name.len()).any(|part| part == name), "{} is in the component", canary.name);
    }
}

/// Of a dozen tasks and a dozen faults, what fails needs a few. To take one out moves the times of the others, so that now
/// and then none of somewhat more can go.
#[test]
fn what_fails_is_made_small() {
    let options = Options { tasks: 12, ..Options::default() };
    let explorer = block_on(Explorer::new(&Native, options)).expect("the engine lists its functions");
    canary::select(Some("off-by-one-cap"));
    let mut tally = Tally::default();
    for seed in 0..200 {
        block_on(explorer.run(seed, &mut tally));
    }
    let failed_runs: Vec<_> =
        tally.failed_runs.iter().filter(|failed_run| explorer.case(failed_run.seed).parts() > 5).take(5).collect();
    assert_eq!(failed_runs.len(), 5, "too few large runs failed");
    let mut larger = Vec::new();
    for failed_run in failed_runs {
        let cut = block_on(explorer.shrink(failed_run));
        let case = explorer.case(failed_run.seed);
        let cap = case.request["max_concurrent"].as_u64().unwrap_or(5);
        let tasks = cut.tasks.as_ref().map_or(usize::MAX, |tasks| tasks.len());
        assert!(tasks < case.parts(), "seed {}: nothing was taken out of {tasks}", failed_run.seed);
        if tasks > 5.max(cap as usize + 1) {
            larger.push(format!("seed {}: {cut}", failed_run.seed));
        }
        let mut again = Tally::default();
        let options = Options { tasks: 12, cut, ..Options::default() };
        let smaller = block_on(Explorer::new(&Native, options)).expect("the engine lists its functions");
        block_on(smaller.run(failed_run.seed, &mut again));
        assert!(!again.failed_runs.is_empty(), "seed {} fails no more", failed_run.seed);
    }
    assert!(larger.len() <= 1, "{larger:?}");
    canary::select(None);
}

/// A name that nobody asks for would pass as a defect that cannot be found, and one without a row would never be hunted.
#[test]
fn the_table_and_the_code_name_the_same_defects() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut asked: Vec<String> = Vec::new();
    let places = ["engine/src", "workflows/src", "src", "host-sim/src/component"];
    for file in places.iter().flat_map(|place| sources(&root.join(place))) {
        let text = fs::read_to_string(&file).expect("a source");
        let after = text.split("is(\"").skip(1).filter_map(|rest| rest.split_once('"'));
        asked.extend(after.map(|(name, _)| name.to_owned()).filter(|name| name.contains('-')));
    }
    asked.sort_unstable();
    asked.dedup();
    let mut listed: Vec<&str> = CANARIES.iter().map(|canary| canary.name).collect();
    listed.sort_unstable();
    assert_eq!(asked, listed);
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
