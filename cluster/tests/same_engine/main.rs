//! The runs that random exploration draws, with their faults, on the two layers below Restate: the engine that is stepped has to do the
//! same as the engine that waits, and a call over a gateway has to keep the promises that a call on it keeps.

mod clustered;
mod stepped;

use std::thread;

use futures::executor::block_on;
use gateway_sim::engine::Native;
use gateway_sim::explore::{Cut, Explorer, Finding, Options};
use gateway_sim::script::Fault;

use clustered::Clustered;
use stepped::Stepped;

/// Runs of each test.
const SEEDS: u64 = 2_000;

fn options() -> Options {
    Options { tasks: 8, ..Options::default() }
}

#[test]
fn an_engine_that_is_stepped_does_the_same() {
    let run = |seeds: std::ops::Range<u64>| {
        let native = block_on(Explorer::new(&Native, options())).expect("the engine lists its functions");
        let stepped = block_on(Explorer::new(&Stepped, options())).expect("the engine lists its functions");
        for seed in seeds {
            assert_eq!(block_on(native.traced(seed)), block_on(stepped.traced(seed)), "seed {seed}");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| run(0..SEEDS / 2));
        run(SEEDS / 2..SEEDS);
    });
}

/// All that can go wrong, but for what a call over several gateways cannot meet: its clock is that of several machines and never goes
/// back, nobody stops a single task, and a session that a gateway could not be asked for was not asked for.
fn met_by_a_cluster() -> Options {
    let names = Fault::ALL.iter().map(|fault| fault.name()).chain(["answers"]);
    let unmet = [Fault::ClockJumped, Fault::SpawnUnavailable].map(Fault::name);
    let faults = names.filter(|name| !unmet.contains(name)).map(str::to_owned).collect();
    Options { cut: Cut { faults: Some(faults), no_stops: true, ..Cut::default() }, ..options() }
}

#[test]
fn a_call_over_a_gateway_keeps_every_promise() {
    let explorer = block_on(Explorer::new(&Clustered, met_by_a_cluster())).expect("the engine lists its functions");
    let tally = explorer.explore(0..SEEDS, 2, || {});
    // A gateway that has just said that it is full is not asked again at once, so that it counts fewer calls than the report (E3).
    let counts = |finding: &Finding| finding.code == "E3";
    let (counted, failed): (Vec<_>, Vec<_>) = tally.failed_runs.iter().partition(|run| run.what.iter().all(counts));
    let failed: Vec<String> = failed.iter().map(|run| format!("seed {}: {:?}", run.seed, run.what)).collect();
    assert!(failed.is_empty() && counted.len() < 10, "{} of {SEEDS} runs:\n{}", failed.len(), failed.join("\n"));
    assert!(tally.calls.sessions > SEEDS, "sessions: {}", tally.calls.sessions);
}
