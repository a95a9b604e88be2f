//! A run that is cut off at each of its host calls, and goes on.

use std::collections::BTreeMap;

use parallel_agents::documents::DocumentReply;
use serde_json::Value;

use super::{Case, Explorer, Subject, Tally, check};
use crate::call::Called;
use crate::clock::Clock;
use crate::native;
use crate::script::FaultProfile;
use crate::world::{CrashPoint, Moment, Restart, World, WorldOptions};

/// The moments of one host call.
const MOMENTS: [Moment; 3] = [Moment::Before, Moment::Within, Moment::After];

impl Explorer<'_> {
    /// Cuts the run of a seed off at every host call, and has it go on. At most `most` of these points are tried, evenly
    /// spread over the run.
    pub async fn crash(&self, seed: u64, most: u64, tally: &mut Tally) {
        let case = self.case(seed);
        let whole = self.call(&case.request.to_string(), self.world(&case, seed)).await;
        let points = whole.world.host_calls().saturating_mul(MOMENTS.len() as u64);
        let tried = points.min(most.max(1));
        for nth in 0..tried {
            let place = nth.saturating_mul(points) / tried.max(1);
            let (call, moment) = (place / 3, MOMENTS[(place % 3) as usize]);
            // Half of the gateways go down too.
            let restart = if (seed ^ nth).is_multiple_of(2) { Restart::Caller } else { Restart::Gateway };
            self.crash_at(seed, &case, &whole, CrashPoint { call, moment }, restart, tally).await;
        }
    }

    async fn crash_at(
        &self,
        seed: u64,
        case: &Case,
        whole: &Called<DocumentReply>,
        point: CrashPoint,
        restart: Restart,
        tally: &mut Tally,
    ) {
        let mut world = self.world(case, seed);
        let start_ms = world.now_ms();
        world.crash_at(point);
        let cut = self.call(&case.request.to_string(), world).await;
        if !cut.world.is_cut_off() {
            return;
        }
        tally.crash_points += 1;
        let world = cut.world.revived(restart);
        let journal = world.journal().to_owned();
        if journal.is_empty() {
            // Nothing had been asked for.
            return;
        }
        let resumed = self.resume(&journal, world).await;
        tally.resumes += 1;
        let mut found = check::check(&case.request, &resumed);
        let duplicates = resumed.world.ledger().duplicate_sessions();
        tally.duplicate_spawns += u64::from(duplicates);
        if duplicates > 0 {
            found.push(format!("{duplicates} attempts have two sessions"));
        }
        if restart == Restart::Caller && is_calm(case) {
            found.extend(differences(whole, &resumed));
        }
        let place = format!("cut off at host call {} ({:?}, {restart:?})", point.call, point.moment);
        let found = found.into_iter().map(|what| format!("{place}: {what}")).collect();
        tally.enter(seed, &resumed, found, start_ms);
    }

    async fn resume(&self, journal: &str, world: World) -> Called<DocumentReply> {
        let clock = Clock::virtual_time();
        match &self.subject {
            Subject::Component(host) => host.resume(journal, world, &clock).await,
            Subject::Native => native::resume(journal, world, &clock).await,
        }
    }

    fn world(&self, case: &Case, seed: u64) -> World {
        let options = WorldOptions { keep_trace: false, keeps_journal: true, ..WorldOptions::default() };
        self.world_with(case, seed, options)
    }
}

/// Whether the results of a run do not depend on which of its sessions is the quickest.
fn is_calm(case: &Case) -> bool {
    let asks_for_no = |rule: &str| case.request[rule].is_null();
    *case.script.faults() == FaultProfile::default()
        && case.stops.is_empty()
        && asks_for_no("wait")
        && asks_for_no("budget")
}

/// What tasks came to that should have come to the same.
fn differences(whole: &Called<DocumentReply>, resumed: &Called<DocumentReply>) -> Vec<String> {
    let (before, after) = (results(whole), results(resumed));
    let differ = before.iter().filter(|(task, result)| after.get(*task) != Some(*result));
    differ.map(|(task, result)| format!("{task} was {result} and is {:?}", after.get(task))).collect()
}

/// Status and output of each task.
fn results(called: &Called<DocumentReply>) -> BTreeMap<String, String> {
    let Ok(DocumentReply::Answer(text)) = &called.result else { return BTreeMap::new() };
    let report: Value = serde_json::from_str(text).unwrap_or_default();
    let results = report["results"].as_array().into_iter().flatten();
    results
        .map(|result| (result["task_id"].to_string(), format!("{} {}", result["status"], result["output"])))
        .collect()
}
