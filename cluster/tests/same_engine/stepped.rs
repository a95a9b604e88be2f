//! The stepped engine among engines.

use futures::future::LocalBoxFuture;
use gateway_sim::backend::{Backend, Next};
use gateway_sim::call::{Called, hold_to_request};
use gateway_sim::engine::{Engine, Native};
use gateway_sim::error::SimError;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::{DocumentReply, FunctionInfo};
use parallel_agents_cluster::stepper::{Stepper, Turn};
use parallel_agents_engine::host::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub struct Stepped;

impl Engine for Stepped {
    fn functions(&self) -> LocalBoxFuture<'_, Result<Vec<FunctionInfo>, SimError>> {
        Native.functions()
    }

    fn call<'a>(
        &'a self,
        function: &'a str,
        arguments: &'a str,
        mut gateway: Simulation,
    ) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Box::pin(async move {
            hold_to_request(&mut gateway, function, arguments);
            let mut stepper = Stepper::new(function.to_owned(), arguments.to_owned());
            let mut event = None;
            let result = loop {
                let (commands, turn) = stepper.step(event.take());
                commands.into_iter().for_each(|command| gateway.perform(kept(&command)));
                match turn {
                    Turn::Over(reply) => break Ok(reply),
                    Turn::Waits(until_ms) => match next(&mut gateway, until_ms) {
                        Ok(happened) => event = Some(kept(&happened)),
                        Err(error) => break Err(error),
                    },
                }
            };
            Called::close(result, None, gateway).noting_leaks()
        })
    }

    fn resume<'a>(&'a self, journal: &'a str, gateway: Simulation) -> LocalBoxFuture<'a, Called<DocumentReply>> {
        Native.resume(journal, gateway)
    }
}

/// The next event, in virtual time.
pub fn next(gateway: &mut Simulation, until_ms: Option<u64>) -> Result<Event, SimError> {
    gateway.waiting(until_ms);
    let mut now_ms = Backend::now_ms(gateway);
    loop {
        match gateway.poll(now_ms, until_ms) {
            Next::Event(event) => return Ok(event),
            Next::SleepUntil(at_ms) => now_ms = at_ms,
            Next::Stuck(what) => return Err(SimError::Contract { what }),
        }
    }
}

/// The same after it stood in a journal.
pub fn kept<T: Serialize + DeserializeOwned>(what: &T) -> T {
    let text = serde_json::to_string(what).expect("it can be written");
    serde_json::from_str(&text).expect("it can be read")
}
