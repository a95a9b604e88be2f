//! The loop between an engine and a host: the only place that waits.

use crate::engine::Engine;
use crate::host::Host;
use crate::plan::Plan;
use crate::problem::CallError;
use crate::task::RunReport;

/// Runs a plan to its end.
pub async fn run(plan: Plan, host: &mut impl Host) -> Result<RunReport, CallError> {
    let mut engine = Engine::new(plan);
    loop {
        let event = host.next_event(engine.wake_at()).await;
        for command in engine.step(event) {
            host.perform(command);
        }
        if let Some(result) = engine.finished() {
            return result;
        }
    }
}
