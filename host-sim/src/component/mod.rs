//! Runs the component under wasmtime, one fresh instance per call.
//!
//! The component gets the sessions and events of an [`Outside`] and nothing else: no WASI is linked, memory, stack and
//! fuel are bounded, and whatever could differ between machines is switched off. A store is never used again. After a
//! call, good or bad, the world comes back with no session left alive.

#[cfg(feature = "canary-bugs")]
mod canary;
mod find;
mod guest;
mod limits;
mod loading;
mod workflows;

use std::any::Any;
use std::io::ErrorKind;
use std::path::Path;

use parallel_agents::documents::{DocumentFunction, DocumentReply};
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::{RunReport, RunSpec};
use wasmtime::{Engine, Store, Trap};

use crate::bindings::{ParallelAgents, ParallelAgentsPre};
use crate::call::{Called, hold_to_cap, hold_to_request};
use crate::clock::Clock;
use crate::convert;
use crate::error::SimError;
use crate::outside::Outside;
use crate::script::Script;
use crate::world::{World, WorldOptions};
pub use find::{COMPONENT_VARIABLE, find};
use guest::{BrokenContract, GuestState, TooManyCalls};
pub use limits::GuestLimits;

/// A loaded component, ready for any number of calls.
pub struct ComponentHost {
    engine: Engine,
    template: ParallelAgentsPre<GuestState>,
    limits: GuestLimits,
    #[cfg(feature = "canary-bugs")]
    kept: canary::Kept,
}

impl ComponentHost {
    /// Loads and compiles a component file, and refuses one that speaks another version of the contract.
    pub async fn load(path: &Path) -> Result<Self, SimError> {
        let bytes = std::fs::read(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => SimError::Missing { path: Some(path.to_owned()) },
            _ => SimError::Read { path: path.to_owned(), source },
        })?;
        Self::from_bytes(&bytes).await
    }

    /// Loads a component from memory.
    pub async fn from_bytes(bytes: &[u8]) -> Result<Self, SimError> {
        let (engine, template) = loading::prepare(bytes)?;
        let host = Self {
            engine,
            template,
            limits: GuestLimits::default(),
            #[cfg(feature = "canary-bugs")]
            kept: canary::Kept::default(),
        };
        host.check_version().await?;
        Ok(host)
    }

    /// The same component with other limits, without compiling it again.
    pub fn with_limits(&self, limits: GuestLimits) -> Self {
        Self {
            engine: self.engine.clone(),
            template: self.template.clone(),
            limits,
            #[cfg(feature = "canary-bugs")]
            kept: canary::Kept::default(),
        }
    }

    /// Calls a function of the JSON door with a JSON object.
    pub async fn call<O: Outside>(
        &self,
        function: &str,
        arguments: &str,
        mut world: O,
        clock: &Clock,
    ) -> Called<DocumentReply, O> {
        hold_to_request(&mut world, function, arguments);
        let (function, arguments) = (function.to_owned(), arguments.to_owned());
        self.enter(world, clock, async |store, guest| {
            let call = guest.parallel_agents_skill_documents().func_call();
            let (reply,) = call.call_async(store, (function, arguments)).await?;
            Ok(convert::document_reply(reply))
        })
        .await
        .noting_leaks()
    }

    /// Goes on with a call that was cut off. The world has to be that call's.
    pub async fn resume<O: Outside>(&self, journal: &str, world: O, clock: &Clock) -> Called<DocumentReply, O> {
        let journal = journal.to_owned();
        self.enter(world, clock, async |store, guest| {
            let resume = guest.parallel_agents_skill_journals().func_resume();
            let (reply,) = resume.call_async(store, (journal,)).await?;
            Ok(convert::document_reply(reply))
        })
        .await
        .noting_leaks()
    }

    /// Goes through a journal without any host.
    pub async fn replay(&self, journal: &str) -> Result<DocumentReply, SimError> {
        let (mut store, guest) = self.instantiate(self.idle_state()).await?;
        let replay = guest.parallel_agents_skill_journals().func_replay();
        let replayed = replay.call_async(&mut store, (journal.to_owned(),)).await;
        let (reply,) = replayed.map_err(|error| self.broke_off(&error))?;
        Ok(convert::document_reply(reply))
    }

    /// Runs tasks through the typed export.
    pub async fn run_tasks(
        &self,
        spec: RunSpec,
        mut world: World,
        clock: &Clock,
    ) -> Called<Result<RunReport, CallError>> {
        hold_to_cap(&mut world, spec.max_concurrent);
        let request = convert::run_request(spec);
        let called = self
            .enter(world, clock, async |store, guest| {
                let run = guest.parallel_agents_skill_orchestration().func_run_tasks();
                let (reply,) = run.call_async(store, (request,)).await?;
                Ok(reply)
            })
            .await;
        called.and_then(|reply| match reply {
            Ok(report) => convert::run_report(report).map(Ok),
            Err(error) => Ok(Err(convert::call_error(error))),
        })
    }

    /// The functions that [`Self::call`] knows.
    pub async fn functions(&self) -> Result<Vec<DocumentFunction>, SimError> {
        let (mut store, guest) = self.instantiate(self.idle_state()).await?;
        let list = guest.parallel_agents_skill_documents().func_list_functions();
        let listed = list.call_async(&mut store, ()).await;
        let (functions,) = listed.map_err(|error| self.broke_off(&error))?;
        Ok(functions.into_iter().map(convert::document_function).collect())
    }

    /// One call on one instance: in with a world, out with the same world and what came of it.
    async fn enter<R, O: Outside>(
        &self,
        world: O,
        clock: &Clock,
        call: impl AsyncFnOnce(&mut Store<GuestState>, &ParallelAgents) -> wasmtime::Result<R>,
    ) -> Called<R, O> {
        let passing = clock.begin(world.now_ms());
        let state = GuestState::new(Box::new(world), passing, &self.limits);
        #[cfg(feature = "canary-bugs")]
        if parallel_agents_engine::canary::is("reused-instance") {
            return self.enter_again(state, call).await;
        }
        let mut store = self.store(state);
        let result = match self.template.instantiate_async(&mut store).await {
            Ok(guest) => call(&mut store, &guest).await,
            Err(error) => Err(error),
        };
        let result = result.map_err(|error| self.broke_off(&error));
        let fuel_used = self.fuel_used(&store);
        closed(result, fuel_used, store.into_data().outside)
    }

    fn fuel_used(&self, store: &Store<GuestState>) -> Option<u64> {
        store.get_fuel().ok().map(|left| self.limits.fuel.saturating_sub(left))
    }

    async fn check_version(&self) -> Result<(), SimError> {
        let (mut store, guest) = self.instantiate(self.idle_state()).await?;
        let versions = guest.parallel_agents_skill_about().func_versions();
        let (info,) = versions.call_async(&mut store, ()).await.map_err(|error| self.broke_off(&error))?;
        loading::check_version(&info.contract)
    }

    async fn instantiate(&self, state: GuestState) -> Result<(Store<GuestState>, ParallelAgents), SimError> {
        let mut store = self.store(state);
        let guest = self.template.instantiate_async(&mut store).await.map_err(|error| self.broke_off(&error))?;
        Ok((store, guest))
    }

    /// For exports that have nothing to do with a world.
    fn idle_state(&self) -> GuestState {
        let world = World::new(Script::bundled(), 0, WorldOptions::default());
        GuestState::new(Box::new(world), Clock::virtual_time().begin(0), &self.limits)
    }

    fn store(&self, state: GuestState) -> Store<GuestState> {
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(self.limits.hostcall_bytes);
        // Fails only if the engine does not meter fuel, which `loading` switches on.
        if let Err(error) = store.set_fuel(self.limits.fuel) {
            debug_assert!(false, "fuel is metered: {error}");
        }
        store
    }

    /// What a broken-off call means.
    fn broke_off(&self, error: &wasmtime::Error) -> SimError {
        if let Some(BrokenContract(what)) = error.downcast_ref() {
            return SimError::Contract { what: what.clone() };
        }
        if let Some(TooManyCalls { limit }) = error.downcast_ref() {
            return SimError::TooManyCalls { limit: *limit };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => SimError::OutOfFuel { fuel: self.limits.fuel },
            Some(Trap::AsyncDeadlock) => {
                SimError::Contract { what: "it waits for something that can never happen".to_owned() }
            }
            _ => SimError::Trap { reason: error.root_cause().to_string() },
        }
    }
}

/// A finished call with the outside that it was given.
fn closed<R, O: Outside>(
    result: Result<R, SimError>,
    fuel_used: Option<u64>,
    outside: Box<dyn Outside>,
) -> Called<R, O> {
    let outside: Box<dyn Any> = outside;
    match outside.downcast() {
        Ok(world) => Called::close(result, fuel_used, *world),
        Err(_) => unreachable!("nobody puts another outside into the store"),
    }
}
