//! Cutting a run off at its host calls, in a fresh copy each, and going on with it.
//!
//! Up to the cut, the copy is the whole run. So what had ended by then has to have the same result as in the whole run,
//! whatever faults there are. Of a calm run, in which no result depends on what comes first, all results have to be the same.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::journal;
use serde_json::{Value, json};

use crate::call::Called;
use crate::explore::case::Case;
use crate::explore::check::{self, run_of};
use crate::explore::explorer::Explorer;
use crate::explore::finding::Finding;
use crate::explore::perturbations::{Places, Plain};
use crate::explore::tally::Tally;
use crate::explore::{calm, request};
use crate::gateway::{CrashPoint, Moment, Restart};

/// The moments of one host call.
const MOMENTS: [Moment; 3] = [Moment::Before, Moment::Within, Moment::After];

pub(super) async fn at_places(explorer: &Explorer<'_>, plain: &Plain, places: Places, tally: &mut Tally) {
    let whole = explorer.call(&plain.case, explorer.simulation_with_journal(&plain.case, plain.seed)).await;
    for call in places.of(plain.seed, whole.backend.host().host_calls()) {
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
    let mut simulation = explorer.simulation_with_journal(&plain.case, plain.seed);
    simulation.host_mut().crash_at(point);
    let cut = explorer.call(&plain.case, simulation).await;
    if !cut.backend.host().is_cut_off() {
        return;
    }
    tally.copies.crash_points += 1;
    let simulation = cut.backend.revived(restart);
    let journal = simulation.host().journal().to_owned();
    let is_empty = matches!(journal::read(&journal), Err(problem) if problem.code == "E_JOURNAL_EMPTY");
    if is_empty && simulation.checker().spawn_calls() == 0 {
        // Nothing had been asked for, so the call is made again and not gone on with.
        return;
    }
    let resumed = explorer.resume(&journal, simulation).await;
    tally.copies.resumes += 1;
    let mut found = check::check(&plain.case, &resumed, &mut tally.excuses);
    let duplicates = resumed.backend.checker().duplicate_sessions();
    if duplicates > 0 {
        found.push(Finding::new("E7", format!("{duplicates} attempts have two sessions")));
    }
    let ended: BTreeSet<String> = resumed.backend.checker().ended_before_cut().map(|task| task.to_string()).collect();
    let reports = [whole, &resumed].map(|called| run_of(called).unwrap_or_default());
    found.extend(compare(&plain.case, restart, &ended, &reports, tally));
    tally.copies.calm_resumes += u64::from(calm::is_calm(&plain.case));
    tally.count(&resumed);
    tally.enter(&resumed);
    let place = format!("cut off at host call {} ({:?}, {restart:?})", point.call, point.moment);
    tally.note(plain.seed, &place, found);
}

/// What a call that went on has to have in common with the whole one. `ended`: tasks that had ended before the cut; `reports`:
/// of the whole call, and of the one that went on.
fn compare(
    case: &Case,
    restart: Restart,
    ended: &BTreeSet<String>,
    reports: &[Value; 2],
    tally: &mut Tally,
) -> Vec<Finding> {
    let is_calm = calm::is_calm(case);
    let tasks = case.request["tasks"].as_array().into_iter().flatten();
    let repeatable: BTreeSet<&str> =
        tasks.filter(|task| request::is_repeatable(task)).filter_map(|task| task["task_id"].as_str()).collect();
    let [whole, resumed] = reports.each_ref().map(results);
    // The time limit of a session that hangs may pass while no call is there. It then counts as cut off and is done again,
    // which can only be better.
    let has_hung = whole.values().any(|result| result.outcome[0] == "timeout");
    let mut found = Vec::new();
    for (task, whole) in whole {
        let resumed = resumed.get(&task);
        if ended.contains(&task) {
            tally.copies.results_before_cuts += 1;
            found.extend(differs(&task, &whole.all, resumed.map(|result| &result.all)));
        } else if is_calm && !has_hung && restart == Restart::Caller {
            tally.copies.results_of_calm_runs += 1;
            found.extend(differs(&task, &whole.outcome, resumed.map(|result| &result.outcome)));
        }
        let is_given_up = is_calm && resumed.is_some_and(|result| result.is_given_up);
        if is_given_up && repeatable.contains(task.as_str()) {
            found.push(Finding::new("E7", format!("{task} was cut off and not done again, although it may run twice")));
        }
    }
    found
}

/// A result that should have been the same and was not.
fn differs(task: &str, whole: &Value, resumed: Option<&Value>) -> Option<Finding> {
    (resumed != Some(whole)).then(|| {
        let resumed = resumed.map_or_else(|| "nothing".to_owned(), Value::to_string);
        Finding::new("E7", format!("{task} was {whole} and is {resumed}"))
    })
}

/// What a task came to.
struct Outcome {
    /// Its status and its output.
    outcome: Value,
    /// These, and which sessions it took and why it did not do. What was used is left out: the word of it may come later.
    all: Value,
    /// It was cut off and given up.
    is_given_up: bool,
}

/// What each task of a report came to.
fn results(report: &Value) -> BTreeMap<String, Outcome> {
    let results = report["results"].as_array().into_iter().flatten();
    let of = |result: &Value| {
        let log = result["metadata"]["attempt_log"].as_array().into_iter().flatten();
        let sessions: Vec<&Value> = log.map(|attempt| &attempt["session_key"]).collect();
        let (status, output) = (&result["status"], &result["output"]);
        Outcome {
            outcome: json!([status, output]),
            all: json!([status, output, result["error"]["code"], result["session_key"], sessions]),
            is_given_up: result["error"]["code"] == "E_INTERRUPTED",
        }
    };
    results.filter_map(|result| Some((result["task_id"].as_str()?.to_owned(), of(result)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Native;
    use crate::explore::Options;

    fn report(output: &str, code: Value) -> Value {
        let status = if code.is_null() { "completed" } else { "cancelled" };
        json!({ "results": [{ "task_id": "part-1", "status": status, "output": output, "session_key": "s",
            "error": { "code": code }, "metadata": { "attempt_log": [{ "session_key": "s" }] } }] })
    }

    async fn case(is_calm: bool) -> Case {
        let explorer = Explorer::new(&Native, Options { tasks: 1, ..Options::default() }).await;
        let explorer = explorer.expect("the engine lists its functions");
        let is_wanted = |case: &Case| case.function == "run_tasks" && calm::is_calm(case) == is_calm;
        let is_repeatable = |case: &Case| request::is_repeatable(&case.request["tasks"][0]);
        let mut cases = (0..1_000).map(|seed| explorer.case(seed));
        cases.find(|case| is_wanted(case) && is_repeatable(case)).expect("one of a thousand")
    }

    fn found(case: &Case, restart: Restart, ended: &[&str], resumed: &Value) -> usize {
        let ended = ended.iter().map(|task| (*task).to_owned()).collect();
        let reports = [report("yes", Value::Null), resumed.clone()];
        compare(case, restart, &ended, &reports, &mut Tally::default()).len()
    }

    #[tokio::test]
    async fn what_had_ended_before_the_cut_stays_as_it_was_whatever_faults_there_are() {
        let (calm, wild) = (case(true).await, case(false).await);
        let (same, other, none) = (report("yes", Value::Null), report("no", Value::Null), json!({}));
        for restart in [Restart::Caller, Restart::Gateway] {
            for case in [&calm, &wild] {
                assert_eq!(found(case, restart, &["part-1"], &same), 0);
                assert_eq!(found(case, restart, &["part-1"], &other), 1);
                assert_eq!(found(case, restart, &["part-1"], &none), 1);
            }
        }
        // What had not ended may come out otherwise, but not in a calm run of which the sessions went on.
        assert_eq!(found(&wild, Restart::Caller, &[], &other), 0);
        assert_eq!(found(&calm, Restart::Gateway, &[], &other), 0);
        assert_eq!(found(&calm, Restart::Caller, &[], &other), 1);
    }

    #[tokio::test]
    async fn what_may_run_twice_is_not_given_up() {
        let given_up = report("", "E_INTERRUPTED".into());
        assert_eq!(found(&case(true).await, Restart::Gateway, &[], &given_up), 1);
        assert_eq!(found(&case(false).await, Restart::Gateway, &[], &given_up), 0);
    }
}
