//! Random runs: requests and faults drawn from a seed, run, and held to what every run promises.
//!
//! | module    | what it does                                                              |
//! |-----------|---------------------------------------------------------------------------|
//! | `request` | a random request: graph, caps, budgets, retries, waits, proofs             |
//! | `faults`  | a random subset of faults, each at a random rate                           |
//! | `crash`   | the same run, cut off at its host calls                                    |
//! | `check`   | what a report has to be, whatever happened                                 |
//! | `tally`   | what all runs together did                                                 |
//!
//! A seed and the options name one run exactly; nothing here knows the time of day.

mod check;
mod crash;
mod draws;
mod faults;
mod request;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use parallel_agents::documents::{self, DocumentFunction, DocumentReply};
use parallel_agents::ids::TaskId;
use serde_json::Value;

use crate::call::Called;
use crate::clock::Clock;
use crate::component::ComponentHost;
use crate::error::SimError;
use crate::native;
use crate::script::Script;
use crate::world::{World, WorldOptions};
use draws::Draws;

pub use tally::{Tally, Trouble};

/// The function that is explored.
pub(crate) const FUNCTION: &str = "run_tasks";

/// What is drawn from.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tasks of one run at the most, 1 to 200.
    pub tasks: u32,
    /// A gateway and answers for every run, in place of drawn ones.
    pub script: Option<Arc<Script>>,
}

/// Which code is explored.
pub enum Subject<'a> {
    /// The component under wasmtime.
    Component(&'a ComponentHost),
    /// The engine that is compiled into this program.
    Native,
}

/// One random run, ready to be called.
pub struct Case {
    /// The request, as it is handed over.
    pub request: Value,
    /// The gateway and its agents.
    pub script: Arc<Script>,
    /// When somebody wants a task, or the whole run, stopped: milliseconds after opening.
    pub stops: Vec<(u64, Option<TaskId>)>,
}

/// Draws runs of one subject.
pub struct Explorer<'a> {
    subject: Subject<'a>,
    options: Options,
    /// The JSON Schema of the request, as the subject publishes it: what it does not know is not drawn.
    schema: Value,
}

impl<'a> Explorer<'a> {
    /// Asks the subject what it knows.
    pub async fn new(subject: Subject<'a>, options: Options) -> Result<Self, SimError> {
        let functions = match &subject {
            Subject::Component(host) => host.functions().await?,
            Subject::Native => documents::functions(),
        };
        let schema = functions.iter().find(|function| function.name == FUNCTION).map(schema_of).unwrap_or_default();
        Ok(Self { subject, options, schema })
    }

    /// The run of a seed.
    pub fn case(&self, seed: u64) -> Case {
        let mut draws = Draws::new(seed);
        let size = self.options.tasks.clamp(1, 200);
        let mut request = request::draw(&mut draws.branch(), size);
        request::keep_known(&mut request, &self.schema);
        let script = match &self.options.script {
            Some(script) => script.clone(),
            None => Arc::new(faults::script(&mut draws.branch())),
        };
        let stops = request::stops(&mut draws.branch(), &request);
        Case { request, script, stops }
    }

    /// A given request with the bundled answers, drawn faults and sometimes a stop.
    pub(crate) fn disturbed(&self, seed: u64, request: &str) -> Case {
        let mut draws = Draws::new(seed);
        let script = Script::bundled().with_faults(faults::profile(&mut draws.branch()));
        let stops = draws.happens(25).then(|| (draws.between(0, 90_000), None)).into_iter().collect();
        let request = serde_json::from_str(request).unwrap_or_default();
        Case { request, script: Arc::new(script), stops }
    }

    /// Runs the run of a seed and enters it, with everything that is wrong with it.
    pub async fn run(&self, seed: u64, tally: &mut Tally) {
        self.carry_out(seed, tally, false).await;
    }

    /// The same, and gives the whole run as text: its request, its stops, then all commands and events.
    pub async fn traced(&self, seed: u64, tally: &mut Tally) -> String {
        let (case, called) = self.carry_out(seed, tally, true).await;
        let faults = serde_json::to_value(case.script.faults()).unwrap_or_default();
        let host = serde_json::to_value(case.script.host()).unwrap_or_default();
        format!(
            "request {:#}\nstops {:?}\nhost {host}\nfaults {faults}\n{}",
            case.request,
            case.stops,
            called.world.trace().text(),
        )
    }

    async fn carry_out(&self, seed: u64, tally: &mut Tally, keep_trace: bool) -> (Case, Called<DocumentReply>) {
        let case = self.case(seed);
        let options = WorldOptions { keep_trace, ..WorldOptions::default() };
        let start_ms = options.start_ms;
        let world = self.world_with(&case, seed, options);
        let called = self.call(&case.request.to_string(), world).await;
        tally.enter(seed, &called, check::check(&case.request, &called), start_ms);
        (case, called)
    }

    /// A fresh world of a run, with its stops.
    pub(crate) fn world_with(&self, case: &Case, seed: u64, options: WorldOptions) -> World {
        let start_ms = options.start_ms;
        let mut world = World::new(case.script.clone(), seed, options);
        for (at_ms, task) in &case.stops {
            world.request_stop_at(start_ms.saturating_add(*at_ms), task.clone(), "a stop at a random time");
        }
        world
    }

    async fn call(&self, request: &str, world: World) -> Called<DocumentReply> {
        let clock = Clock::virtual_time();
        match &self.subject {
            Subject::Component(host) => host.call(FUNCTION, request, world, &clock).await,
            Subject::Native => native::call(FUNCTION, request, world, &clock).await,
        }
    }
}

fn schema_of(function: &DocumentFunction) -> Value {
    serde_json::from_str(&function.parameters).unwrap_or_default()
}
