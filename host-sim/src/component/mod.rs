//! Runs the component under wasmtime, one fresh instance per call.
//!
//! The component gets the sessions and events of an [`Backend`] and nothing else: no WASI is linked, memory, stack and
//! fuel are bounded, and whatever could differ between machines is switched off. A store is never used again. After a
//! call, good or bad, the backend comes back with no session left alive.

mod cache;
mod find;
mod guest;
mod limits;
mod loading;

use std::any::Any;
use std::io::ErrorKind;
use std::path::Path;

use parallel_agents::documents::{DocumentReply, FunctionInfo};
use parallel_agents_engine::CONTRACT_VERSION;
use wasmtime::component::{ComponentExportIndex, Instance};
use wasmtime::{Engine, Store, Trap};

use crate::bindings::exports::parallel_agents::skill::functions;
use crate::bindings::parallel_agents::skill::types as wit;
use crate::bindings::{ParallelAgents, ParallelAgentsPre};
use crate::convert;
pub use cache::CodeCache;
pub use find::{COMPONENT_VARIABLE, find};
use gateway_sim::backend::Backend;
use gateway_sim::call::{Called, hold_to_request};
use gateway_sim::clock::Clock;
use gateway_sim::error::SimError;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use guest::{BrokenContract, GuestState, TooManyCalls};
pub use limits::GuestLimits;

/// A loaded component, ready for any number of calls.
pub struct ComponentHost {
    engine: Engine,
    template: ParallelAgentsPre<GuestState>,
    limits: GuestLimits,
}

impl ComponentHost {
    /// Loads a component file as [`Self::from_bytes`] does, and refuses one that speaks another version of the contract.
    pub async fn load(path: &Path, cache: Option<&CodeCache>) -> Result<Self, SimError> {
        let bytes = std::fs::read(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => SimError::Missing { path: Some(path.to_owned()) },
            _ => SimError::Read { path: path.to_owned(), source },
        })?;
        Self::from_bytes(&bytes, cache).await
    }

    /// Loads a component from memory. Its machine code is taken from the cache, if there is one, or kept there.
    pub async fn from_bytes(bytes: &[u8], cache: Option<&CodeCache>) -> Result<Self, SimError> {
        let (engine, template) = loading::prepare(bytes, cache)?;
        let host = Self { engine, template, limits: GuestLimits::default() };
        host.check_version().await?;
        Ok(host)
    }

    /// The same component with other limits, without compiling it again.
    pub fn with_limits(&self, limits: GuestLimits) -> Self {
        Self { engine: self.engine.clone(), template: self.template.clone(), limits }
    }

    /// Calls a function with a JSON object.
    pub async fn call<O: Backend>(
        &self,
        function: &str,
        arguments: &str,
        mut backend: O,
        clock: &Clock,
    ) -> Called<DocumentReply, O> {
        hold_to_request(&mut backend, function, arguments);
        let (function, arguments) = (function.to_owned(), arguments.to_owned());
        let fuel = self.limits.fuel_for(&arguments);
        self.enter(backend, clock, fuel, async |store, guest| guest.call(store, &function, arguments).await)
            .await
            .noting_leaks()
    }

    /// Goes on with a call that was cut off. The backend has to be that call's.
    pub async fn resume<O: Backend>(&self, journal: &str, backend: O, clock: &Clock) -> Called<DocumentReply, O> {
        let journal = journal.to_owned();
        self.enter(backend, clock, self.limits.fuel_for(&journal), async |store, guest| {
            let resume = guest.exports.parallel_agents_skill_journals().func_resume();
            let (reply,) = resume.call_async(store, (journal,)).await?;
            Ok(convert::document_reply(reply))
        })
        .await
        .noting_leaks()
    }

    /// Goes through a journal without any host.
    pub async fn replay(&self, journal: &str) -> Result<DocumentReply, SimError> {
        let (mut store, guest) = self.instantiate(self.idle_state(), self.limits.fuel_for(journal)).await?;
        let replay = guest.exports.parallel_agents_skill_journals().func_replay();
        let replayed = replay.call_async(&mut store, (journal.to_owned(),)).await;
        let (reply,) = replayed.map_err(|error| self.broke_off(&error))?;
        Ok(convert::document_reply(reply))
    }

    /// The functions that [`Self::call`] knows.
    pub async fn functions(&self) -> Result<Vec<FunctionInfo>, SimError> {
        let (mut store, guest) = self.instantiate(self.idle_state(), self.limits.fuel).await?;
        let list = guest.exports.parallel_agents_skill_functions().func_list_functions();
        let listed = list.call_async(&mut store, ()).await;
        let (listed,) = listed.map_err(|error| self.broke_off(&error))?;
        let info = |function: functions::FunctionInfo| FunctionInfo {
            name: function.name,
            description: function.description,
            parameters: function.parameters,
        };
        Ok(listed.into_iter().map(info).collect())
    }

    /// One call on one instance: in with a backend, out with the same backend and what came of it.
    async fn enter<R, O: Backend>(
        &self,
        backend: O,
        clock: &Clock,
        fuel: u64,
        call: impl AsyncFnOnce(&mut Store<GuestState>, &Guest) -> wasmtime::Result<R>,
    ) -> Called<R, O> {
        let passing = clock.begin(backend.now_ms());
        let state = GuestState::new(Box::new(backend), passing, &self.limits);
        let mut store = self.store(state, fuel);
        let result = match self.instance(&mut store).await {
            Ok(guest) => call(&mut store, &guest).await,
            Err(error) => Err(error),
        };
        let result = result.map_err(|error| self.broke_off(&error));
        let fuel_used = store.get_fuel().ok().map(|left| fuel.saturating_sub(left));
        closed(result, fuel_used, store.into_data().backend)
    }

    async fn check_version(&self) -> Result<(), SimError> {
        let (mut store, guest) = self.instantiate(self.idle_state(), self.limits.fuel).await?;
        let versions = guest.exports.parallel_agents_skill_about().func_versions();
        let (info,) = versions.call_async(&mut store, ()).await.map_err(|error| self.broke_off(&error))?;
        loading::check_version(&info.contract)
    }

    async fn instantiate(&self, state: GuestState, fuel: u64) -> Result<(Store<GuestState>, Guest), SimError> {
        let mut store = self.store(state, fuel);
        let guest = self.instance(&mut store).await.map_err(|error| self.broke_off(&error))?;
        Ok((store, guest))
    }

    async fn instance(&self, store: &mut Store<GuestState>) -> wasmtime::Result<Guest> {
        let instance = self.template.instance_pre().instantiate_async(&mut *store).await?;
        let exports = ParallelAgents::new(&mut *store, &instance)?;
        Ok(Guest { instance, exports })
    }

    /// For exports that have nothing to do with a backend.
    fn idle_state(&self) -> GuestState {
        let backend = Simulation::new(Script::bundled(), 0, SimulationOptions::default());
        GuestState::new(Box::new(backend), Clock::virtual_time().begin(0), &self.limits)
    }

    fn store(&self, state: GuestState, fuel: u64) -> Store<GuestState> {
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(self.limits.hostcall_bytes);
        // Fails only if the engine does not meter fuel, which `loading` switches on.
        if let Err(error) = store.set_fuel(fuel) {
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

/// Exports of the same interface that are no functions for callers.
const ABOUT_FUNCTIONS: [&str; 2] = ["list-functions", "refuse-name"];

/// An instance of the component.
struct Guest {
    instance: Instance,
    exports: ParallelAgents,
}

impl Guest {
    /// Calls the export of a function. All have the same type, so that their list need not be here too.
    async fn call(
        &self,
        store: &mut Store<GuestState>,
        function: &str,
        request: String,
    ) -> wasmtime::Result<DocumentReply> {
        let reply = match self.export(store, function) {
            Some(place) => {
                let function = self.instance.get_typed_func::<(String,), (wit::DocumentReply,)>(&mut *store, place)?;
                function.call_async(store, (request,)).await?.0
            }
            None => {
                let refuse = self.exports.parallel_agents_skill_functions().func_refuse_name();
                refuse.call_async(store, (function,)).await?.0
            }
        };
        Ok(convert::document_reply(reply))
    }

    /// The export of a function. None: there is no function of that name.
    fn export(&self, store: &mut Store<GuestState>, function: &str) -> Option<ComponentExportIndex> {
        let interface = format!("parallel-agents:skill/functions@{CONTRACT_VERSION}");
        // Callers write snake case, and nothing else.
        let export = Some(function).filter(|name| !name.contains('-'))?.replace('_', "-");
        let place = self.instance.get_export_index(&mut *store, None, &interface)?;
        let place = self.instance.get_export_index(&mut *store, Some(&place), &export)?;
        (!ABOUT_FUNCTIONS.contains(&export.as_str())).then_some(place)
    }
}

/// A finished call with the backend that it was given.
fn closed<R, O: Backend>(
    result: Result<R, SimError>,
    fuel_used: Option<u64>,
    backend: Box<dyn Backend>,
) -> Called<R, O> {
    let backend: Box<dyn Any> = backend;
    match backend.downcast() {
        Ok(backend) => Called::close(result, fuel_used, *backend),
        Err(_) => unreachable!("nobody puts another backend into the store"),
    }
}
