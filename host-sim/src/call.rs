//! What comes back from a call, whichever engine ran it.

use serde::Deserialize;

use crate::error::SimError;
use crate::world::World;

/// A finished call: its result, and the world in which it happened.
///
/// However the call ended, no session of the world is alive any more. [`World::ledger`] says what was alive when the call
/// came back, and which promises were broken.
pub struct Called<R> {
    /// The component's reply, or why there is none.
    pub result: Result<R, SimError>,
    /// Units of fuel that the component used. None: the call was native.
    pub fuel_used: Option<u64>,
    /// The world, with its ledger and its trace.
    pub world: World,
}

impl<R> Called<R> {
    /// Closes the world after a call.
    pub(crate) fn close(result: Result<R, SimError>, fuel_used: Option<u64>, mut world: World) -> Self {
        world.close(result.is_ok());
        Self { result, fuel_used, world }
    }

    /// Reads the reply further.
    pub(crate) fn and_then<S>(self, read: impl FnOnce(R) -> Result<S, SimError>) -> Called<S> {
        Called { result: self.result.and_then(read), fuel_used: self.fuel_used, world: self.world }
    }
}

/// Sessions alive at once where a request names no number, as `wit/types.wit` has it. Not taken from the engine: this is
/// the host's own account.
const DEFAULT_MAX_CONCURRENT: u32 = 5;

/// Functions that may spawn sessions, all of them with a `max_concurrent`.
const SPAWNING: [&str; 4] = ["run_tasks", "run_iterative_refinement", "create_agents", "orchestrate"];

/// Functions that may spawn sessions if the request says `run`.
const SPAWNING_ON_DEMAND: [&str; 5] =
    ["content_team", "development_team", "review_team", "custom_agent", "meta_workflow"];

/// The fields of a request that the host's own account depends on.
#[derive(Deserialize)]
struct Cap {
    max_concurrent: Option<u32>,
    run: Option<bool>,
}

/// Holds a call of the JSON door to the cap of its request. What cannot be read will be refused and spawns nothing.
pub(crate) fn hold_to_request(world: &mut World, function: &str, arguments: &str) {
    let always = SPAWNING.contains(&function);
    let on_demand = SPAWNING_ON_DEMAND.contains(&function);
    match serde_json::from_str(arguments) {
        Ok(Cap { max_concurrent, run }) if always || (on_demand && run == Some(true)) => {
            hold_to_cap(world, max_concurrent);
        }
        Err(_) if always || on_demand => {}
        _ => world.ledger_mut().hold_to(0),
    }
}

/// Holds a run to the cap of its request, and to the host's own if the host named one.
pub(crate) fn hold_to_cap(world: &mut World, max_concurrent: Option<u32>) {
    let asked = max_concurrent.unwrap_or(DEFAULT_MAX_CONCURRENT);
    let cap = world.announced_width().map_or(asked, |width| width.min(asked));
    world.ledger_mut().hold_to(cap);
}
