//! What carries calls out in virtual time: the engine's own code, or another build of it.

use futures::future::LocalBoxFuture;
use parallel_agents::documents::{self, DocumentReply, FunctionInfo};

use crate::call::Called;
use crate::clock::Clock;
use crate::error::SimError;
use crate::native;
use crate::simulation::Simulation;

/// An engine that random runs, scenarios and benchmarks can be made with.
pub trait Engine: Sync {
    /// The functions that it knows, with the schemas of their arguments.
    fn functions(&self) -> LocalBoxFuture<'_, Result<Vec<FunctionInfo>, SimError>>;

    /// Calls a function with a JSON object.
    fn call<'a>(
        &'a self,
        function: &'a str,
        arguments: &'a str,
        gateway: Simulation,
    ) -> LocalBoxFuture<'a, Called<DocumentReply>>;

    /// Goes on with a call that was cut off, from its journal.
    fn resume<'a>(&'a self, journal: &'a str, gateway: Simulation) -> LocalBoxFuture<'a, Called<DocumentReply>>;
}

/// The engine that is compiled into this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Engine for Native {
    fn functions(&self) -> LocalBoxFuture<'_, Result<Vec<FunctionInfo>, SimError>> {
        Box::pin(async { Ok(documents::functions()) })
    }

    fn call<'a>(
        &'a self,
        function: &'a str,
        arguments: &'a str,
        gateway: Simulation,
    ) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Box::pin(async move { native::call(function, arguments, gateway, &Clock::virtual_time()).await })
    }

    fn resume<'a>(&'a self, journal: &'a str, gateway: Simulation) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Box::pin(async move { native::resume(journal, gateway, &Clock::virtual_time()).await })
    }
}
