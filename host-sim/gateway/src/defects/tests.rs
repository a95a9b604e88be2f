//! That what is in between changes nothing by itself, and that the table is sound.

use std::collections::BTreeSet;

use super::defect::Tamper;
use super::hunt::options;
use super::*;
use crate::engine::{Engine, Native};
use crate::explore::{Explorer, Options, Tally};

/// The page with the list of invariants.
const INVARIANTS: &str = include_str!("../../../../docs/reliability.md");

#[tokio::test]
async fn without_a_change_a_run_is_the_same_as_ever() {
    let nothing = Defect::new("nothing", "E1", "all is well", Tamper::Commands(|_, _| {}));
    let defective = Defective::new(&nothing);
    let [one, other]: [&dyn Engine; 2] = [&Native, &defective];
    let options = || Options { tasks: 8, ..Options::default() };
    let one = Explorer::new(one, options()).await.expect("the engine lists its functions");
    let other = Explorer::new(other, options()).await.expect("the engine lists its functions");
    for seed in 0..60 {
        assert_eq!(one.traced(seed).await, other.traced(seed).await, "seed {seed}");
    }
}

#[test]
fn each_defect_has_a_name_of_its_own_and_violates_a_known_invariant() {
    let names: BTreeSet<&str> = all().map(|defect| defect.name).collect();
    assert_eq!(names.len(), all().count());
    assert!(names.len() >= 20, "{}", names.len());
    for defect in all() {
        let row = format!("\n| {} | ", defect.invariant);
        assert!(INVARIANTS.contains(&row), "{}: {}", defect.name, defect.invariant);
        options(defect);
    }
}

/// Of a dozen tasks and a dozen faults, what fails needs a few. To take one out moves the times of the others, so that now
/// and then none of somewhat more can go.
#[tokio::test]
async fn what_fails_is_made_small() {
    let defect = all().find(|defect| defect.name == "off-by-one-cap").expect("it is in the table");
    let engine = Defective::new(defect);
    let options = || Options { tasks: 12, ..Options::default() };
    let explorer = Explorer::new(&engine, options()).await.expect("the engine lists its functions");
    let mut tally = Tally::default();
    for seed in 0..200 {
        explorer.run(seed, &mut tally).await;
    }
    let is_large = |seed: u64| explorer.case(seed).parts() > 5;
    let failed_runs: Vec<_> = tally.failed_runs.iter().filter(|run| is_large(run.seed)).take(5).collect();
    assert_eq!(failed_runs.len(), 5, "too few large runs failed");
    let mut larger = Vec::new();
    for failed_run in failed_runs {
        let cut = explorer.shrink(failed_run).await;
        let case = explorer.case(failed_run.seed);
        let cap = case.request["max_concurrent"].as_u64().unwrap_or(5);
        let tasks = cut.tasks.as_ref().map_or(usize::MAX, BTreeSet::len);
        assert!(tasks < case.parts(), "seed {}: nothing was taken out of {tasks}", failed_run.seed);
        if tasks > 5.max(cap as usize + 1) {
            larger.push(format!("seed {}: {cut}", failed_run.seed));
        }
        let mut again = Tally::default();
        let smaller =
            Explorer::new(&engine, Options { cut, ..options() }).await.expect("the engine lists its functions");
        smaller.run(failed_run.seed, &mut again).await;
        assert!(!again.failed_runs.is_empty(), "seed {} fails no more", failed_run.seed);
    }
    assert!(larger.len() <= 1, "{larger:?}");
}
