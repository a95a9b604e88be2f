//! What comes back from a call, whichever engine ran it.

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::ids::SessionKey;
use serde::Deserialize;

use crate::backend::Backend;
use crate::checker::{Allowance, Checker};
use crate::error::SimError;
use crate::script::Fault;
use crate::simulation::Simulation;

/// A finished call: its result, and what answered it.
///
/// However the call ended, none of its sessions is alive any more. Its checker says what was alive when the call came
/// back, and which invariants were violated.
pub struct Called<R, O = Simulation> {
    /// The component's reply, or why there is none.
    pub result: Result<R, SimError>,
    /// Units of fuel that the component used. None: the call was native.
    pub fuel_used: Option<u64>,
    /// The gateway or model server, with its checker and its trace.
    pub backend: O,
}

impl<R, O: Backend> Called<R, O> {
    /// Ends a call.
    pub fn close(result: Result<R, SimError>, fuel_used: Option<u64>, mut backend: O) -> Self {
        backend.close(result.is_ok());
        let result = result.map_err(|error| cause_of(error, backend.checker()));
        Self { result, fuel_used, backend }
    }
}

/// Why a call broke off. What the gateway stopped looks as if the component had waited for nothing.
fn cause_of(error: SimError, checker: &Checker) -> SimError {
    if checker.faults().contains_key(&Fault::HostTrap) {
        return SimError::Host { what: error.to_string() };
    }
    match checker.first_violation() {
        Some(violation) => SimError::Violation { seed: checker.seed(), violation: violation.clone() },
        None => error,
    }
}

/// Functions that spawn what they find fit, all of them with a `max_concurrent`.
const WORKFLOWS: [&str; 4] = ["map_tasks", "run_iterative_refinement", "create_agents", "orchestrate"];

/// Functions that run the tasks of their arguments.
const RUNS: [&str; 4] = ["run_tasks", "spawn_with_retry", "spawn_with_model_hierarchy", "spawn_parallel_with_retry"];

/// Functions that make tasks, and run them if the request says `run`.
const TEAMS: [&str; 5] = ["content_team", "development_team", "review_team", "custom_agent", "meta_workflow"];

/// Whether a team is to be run.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OnDemand {
    run: Option<bool>,
}

/// The sessions that a report says it could not stop or delete. That of a workflow is a part of its reply.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Leaks {
    leaked: Vec<String>,
    run: Option<Box<Leaks>>,
}

/// Holds a call of the JSON door to its request. What cannot be read will be refused and spawns nothing.
pub fn hold_to_request(backend: &mut impl Backend, function: &str, arguments: &str) {
    let width = backend.width();
    let allowed = match function {
        other if RUNS.contains(&other) => Allowance::of_run(function, arguments, width),
        other if spawns_sessions(other, arguments) => Allowance::of_workflow(arguments, width),
        _ => Some(Allowance::of_cap(0)),
    };
    backend.checker_mut().hold_to(allowed.unwrap_or_else(|| Allowance::of_cap(0)));
}

/// Whether a call is one that spawns sessions, if it is not refused.
pub fn spawns_sessions(function: &str, arguments: &str) -> bool {
    RUNS.contains(&function) || WORKFLOWS.contains(&function) || runs_a_team(function, arguments)
}

fn runs_a_team(function: &str, arguments: &str) -> bool {
    let demand: OnDemand = serde_json::from_str(arguments).unwrap_or_default();
    TEAMS.contains(&function) && demand.run == Some(true)
}

impl<O: Backend> Called<DocumentReply, O> {
    /// Tells the checker what the call came back with, and which sessions that names as left behind.
    pub fn noting_leaks(mut self) -> Self {
        let Ok(reply) = &self.result else { return self };
        if self.backend.is_cut_off() {
            return self;
        }
        self.backend.checker_mut().replied(reply);
        let DocumentReply::Answer(text) = reply else { return self };
        // Reading a long report is worth it only if there is something to be named.
        if !self.backend.checker().violations().is_empty() {
            let leaks: Leaks = serde_json::from_str(text).unwrap_or_default();
            let of_run = leaks.run.map(|run| run.leaked).unwrap_or_default();
            for key in leaks.leaked.into_iter().chain(of_run) {
                self.backend.checker_mut().leak_was_named(SessionKey::new(key));
            }
        }
        self
    }
}
