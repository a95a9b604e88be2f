//! Cancelling: the whole run at its events, and single tasks at some of them, each time in a fresh copy.

use parallel_agents_engine::ids::TaskId;

use crate::explore::check::{self, run_of};
use crate::explore::draws::Draws;
use crate::explore::explorer::Explorer;
use crate::explore::finding::Finding;
use crate::explore::perturbations::{Places, Plain};
use crate::explore::tally::Tally;
use crate::gateway::Intervention;

/// Copies in which one task is cancelled.
const SINGLE: usize = 3;

/// A cancelled run is back after this long, in milliseconds: what it may take for sessions that would not stop.
const PATIENCE_MS: u64 = 30_000;

pub(super) async fn at_places(explorer: &Explorer<'_>, plain: &Plain, places: Places, tally: &mut Tally) {
    // Before the first event there is nobody who could be asked.
    for event in places.of(plain.seed, plain.called.backend.host().events().saturating_sub(1)) {
        at(explorer, plain, event + 1, None, tally).await;
    }
    let mut draws = Draws::new(plain.seed);
    let tasks = tasks(plain);
    for _ in 0..SINGLE {
        if tasks.is_empty() || plain.called.backend.host().events() < 2 {
            return;
        }
        let task = tasks[draws.between(0, tasks.len() as u64 - 1) as usize].clone();
        let event = draws.between(1, plain.called.backend.host().events() - 1);
        at(explorer, plain, event, Some(task), tally).await;
    }
}

async fn at(explorer: &Explorer<'_>, plain: &Plain, event: u64, task: Option<TaskId>, tally: &mut Tally) {
    let mut simulation = explorer.simulation(&plain.case, plain.seed);
    let what = task.as_ref().map_or_else(|| "everything".to_owned(), ToString::to_string);
    let reason = format!("cancelled at event {event}");
    simulation.host_mut().intervene_at(event, Intervention::Stop { task: task.clone(), reason });
    let called = explorer.call(&plain.case, simulation).await;
    let mut found = check::check(&plain.case, &called, &mut tally.excuses);
    // It cannot come back before the event that tells it that this time is over.
    let checker = called.backend.checker();
    let end_ms = checker.known_ms().saturating_sub(checker.overshoot_ms());
    let since = called.backend.checker().intervened_ms().map(|at_ms| end_ms.saturating_sub(at_ms));
    match since {
        None => found.push(Finding::new("I4", "the copy was over before it could be cancelled".to_owned())),
        Some(since) if task.is_none() && since > PATIENCE_MS => {
            found.push(Finding::new("I4", format!("the run came back {since} ms after it was cancelled")));
        }
        Some(_) => {}
    }
    tally.count(&called);
    tally.copies.cancels += 1;
    tally.enter(&called);
    tally.note(plain.seed, &format!("{what} cancelled at event {event}"), found);
}

/// The tasks of the run, as its report names them. A workflow has tasks that are not there from the start, of which nobody can
/// know.
fn tasks(plain: &Plain) -> Vec<TaskId> {
    if plain.case.function != "run_tasks" && plain.case.request["run"] != true {
        return Vec::new();
    }
    let report = run_of(&plain.called);
    let results = report.as_ref().and_then(|report| report["results"].as_array());
    results.into_iter().flatten().filter_map(|result| result["task_id"].as_str().map(TaskId::new)).collect::<Vec<_>>()
}
