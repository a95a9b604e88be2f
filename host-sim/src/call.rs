//! What comes back from a call, whichever engine ran it.

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::ids::SessionKey;
use serde::Deserialize;

use crate::error::SimError;
use crate::ledger::{Allowance, Ledger};
use crate::outside::Outside;
use crate::script::Fault;
use crate::world::World;

/// A finished call: its result, and the world in which it happened.
///
/// However the call ended, no session of the world is alive any more. Its ledger says what was alive when the call came
/// back, and which promises were broken.
pub struct Called<R, O = World> {
    /// The component's reply, or why there is none.
    pub result: Result<R, SimError>,
    /// Units of fuel that the component used. None: the call was native.
    pub fuel_used: Option<u64>,
    /// The world, with its ledger and its trace.
    pub world: O,
}

impl<R, O: Outside> Called<R, O> {
    /// Closes the world after a call.
    pub(crate) fn close(result: Result<R, SimError>, fuel_used: Option<u64>, mut world: O) -> Self {
        world.close(result.is_ok());
        let result = result.map_err(|error| cause_of(error, world.ledger()));
        Self { result, fuel_used, world }
    }
}

/// Why a call broke off. What the world stopped looks as if the component had waited for nothing.
fn cause_of(error: SimError, ledger: &Ledger) -> SimError {
    if ledger.faults().contains_key(&Fault::HostTrap) {
        return SimError::Host { what: error.to_string() };
    }
    match ledger.first_violation() {
        Some(violation) => SimError::Promise { seed: ledger.seed(), violation: violation.clone() },
        None => error,
    }
}

/// Functions that spawn what they find fit, all of them with a `max_concurrent`.
const WORKFLOWS: [&str; 3] = ["run_iterative_refinement", "create_agents", "orchestrate"];

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
pub(crate) fn hold_to_request(world: &mut impl Outside, function: &str, arguments: &str) {
    let width = world.width();
    let allowed = match function {
        other if RUNS.contains(&other) => Allowance::of_run(function, arguments, width),
        other if spawns_sessions(other, arguments) => Allowance::of_workflow(arguments, width),
        _ => Some(Allowance::of_cap(0)),
    };
    world.ledger_mut().hold_to(allowed.unwrap_or_else(|| Allowance::of_cap(0)));
}

/// Whether a call is one that spawns sessions, if it is not refused.
pub fn spawns_sessions(function: &str, arguments: &str) -> bool {
    RUNS.contains(&function) || WORKFLOWS.contains(&function) || runs_a_team(function, arguments)
}

fn runs_a_team(function: &str, arguments: &str) -> bool {
    let demand: OnDemand = serde_json::from_str(arguments).unwrap_or_default();
    TEAMS.contains(&function) && demand.run == Some(true)
}

impl<O: Outside> Called<DocumentReply, O> {
    /// Tells the ledger what the call came back with, and which sessions that names as left behind.
    pub(crate) fn noting_leaks(mut self) -> Self {
        let Ok(reply) = &self.result else { return self };
        self.world.ledger_mut().replied(reply);
        let DocumentReply::Answer(text) = reply else { return self };
        // Reading a long report is worth it only if there is something to be named.
        if !self.world.ledger().violations().is_empty() {
            let leaks: Leaks = serde_json::from_str(text).unwrap_or_default();
            let of_run = leaks.run.map(|run| run.leaked).unwrap_or_default();
            for key in leaks.leaked.into_iter().chain(of_run) {
                self.world.ledger_mut().leak_was_named(SessionKey::new(key));
            }
        }
        self
    }
}
