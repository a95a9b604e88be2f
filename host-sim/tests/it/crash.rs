//! Calls that are cut off at every host call, and go on.

use gateway_sim::clock::Clock;
use gateway_sim::gateway::{CrashPoint, Moment, Restart};
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::journal;
use serde_json::{Value, json};

const SEED: u64 = 11;

fn simulation() -> Simulation {
    let options = SimulationOptions { keeps_journal: true, ..SimulationOptions::default() };
    Simulation::new(Script::bundled(), SEED, options)
}

fn request() -> String {
    let task = |id: &str, after: &[&str]| {
        json!({ "task_id": id, "agent_type": "code_reviewer", "task_description": "Look.", "input_data": { "code": "x" },
            "dependencies": after, "idempotent": true })
    };
    let tasks = [task("a", &[]), task("b", &[]), task("c", &["a"]), task("d", &["b", "c"])];
    json!({ "tasks": tasks, "max_concurrent": 2, "retries": 2, "cleanup": "delete" }).to_string()
}

/// Two steps for each of three items, and one answer made of all.
fn wide_request() -> String {
    let step = |id: &str, words: &str, after: &[&str]| {
        json!({ "task_id": id, "agent_type": "code_reviewer", "task_description": words, "dependencies": after,
            "idempotent": true })
    };
    let steps = [step("look", "Look at {{item}}.", &[]), step("again", "Look again.", &["look"])];
    let reduce =
        json!({ "task": { "agent_type": "code_reviewer", "task_description": "Sum up.", "idempotent": true } });
    let rules =
        json!({ "items": ["a", "b", "c"], "steps": steps, "reduce": reduce, "max_concurrent": 2, "retries": 2 });
    rules.to_string()
}

/// What every task came to. After a restart of the gateway another session may have answered, in other words.
fn outcomes(reply: &DocumentReply, restart: Restart) -> Value {
    let DocumentReply::Answer(text) = reply else { panic!("{reply:?}") };
    let report: Value = serde_json::from_str(text).expect("a report");
    let run = report.get("run").unwrap_or(&report);
    let results = run["results"].as_array().expect("results").iter();
    let said = |result: &Value| (restart == Restart::Caller).then(|| result["output"].clone());
    results.map(|result| json!([result["task_id"], result["status"], said(result)])).collect()
}

#[tokio::test]
async fn wherever_a_call_is_cut_off_it_ends_as_if_it_had_not_been() {
    cut_everywhere("run_tasks", &request()).await;
}

/// The checker holds each life of the call to telling every item once, and to telling what it told before.
#[tokio::test]
async fn wherever_a_run_over_many_items_is_cut_off_every_item_is_told_again_and_once() {
    cut_everywhere("map_tasks", &wide_request()).await;
}

async fn cut_everywhere(function: &str, request: &str) {
    let clock = Clock::virtual_time();
    let whole = native::call(function, request, simulation(), &clock).await;
    let calls = whole.backend.host().host_calls();
    assert!(calls > 20, "{calls}");
    for restart in [Restart::Caller, Restart::Gateway] {
        let expected = outcomes(whole.result.as_ref().expect("a reply"), restart);
        for call in 0..calls {
            for moment in [Moment::Before, Moment::Within, Moment::After] {
                let mut simulation = simulation();
                simulation.host_mut().crash_at(CrashPoint { call, moment });
                let cut = native::call(function, request, simulation, &clock).await;
                if !cut.backend.host().is_cut_off() {
                    continue;
                }
                let simulation = cut.backend.revived(restart);
                let journal = simulation.host().journal().to_owned();
                let told = format!("{restart:?} {moment:?} {call}\n{journal}");
                if matches!(journal::read(&journal), Err(problem) if problem.code == "E_JOURNAL_EMPTY") {
                    assert_eq!(simulation.checker().spawn_calls(), 0, "{told}");
                    continue;
                }
                let resumed = native::resume(&journal, simulation, &clock).await;
                let reply = resumed.result.as_ref().unwrap_or_else(|error| panic!("{error} {told}"));
                assert_eq!(outcomes(reply, restart), expected, "{told}\n{}", resumed.backend.trace().text());
                assert_eq!(resumed.backend.checker().violations(), [], "{told}\n{}", resumed.backend.trace().text());
                assert_eq!(resumed.backend.checker().duplicate_sessions(), 0, "{told}");
            }
        }
    }
}
