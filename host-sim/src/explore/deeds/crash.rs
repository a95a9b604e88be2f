//! Cutting a run off at each of its host calls, in a fresh copy each, and going on with it.

use std::collections::BTreeMap;

use parallel_agents::documents::DocumentReply;
use parallel_agents::journal;

use super::Plain;
use crate::call::Called;
use crate::explore::check::{self, run_of};
use crate::explore::{Case, Explorer, Finding, Tally};
use crate::script::FaultProfile;
use crate::world::{CrashPoint, Moment, Restart};

/// The moments of one host call.
const MOMENTS: [Moment; 3] = [Moment::Before, Moment::Within, Moment::After];

pub(super) async fn everywhere(explorer: &Explorer<'_>, plain: &Plain, tally: &mut Tally) {
    let whole = explorer.call(&plain.case, explorer.world_with_journal(&plain.case, plain.seed)).await;
    for call in 0..whole.world.host_calls() {
        for moment in MOMENTS {
            // Half of the gateways go down too.
            let restart = if (plain.seed ^ call).is_multiple_of(2) { Restart::Caller } else { Restart::Gateway };
            at(explorer, plain, &whole, CrashPoint { call, moment }, restart, tally).await;
        }
    }
}

async fn at(
    explorer: &Explorer<'_>,
    plain: &Plain,
    whole: &Called<DocumentReply>,
    point: CrashPoint,
    restart: Restart,
    tally: &mut Tally,
) {
    let mut world = explorer.world_with_journal(&plain.case, plain.seed);
    world.crash_at(point);
    let cut = explorer.call(&plain.case, world).await;
    if !cut.world.is_cut_off() {
        return;
    }
    tally.crash_points += 1;
    let world = cut.world.revived(restart);
    let journal = world.journal().to_owned();
    let is_empty = matches!(journal::read(&journal), Err(problem) if problem.code == "E_JOURNAL_EMPTY");
    if is_empty && world.ledger().spawn_calls() == 0 {
        // Nothing had been asked for, so the call is made again and not gone on with.
        return;
    }
    let resumed = explorer.resume(&journal, world).await;
    tally.resumes += 1;
    let mut found = check::check(&plain.case, &resumed);
    let duplicates = resumed.world.ledger().duplicate_sessions();
    if duplicates > 0 {
        found.push(Finding::new("E7", format!("{duplicates} attempts have two sessions")));
    }
    if restart == Restart::Caller && is_calm(&plain.case) {
        found.extend(differences(whole, &resumed));
    }
    tally.count(&resumed);
    tally.enter(&resumed);
    let place = format!("cut off at host call {} ({:?}, {restart:?})", point.call, point.moment);
    tally.note(plain.seed, &place, found);
}

/// Whether the results of a run do not depend on which of its sessions is the quickest.
fn is_calm(case: &Case) -> bool {
    let asks_for_no = |rule: &str| case.request[rule].is_null();
    case.function == "run_tasks"
        && *case.script.faults() == FaultProfile::default()
        && case.stops.is_empty()
        && asks_for_no("wait")
        && asks_for_no("budget")
}

/// What tasks came to that should have come to the same.
fn differences(whole: &Called<DocumentReply>, resumed: &Called<DocumentReply>) -> Vec<Finding> {
    let (before, after) = (results(whole), results(resumed));
    let differ = before.iter().filter(|(task, result)| after.get(*task) != Some(*result));
    differ
        .map(|(task, result)| Finding::new("E7", format!("{task} was {result} and is {:?}", after.get(task))))
        .collect()
}

/// Status and output of each task.
fn results(called: &Called<DocumentReply>) -> BTreeMap<String, String> {
    let report = run_of(called).unwrap_or_default();
    let results = report["results"].as_array().into_iter().flatten();
    results
        .map(|result| (result["task_id"].to_string(), format!("{} {}", result["status"], result["output"])))
        .collect()
}
