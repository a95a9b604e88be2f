//! Random runs by the thousand, on the engine, and by the hundred on the component.

use std::thread;

use futures::executor::block_on;
use host_sim::explore::{Explorer, Options, Subject, Tally};

use crate::component::component;

const OPTIONS: Options = Options { tasks: 12, script: None };

/// Threads among which the many runs are divided.
const THREADS: u64 = 2;

fn explore_native(seeds: std::ops::Range<u64>) -> Tally {
    block_on(async {
        let explorer = Explorer::new(Subject::Native, OPTIONS).await.expect("the engine lists its functions");
        let mut tally = Tally::default();
        for seed in seeds {
            explorer.run(seed, &mut tally).await;
        }
        tally
    })
}

#[track_caller]
fn assert_kept(tally: &Tally, engine: &str) {
    let shown: Vec<String> = tally
        .violations
        .iter()
        .take(10)
        .map(|trouble| {
            let again = format!("parallel-agents-sim explore --seeds {} --tasks 12{engine}", trouble.seed);
            format!("seed {}: {}\n  again: {again}", trouble.seed, trouble.what.join("; "))
        })
        .collect();
    assert!(shown.is_empty(), "{} of {} runs:\n{}", tally.violations.len(), tally.runs, shown.join("\n"));
    assert_eq!((tally.orphans, tally.max_in_flight_over_cap), (0, 0));
    assert_eq!((tally.max_tokens_over_budget, tally.max_spend_over_budget), (0, 0));
}

#[test]
fn ten_thousand_random_runs_keep_every_promise() {
    let each = 10_000 / THREADS;
    let threads: Vec<_> =
        (0..THREADS).map(|n| thread::spawn(move || explore_native(n * each..(n + 1) * each))).collect();
    let mut tally = Tally::default();
    for thread in threads {
        tally.add(thread.join().expect("no run panics"));
    }
    assert_kept(&tally, " --engine native");
    assert_eq!(tally.runs, 10_000);
    // Whatever can go wrong went wrong often enough to be seen with most other things.
    for (fault, times) in &tally.faults {
        assert!(*times > 50, "{fault}: {times}");
    }
    assert!(tally.faults.len() >= 22, "{:?}", tally.faults);
}

#[tokio::test]
async fn the_component_keeps_them_too_and_does_the_same_as_the_engine() {
    let host = component().await;
    let explorer = Explorer::new(Subject::Component(host), OPTIONS).await.expect("it lists its functions");
    let mut tally = Tally::default();
    for seed in 0..150 {
        explorer.run(seed, &mut tally).await;
    }
    assert_kept(&tally, "");
    let native = explore_native(0..150);
    assert_eq!(
        (tally.host_calls, tally.sessions, tally.simulated_ms),
        (native.host_calls, native.sessions, native.simulated_ms)
    );
    assert_eq!((tally.faults, tally.outcomes), (native.faults, native.outcomes));
}

#[test]
fn runs_that_are_cut_off_keep_every_promise() {
    let halves: Vec<_> = (0..THREADS)
        .map(|half| {
            thread::spawn(move || {
                block_on(async {
                    let explorer =
                        Explorer::new(Subject::Native, OPTIONS).await.expect("the engine lists its functions");
                    let mut tally = Tally::default();
                    for seed in (half..400).step_by(2) {
                        explorer.crash(seed, 50, &mut tally).await;
                    }
                    tally
                })
            })
        })
        .collect();
    let mut tally = Tally::default();
    halves.into_iter().for_each(|half| tally.add(half.join().expect("a tally")));
    assert_kept(&tally, "");
    assert_eq!(tally.duplicate_spawns, 0);
    assert!(tally.resumes > 10_000, "{}", tally.resumes);
}
