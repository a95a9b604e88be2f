//! Runs in virtual time: how many the simulator makes of the component in a second, with faults.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use gateway_sim::clock::Clock;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::{Fault, FaultProfile, Script};
use gateway_sim::simulation::Simulation;
use host_sim::component::ComponentHost;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::measure::process_time_s;

/// Tasks of each run.
const TASKS: usize = 20;

/// How long is measured.
const TIME: Duration = Duration::from_secs(5);

/// Runs before the first that is measured.
const WARM_UP: u64 = 20;

/// What was reached on one core.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct VirtualRuns {
    /// Runs that were made.
    pub runs: u64,
    /// Runs in a second of processor time.
    pub per_second: f64,
    /// Spawn calls of all runs.
    pub sessions: u64,
}

/// Makes runs for some seconds.
pub fn measure(component: &Path) -> Result<VirtualRuns> {
    // In a thousand requests or sessions each: about every other run of twenty meets each kind.
    let chances = [
        (Fault::SpawnRateLimited, 40),
        (Fault::SpawnBusy, 40),
        (Fault::SpawnUnavailable, 20),
        (Fault::SpawnLostAfter, 20),
        (Fault::Interrupted, 20),
        (Fault::EndTwice, 40),
        (Fault::NoUsage, 40),
    ];
    let faults =
        chances.into_iter().fold(FaultProfile::default(), |faults, (fault, chance)| faults.with(fault, chance));
    let script = Arc::new(Script::bundled().with_faults(faults));
    let agents = ["security_reviewer", "code_reviewer"];
    let tasks: Vec<_> = (0..TASKS)
        .map(|place| {
            json!({
                "agent_type": agents[place % agents.len()],
                "task_description": "Look at the function and say what is wrong with it.",
                "input_data": { "code": "fn add(a: i32, b: i32) -> i32 { a - b }" },
            })
        })
        .collect();
    let request = json!({ "tasks": tasks, "max_concurrent": 10, "retries": 2 }).to_string();
    let host = futures::executor::block_on(ComponentHost::load(component, None))?;
    let run = |seed: u64| {
        let options = SimulationOptions { keep_trace: false, ..SimulationOptions::default() };
        let gateway = Simulation::new(script.clone(), seed, options);
        let called = futures::executor::block_on(host.call("run_tasks", &request, gateway, &Clock::virtual_time()));
        called.result.map(|_| u64::from(called.backend.checker().spawn_calls()))
    };
    for seed in 0..WARM_UP {
        run(seed)?;
    }
    let (began, used, mut runs, mut sessions) = (Instant::now(), process_time_s()?, 0, 0);
    while began.elapsed() < TIME {
        sessions += run(WARM_UP + runs)?;
        runs += 1;
    }
    ensure!(sessions >= runs * TASKS as u64, "{sessions} sessions in {runs} runs");
    Ok(VirtualRuns { runs, per_second: runs as f64 / (process_time_s()? - used), sessions })
}

/// The whole of `virtual`.
pub fn one(component: &Path) -> Result<()> {
    crate::print(&serde_json::to_string(&measure(component)?)?);
    Ok(())
}
