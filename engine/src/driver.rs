//! The loop between a state machine and a host: the only place that waits.

use crate::engine::Engine;
use crate::host::{Command, Event, Host};
use crate::plan::Plan;
use crate::problem::CallError;
use crate::task::RunReport;
use crate::workflow::Workflow;

/// What takes events, returns commands, and has a result in the end.
pub trait StateMachine {
    /// What it ends with, once nothing is left to do.
    type Output;

    /// Takes in one event and returns what is to be done, in order.
    fn step(&mut self, event: Event) -> Vec<Command>;

    /// Until when to wait for the next event, on the host's clock.
    fn wake_at(&self) -> Option<u64>;

    /// The result, once there is one.
    fn finished(&mut self) -> Option<Result<Self::Output, CallError>>;
}

/// Drives a state machine to its end.
pub async fn drive<M: StateMachine>(machine: &mut M, host: &mut impl Host) -> Result<M::Output, CallError> {
    loop {
        let event = host.next_event(machine.wake_at()).await?;
        for command in machine.step(event) {
            host.perform(command);
        }
        if let Some(result) = machine.finished() {
            return result;
        }
    }
}

/// Runs a plan, and what its workflow adds to it, to the end.
pub async fn run(plan: Plan, workflow: &mut dyn Workflow, host: &mut impl Host) -> Result<RunReport, CallError> {
    drive(&mut Driven { engine: Engine::new(plan), workflow }, host).await
}

/// An engine with whoever adds to its plan.
struct Driven<'a> {
    engine: Engine,
    workflow: &'a mut dyn Workflow,
}

impl StateMachine for Driven<'_> {
    type Output = RunReport;

    fn step(&mut self, event: Event) -> Vec<Command> {
        self.engine.step(event, self.workflow)
    }

    fn wake_at(&self) -> Option<u64> {
        self.engine.wake_at()
    }

    fn finished(&mut self) -> Option<Result<RunReport, CallError>> {
        self.engine.finished()
    }
}
