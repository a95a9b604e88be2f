//! Cutting off: at each host call of a run, in a fresh copy; then the copy goes on from its journal.

use std::collections::BTreeMap;

use parallel_agents::documents::DocumentReply;

use super::Plain;
use crate::call::Called;
use crate::explore::check::{self, run_of};
use crate::explore::{Case, Explorer, Finding, Tally};
use crate::script::FaultProfile;
use crate::world::{CrashPoint, Moment, Restart};

/// The moments of one host call.
const MOMENTS: [Moment; 3] = [Moment::Before, Moment::Within, Moment::After];

/// Every so many copies are cut off a second time, while they go on.
const TWICE: u64 = 7;

pub(super) async fn everywhere(explorer: &Explorer<'_>, plain: &Plain, tally: &mut Tally) {
    for call in 0..plain.called.world.host_calls() {
        for (nth, moment) in MOMENTS.into_iter().enumerate() {
            // Half of the gateways go down too.
            let is_even = (plain.seed + call + nth as u64).is_multiple_of(2);
            let restart = if is_even { Restart::Caller } else { Restart::Gateway };
            at(explorer, plain, CrashPoint { call, moment }, restart, tally).await;
        }
    }
}

async fn at(explorer: &Explorer<'_>, plain: &Plain, point: CrashPoint, restart: Restart, tally: &mut Tally) {
    let mut world = explorer.world(&plain.case, plain.seed);
    world.crash_at(point);
    let mut called = explorer.call(&plain.case, world).await;
    let mut again = (plain.seed + point.call).is_multiple_of(TWICE).then_some(CrashPoint { call: point.call / 2, ..point });
    while called.world.is_cut_off() {
        tally.crash_points += 1;
        let mut world = called.world.revived(restart);
        if world.journal().is_empty() {
            // Nothing had been asked for.
            return;
        }
        if let Some(point) = again.take() {
            world.crash_at(point);
        }
        let journal = world.journal().to_owned();
        called = explorer.resume(&journal, world).await;
        tally.resumes += 1;
    }
    let mut found = check::check(&plain.case, &called);
    let duplicates = called.world.ledger().duplicate_sessions();
    if duplicates > 0 {
        found.push(Finding::new("E7", format!("{duplicates} attempts have two sessions")));
    }
    if restart == Restart::Caller && is_calm(&plain.case) {
        found.extend(differences(&plain.called, &called));
    }
    tally.count(&called);
    tally.enter(&called);
    let place = format!("cut off at host call {} ({:?}, {restart:?})", point.call, point.moment);
    tally.note(plain.seed, &place, found);
}

/// Whether the results of a run do not depend on which of its sessions is the quickest.
fn is_calm(case: &Case) -> bool {
    let asks_for_no = |rule: &str| case.request[rule].is_null();
    *case.script.faults() == FaultProfile::default()
        && case.stops.is_empty()
        && case.function == "run_tasks"
        && asks_for_no("wait")
        && asks_for_no("budget")
}

/// What tasks came to that should have come to the same.
fn differences(whole: &Called<DocumentReply>, resumed: &Called<DocumentReply>) -> Vec<Finding> {
    let (before, after) = (results(whole), results(resumed));
    let differ = before.iter().filter(|(task, result)| after.get(*task) != Some(*result));
    differ.map(|(task, result)| Finding::new("E7", format!("{task} was {result} and is {:?}", after.get(task)))).collect()
}

/// Status and output of each task.
fn results(called: &Called<DocumentReply>) -> BTreeMap<String, String> {
    let report = run_of(called);
    let results = report.as_ref().and_then(|report| report["results"].as_array()).into_iter().flatten();
    results.map(|result| (result["task_id"].to_string(), format!("{} {}", result["status"], result["output"]))).collect()
}
