//! Calls on the simulated gateway: the bytes choose the request, the gateway with its faults and its agents, and a stop.

use std::sync::Arc;

use arbitrary::{Error, Result, Unstructured};
use futures::executor::block_on;
use gateway_sim::Called;
use gateway_sim::clock::Clock;
use gateway_sim::explore::{self, Case};
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::ids::TaskId;

use crate::calls;

/// The latest time of a stop, in milliseconds after opening.
const LATEST_STOP_MS: u64 = 120_000;

/// Functions whose replies have the report of a run.
const REPORTS: [&str; 4] = ["run_tasks", "run_iterative_refinement", "create_agents", "orchestrate"];

/// One call, ready to be made.
pub struct Drawn {
    case: Case,
    seed: u64,
}

impl Drawn {
    /// What the bytes say.
    pub fn any(source: &mut Unstructured<'_>) -> Result<Self> {
        let (function, request) = calls::any(source)?;
        if function == "collect_results" {
            // It reads sessions of other calls, which this gateway does not have.
            return Err(Error::IncorrectFormat);
        }
        let seed = source.arbitrary()?;
        let mut stops = Vec::new();
        if source.ratio(1_u8, 4)? {
            let task = if source.arbitrary()? { Some(TaskId::new("t1")) } else { None };
            stops.push((source.int_in_range(0..=LATEST_STOP_MS)?, task));
        }
        Ok(Self { case: Case { function, request, script: Arc::new(explore::gateway(seed)), stops }, seed })
    }

    /// Makes the call, and fails if anything is wrong with it. What makes no sense together, such as a budget that is too small for
    /// a session, may be refused before the gateway hears of it.
    pub fn call(&self, keeps_journal: bool) -> Called<DocumentReply> {
        let options = SimulationOptions { keeps_journal, keep_trace: false, ..SimulationOptions::default() };
        let start_ms = options.start_ms;
        let mut gateway = Simulation::new(Arc::clone(&self.case.script), self.seed, options);
        for (at_ms, task) in &self.case.stops {
            gateway.request_stop_at(start_ms + at_ms, task.clone(), "enough");
        }
        let request = self.case.request.to_string();
        let called = block_on(native::call(self.case.function, &request, gateway, &Clock::virtual_time()));
        let is_report = matches!(&called.result, Ok(DocumentReply::Answer(_))) && REPORTS.contains(&self.case.function);
        match is_report {
            true => assert_eq!(explore::findings(&self.case, &called), [], "{} {request}", self.case.function),
            false => assert_eq!(called.backend.checker().violations(), [], "{} {request}", self.case.function),
        }
        if let Ok(DocumentReply::Refused(_)) = called.result {
            assert_eq!(called.backend.checker().spawn_calls(), 0, "a refused request reached the host: {request}");
        }
        called
    }
}
