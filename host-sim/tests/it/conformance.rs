//! The component under wasmtime and the engine's native code say the same things in the same order.

use gateway_sim::clock::Clock;
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents_engine::ids::TaskId;

use crate::component::{assert_same_trace, component};
use crate::requests_of::{chain, many};

/// Gateways and agents that take a run through different paths.
const SCRIPTS: [(&str, &str); 5] = [
    ("good", ""),
    ("narrow", "[host]\nmax_concurrent = 2\nmax_children = 3\n"),
    ("silent", "[host]\nreports_starts = false\nreports_usage = false\nreports_model = false\nfull_history = false\n"),
    (
        "bad",
        "[[answers]]\nodds = { good = 400, malformed = 150, empty = 150, late = 100, failing = 100, hanging = 100 }\n",
    ),
    ("full", "[host]\nmax_total = 7\ncompletion_chars = 40\n"),
];

fn script(extra: &str) -> Script {
    let text = format!("version = 1\n{extra}");
    Script::from_toml(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// A simulation for one comparison. The seed also decides what the host says about itself and whether somebody wants to stop.
fn simulation(script: &Script, seed: u64) -> Simulation {
    let options = SimulationOptions { announces_width: seed.is_multiple_of(2), ..SimulationOptions::default() };
    let after = |ms| options.start_ms + ms;
    let mut simulation = Simulation::new(script.clone(), seed, options.clone());
    match seed % 4 {
        1 => simulation.request_stop_at(after(12_000), None, "enough"),
        2 => simulation.request_stop_at(after(250), Some(TaskId::new("step-2")), "not this one"),
        _ => {}
    }
    simulation
}

#[tokio::test]
async fn both_engines_leave_the_same_trace() {
    let host = component().await;
    let requests = [many(12, r#""max_concurrent": 4"#), chain(6, r#""cleanup": "delete""#)];
    let mut traces = String::new();
    for (name, extra) in SCRIPTS {
        let script = script(extra);
        for (seed, request) in (1..=8).flat_map(|seed| requests.iter().map(move |request| (seed, request))) {
            let clock = Clock::virtual_time();
            let native = native::call("run_tasks", request, simulation(&script, seed), &clock).await;
            let guest = host.call("run_tasks", request, simulation(&script, seed), &clock).await;
            let place = format!("script {name}, seed {seed}");
            assert_same_trace(native.backend.trace(), guest.backend.trace(), &place);
            assert_eq!(native.result.expect(&place), guest.result.expect(&place), "{place}");
            assert_eq!(guest.backend.checker().violations(), [], "{place}");
            traces.push_str(guest.backend.trace().text());
        }
    }
    // What was compared has to contain whatever a run can consist of.
    for words in [
        "> spawn",
        "> history",
        "> cancel",
        "> delete",
        "< #0 opened",
        "refused",
        "timed-out",
        "stop task=",
        "timer-fired",
    ] {
        assert!(traces.contains(words), "{words:?} occurred in no run");
    }
}
