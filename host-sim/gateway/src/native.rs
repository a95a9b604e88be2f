//! The same calls without WebAssembly: the engine's own code on the same gateway.
//!
//! For comparing the two, and for tests that run many thousand times. The gateway cannot tell the difference.

use futures::channel::oneshot;
use futures::future::{Either, pending, select};
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::{Command, Event, Host, JournalError};
use parallel_agents_engine::problem::CallError;

use crate::backend::{Backend, Next, poll_with_stop};
use crate::call::{Called, hold_to_request};
use crate::clock::{Clock, Passing};
use crate::error::SimError;
use crate::options::SimulationOptions;
use crate::script::Script;
use crate::simulation::Simulation;

/// Calls a function with a JSON object.
pub async fn call<O: Backend>(
    function: &str,
    arguments: &str,
    mut backend: O,
    clock: &Clock,
) -> Called<DocumentReply, O> {
    hold_to_request(&mut backend, function, arguments);
    enter(backend, clock, async |host| documents::call_named(function, arguments.to_owned(), host).await)
        .await
        .noting_leaks()
}

/// Goes through a journal again, without a host.
pub async fn replay(journal: &str) -> Result<DocumentReply, SimError> {
    let backend = Simulation::new(Script::bundled(), 0, SimulationOptions::default());
    let clock = Clock::virtual_time();
    enter(backend, &clock, async |host| documents::journals::replay(journal, host).await).await.result
}

/// Goes on with a call that was cut off.
pub async fn resume<O: Backend>(journal: &str, backend: O, clock: &Clock) -> Called<DocumentReply, O> {
    enter(backend, clock, async |host| documents::journals::resume(journal.to_owned(), host).await).await.noting_leaks()
}

/// Lets a call run on a backend until it comes back or nothing can happen any more.
pub(crate) async fn enter<R, O: Backend>(
    backend: O,
    clock: &Clock,
    call: impl AsyncFnOnce(&mut NativeHost<O>) -> R,
) -> Called<R, O> {
    let (stuck, gets_stuck) = oneshot::channel();
    let mut host = NativeHost { passing: clock.begin(backend.now_ms()), backend, stuck: Some(stuck) };
    let outcome = {
        let call = std::pin::pin!(call(&mut host));
        match select(call, gets_stuck).await {
            Either::Left((reply, _)) => Ok(reply),
            Either::Right((Ok(what), _)) => Err(SimError::Contract { what }),
            // The sender is dropped with the host only, which the call borrows.
            Either::Right((Err(oneshot::Canceled), call)) => Ok(call.await),
        }
    };
    Called::close(outcome, None, host.backend)
}

/// A backend as the engine's host.
pub(crate) struct NativeHost<O> {
    backend: O,
    passing: Passing,
    /// Takes the reason when nothing can happen any more; the call is then given up.
    stuck: Option<oneshot::Sender<String>>,
}

impl<O: Backend> Host for NativeHost<O> {
    fn perform(&mut self, command: Command) {
        self.backend.perform(command);
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.backend.append(lines)
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        self.backend.waiting(until_ms);
        let mut now_ms = self.backend.now_ms();
        loop {
            match poll_with_stop(&mut self.backend, now_ms, until_ms, self.passing.stop()) {
                Next::Event(event) => return Ok(event),
                Next::SleepUntil(at_ms) => now_ms = self.passing.pass(at_ms).await,
                Next::Stuck(why) => {
                    if let Some(stuck) = self.stuck.take() {
                        // Nobody listens only if the call is being dropped.
                        let _ = stuck.send(why);
                    }
                    return pending().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parallel_agents_engine::ids::{RequestId, SessionKey};

    use super::*;
    use crate::checker::{Allowance, Invariant};
    use crate::error::SimError::Violation;

    #[tokio::test]
    async fn a_call_that_waits_for_nothing_is_given_up() {
        let backend = Simulation::new(Script::bundled(), 1, SimulationOptions::default());
        let called = enter(backend, &Clock::virtual_time(), async |host| {
            let _ = host.next_event(None).await;
            let _ = host.next_event(None).await;
        })
        .await;
        assert!(matches!(called.result, Err(SimError::Contract { .. })), "{:?}", called.result);
    }

    #[tokio::test]
    async fn a_broken_invariant_ends_the_call_with_its_seed_and_its_event() {
        let mut backend = Simulation::new(Script::bundled(), 17, SimulationOptions::default());
        backend.checker_mut().hold_to(Allowance::of_cap(0));
        let called = enter(backend, &Clock::virtual_time(), async |host| {
            let _ = host.next_event(None).await;
            let key = SessionKey::new("agent:main:subagent:unknown");
            host.perform(Command::Cancel(RequestId(1), key));
            let _ = host.next_event(None).await;
        })
        .await;
        let error = called.result.expect_err("the call was ended");
        let Violation { seed, violation } = &error else { panic!("{error}") };
        assert_eq!((*seed, violation.invariant, violation.event), (Some(17), Invariant::CallOrder, Some(0)));
        let text = error.to_string();
        assert!(text.contains("with seed 17: I10 at event 0: cancel names"), "{text}");
    }

    #[tokio::test]
    async fn a_call_that_runs_in_circles_is_given_up() {
        let options = SimulationOptions { max_events: 100, stops_at_violation: false, ..SimulationOptions::default() };
        let backend = Simulation::new(Script::bundled(), 1, options);
        let called = enter(backend, &Clock::virtual_time(), async |host| {
            loop {
                let _ = host.next_event(Some(0)).await;
            }
        })
        .await;
        let error = called.result.map_or_else(|error| error.to_string(), |()| String::new());
        assert!(error.contains("100 events"), "{error}");
    }
}
