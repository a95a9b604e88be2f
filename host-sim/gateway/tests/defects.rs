//! Random runs find every seeded defect.

use std::thread;

use gateway_sim::defects::{MOST_SEEDS, all, hunt};

#[test]
fn every_seeded_defect_is_found() {
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let hunted = hunt(threads).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(hunted.len(), all().count());
    let missed: Vec<&str> =
        hunted.iter().filter(|found| found.seeds.is_none()).map(|found| found.defect.name).collect();
    assert!(missed.is_empty(), "not found within {MOST_SEEDS} seeds: {missed:?}");
}
