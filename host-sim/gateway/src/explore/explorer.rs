//! Draws runs, and carries out their calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use parallel_agents::documents::{DocumentReply, FunctionInfo};
use serde_json::Value;

use super::case::{Case, Cut};
use super::draws::Draws;
use super::perturbations::{Perturbation, Perturbations};
use super::{calm, faults, request, workflow};
use crate::call::Called;
use crate::engine::Engine;
use crate::error::SimError;
use crate::options::SimulationOptions;
use crate::script::Script;
use crate::simulation::Simulation;

/// Of a hundred runs, how many are a workflow or a team.
const WORKFLOWS: u64 = 20;

/// What is drawn from, and what is done to it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Tasks of one run at the most, 1 to 200.
    pub tasks: u32,
    /// A gateway and answers for every run, in place of drawn ones.
    pub script: Option<Arc<Script>>,
    /// What is left of every run.
    pub cut: Cut,
    /// What is done to every run.
    pub perturbations: Perturbations,
}

/// Draws runs of one engine.
pub struct Explorer<'a> {
    engine: &'a dyn Engine,
    pub(super) options: Options,
    /// The JSON Schemas of the requests, as the engine publishes them: what it does not know is not drawn.
    schemas: BTreeMap<String, Value>,
}

impl<'a> Explorer<'a> {
    /// Asks the engine what it knows.
    pub async fn new(engine: &'a dyn Engine, options: Options) -> Result<Self, SimError> {
        let functions = engine.functions().await?;
        let schemas = functions.iter().map(|function| (function.name.clone(), schema_of(function))).collect();
        Ok(Self { engine, options, schemas })
    }

    /// The run of a seed, with all of its parts.
    pub fn case(&self, seed: u64) -> Case {
        let mut draws = Draws::new(seed);
        let size = self.options.tasks.clamp(1, 200);
        let (mut kind, mut of_request) = (draws.branch(), draws.branch());
        let is_workflow = kind.happens(WORKFLOWS);
        let (function, mut request) = if is_workflow {
            workflow::draw(&mut of_request, size)
        } else {
            ("run_tasks", request::draw(&mut of_request, size))
        };
        let is_calm = !is_workflow && !self.options.cut.no_calm && kind.happens(calm::CALM);
        if is_calm {
            calm::calm_down(&mut request);
        }
        if let Some(schema) = self.schemas.get(function) {
            request::keep_known(&mut request, schema);
        }
        let script = match &self.options.script {
            Some(script) => script.clone(),
            None => {
                let drawn = faults::script(&mut draws.branch(), is_calm);
                let works_alone = is_workflow && function != workflow::MAP;
                Arc::new(if works_alone { workflow::script(&mut kind, drawn) } else { drawn })
            }
        };
        let mut stops = request::stops(&mut draws.branch(), &request);
        if is_calm {
            stops.clear();
        }
        Case { function, request, script, stops }
    }

    /// The gateway of a case before its call.
    pub(super) fn simulation(&self, case: &Case, seed: u64) -> Simulation {
        let options = SimulationOptions {
            keep_trace: self.options.perturbations.contains(&Perturbation::Again),
            ..SimulationOptions::default()
        };
        self.simulation_with(case, seed, options)
    }

    /// The same on a host that keeps a journal.
    pub(super) fn simulation_with_journal(&self, case: &Case, seed: u64) -> Simulation {
        let options = SimulationOptions { keep_trace: false, keeps_journal: true, ..SimulationOptions::default() };
        self.simulation_with(case, seed, options)
    }

    /// The gateway of a case before its call, with the stops that are part of it.
    pub fn simulation_with(&self, case: &Case, seed: u64, options: SimulationOptions) -> Simulation {
        let start_ms = options.start_ms;
        let mut simulation = Simulation::new(case.script.clone(), seed, options);
        for (at_ms, task) in &case.stops {
            simulation.request_stop_at(start_ms.saturating_add(*at_ms), task.clone(), "a stop at a random time");
        }
        simulation
    }

    pub(super) async fn resume(&self, journal: &str, simulation: Simulation) -> Called<DocumentReply> {
        self.engine.resume(journal, simulation).await
    }

    pub(super) async fn call(&self, case: &Case, simulation: Simulation) -> Called<DocumentReply> {
        self.engine.call(case.function, &case.request.to_string(), simulation).await
    }
}

fn schema_of(function: &FunctionInfo) -> Value {
    serde_json::from_str(&function.parameters).unwrap_or_default()
}
