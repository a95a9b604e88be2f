//! From results to the report of a run.

pub mod document;

use crate::ids::SessionKey;
use crate::session::StopReason;
use crate::task::{Census, RunReport, RunStatus, TaskResult, TaskStatus, Usage};

/// What a report says besides the results.
#[derive(Debug)]
pub struct Totals {
    /// From the first event to the last.
    pub elapsed_ms: u64,
    /// Spawn calls made.
    pub spawn_calls: u32,
    /// Sessions alive at once, at the most.
    pub peak_in_flight: u32,
    /// Events that changed nothing.
    pub ignored_events: u32,
    /// Sessions that may still be there.
    pub leaked: Vec<SessionKey>,
    /// Who stopped the run, if anybody did.
    pub stopped_by: Option<StopReason>,
}

/// Counts the results and says how the run ended.
pub fn assemble(results: Vec<TaskResult>, totals: Totals) -> RunReport {
    let census = count(&results);
    let started: Vec<&TaskResult> = results.iter().filter(|result| result.session_key.is_some()).collect();
    let reported: Vec<Usage> = started.iter().filter_map(|result| result.metadata.usage).collect();
    RunReport {
        status: status(&census, totals.stopped_by.as_ref()),
        census,
        elapsed_ms: totals.elapsed_ms,
        spawn_calls: totals.spawn_calls,
        peak_in_flight: totals.peak_in_flight,
        usage: reported.iter().copied().reduce(Usage::plus),
        usage_complete: reported.len() == started.len(),
        ignored_events: totals.ignored_events,
        leaked: totals.leaked,
        results,
    }
}

fn count(results: &[TaskResult]) -> Census {
    let mut census = Census { tasks: u32::try_from(results.len()).unwrap_or(u32::MAX), ..Census::default() };
    for result in results {
        match result.status {
            TaskStatus::Completed => census.completed += 1,
            TaskStatus::Timeout => census.timeout += 1,
            TaskStatus::Cancelled => census.cancelled += 1,
            TaskStatus::Skipped => census.skipped += 1,
            // A result that is not final would be a defect here; counted as failed it cannot pass for done.
            TaskStatus::Failed | TaskStatus::Pending | TaskStatus::Running => census.failed += 1,
        }
    }
    census
}

fn status(census: &Census, stopped_by: Option<&StopReason>) -> RunStatus {
    match stopped_by {
        _ if census.completed == census.tasks => RunStatus::Completed,
        Some(StopReason::Caller(_)) => RunStatus::Cancelled,
        Some(StopReason::Deadline { .. } | StopReason::Timeout { .. }) => RunStatus::Deadline,
        None if census.completed == 0 => RunStatus::Failed,
        None => RunStatus::Partial,
    }
}
