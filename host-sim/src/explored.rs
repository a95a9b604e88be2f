//! The component as an engine for calls in virtual time.

use futures::future::LocalBoxFuture;
use gateway_sim::clock::Clock;
use gateway_sim::engine::Engine;
use gateway_sim::simulation::Simulation;
use gateway_sim::{Called, SimError};
use parallel_agents::documents::{DocumentReply, FunctionInfo};

use crate::component::ComponentHost;

impl Engine for ComponentHost {
    fn functions(&self) -> LocalBoxFuture<'_, Result<Vec<FunctionInfo>, SimError>> {
        Box::pin(Self::functions(self))
    }

    fn call<'a>(
        &'a self,
        function: &'a str,
        arguments: &'a str,
        gateway: Simulation,
    ) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Box::pin(async move { Self::call(self, function, arguments, gateway, &Clock::virtual_time()).await })
    }

    fn resume<'a>(&'a self, journal: &'a str, gateway: Simulation) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Box::pin(async move { Self::resume(self, journal, gateway, &Clock::virtual_time()).await })
    }
}
