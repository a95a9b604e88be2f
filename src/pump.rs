//! The loop between an engine and a host: the only place that waits.

use crate::engine::Engine;
use crate::host::Host;
use crate::plan::Plan;
use crate::problem::CallError;
use crate::task::RunReport;
use crate::workflow::Director;

/// Runs a plan, and what its director adds to it, to the end.
pub async fn run(plan: Plan, director: &mut dyn Director, host: &mut impl Host) -> Result<RunReport, CallError> {
    let mut engine = Engine::new(plan);
    loop {
        let event = host.next_event(engine.wake_at()).await;
        for command in engine.step(event, director) {
            host.perform(command);
        }
        if let Some(result) = engine.finished() {
            return result;
        }
    }
}
