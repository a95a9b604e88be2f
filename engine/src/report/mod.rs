//! From results to the report of a run.

pub mod digest;
pub mod document;
pub mod explain;
mod money;
pub mod page;
pub mod summary;

use crate::ids::SessionKey;
use crate::plan::{PlannedTask, Rules};
use crate::policy::wait::Enough;
use crate::session::StopReason;
use crate::task::{
    BudgetReport, Census, Forecast, RunReport, RunStatus, TaskResult, TaskStatus, Usage, WaitMode, WaitReport,
};

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
    /// What was enough.
    pub enough: Option<Enough>,
    /// What was spent.
    pub budget: BudgetReport,
    /// Something was not started for lack of budget.
    pub budget_ended: bool,
    /// What was foreseen.
    pub forecast: Forecast,
}

/// Counts the results and says how the run ended.
pub fn assemble(mut results: Vec<TaskResult>, totals: Totals, tasks: &[PlannedTask], rules: &Rules) -> RunReport {
    for (result, task) in results.iter_mut().zip(tasks) {
        let named = task.dependencies.iter().filter_map(|dependency| tasks.get(dependency.0));
        result.metadata.dependencies = named.map(|task| task.id.clone()).collect();
    }
    let census = count(&results);
    let sessions = results.iter().flat_map(|result| &result.metadata.attempt_log);
    let sessions = sessions.filter(|record| record.session_key.is_some());
    let (mut all, mut reported) = (0_usize, Vec::new());
    for record in sessions {
        all += 1;
        reported.extend(record.usage);
    }
    let usage_complete = reported.len() == all;
    let mode = rules.wait.mode;
    let required = results.iter().zip(tasks).filter(|(_, task)| task.handling.required);
    let mut awaited = results.iter().zip(tasks).filter(|(_, task)| !task.handling.is_interim);
    let has_answer = awaited.any(|(result, _)| result.status == TaskStatus::Completed);
    let satisfied = match mode {
        WaitMode::All => required.clone().all(|(result, _)| result.status == TaskStatus::Completed),
        WaitMode::Until => has_answer,
        WaitMode::Any | WaitMode::First | WaitMode::Quorum => totals.enough.is_some(),
    };
    RunReport {
        status: status(satisfied, has_answer, &totals),
        wait: WaitReport { mode, satisfied, value: totals.enough.and_then(|enough| enough.value) },
        cost: money::cost(&results, rules, usage_complete),
        census,
        elapsed_ms: totals.elapsed_ms,
        spawn_calls: totals.spawn_calls,
        peak_in_flight: totals.peak_in_flight,
        usage: reported.into_iter().reduce(Usage::plus),
        usage_complete,
        budget: totals.budget,
        forecast: totals.forecast,
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

/// `has_answer`: a task that a run can wait for is completed.
fn status(satisfied: bool, has_answer: bool, totals: &Totals) -> RunStatus {
    match &totals.stopped_by {
        _ if satisfied => RunStatus::Completed,
        Some(StopReason::Caller(_)) => RunStatus::Cancelled,
        Some(StopReason::Deadline { .. }) => RunStatus::Deadline,
        _ if totals.budget_ended => RunStatus::Budget,
        _ if !has_answer => RunStatus::Failed,
        _ => RunStatus::Partial,
    }
}
