//! Whole runs through the component.

use gateway_sim::Called;
use gateway_sim::clock::{Clock, StopSwitch};
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::DocumentReply;
use serde_json::Value;

use crate::component::{assert_same_trace, component};
use crate::requests_of::{chain, many};

/// A gateway with room for everything that the component can ask for.
const WIDE: &str = "version = 1\n[host]\nmax_concurrent = 64\nmax_children = 64\nmax_total = 1000\n";

fn simulation(script: &str, seed: u64) -> Simulation {
    let script = Script::from_toml(script).unwrap_or_else(|error| panic!("{error}"));
    Simulation::new(script, seed, SimulationOptions::default())
}

/// The report of a run whose checker found nothing wrong.
fn report(called: &Called<DocumentReply>) -> Value {
    assert_eq!(called.backend.checker().violations(), []);
    match &called.result {
        Ok(DocumentReply::Answer(text)) => serde_json::from_str(text).expect("a report is JSON"),
        other => panic!("no report: {other:?}"),
    }
}

fn ids(report: &Value) -> Vec<&str> {
    let results = report["results"].as_array().expect("results");
    results.iter().map(|result| result["task_id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn runs_of_every_size_keep_their_cap_and_their_order() {
    let host = component().await;
    for (tasks, cap) in [(1, 1), (20, 5), (200, 50)] {
        let request = many(tasks, &format!("\"max_concurrent\": {cap}"));
        let called = host.call("run_tasks", &request, simulation(WIDE, 11), &Clock::virtual_time()).await;
        let report = report(&called);
        let expected: Vec<String> = (1..=tasks).map(|n| format!("step-{n}")).collect();
        assert_eq!(ids(&report), expected);
        assert_eq!(report["status"], "completed");
        let checker = called.backend.checker();
        assert_eq!(checker.peak_live(), cap, "the whole width is used, and no more");
        assert_eq!(report["peak_in_flight"], cap);
        assert_eq!((checker.spawn_calls() as usize, checker.live()), (tasks, 0));
    }
}

#[tokio::test]
async fn an_answer_that_is_longer_than_its_task_allows_is_kept_and_not_completed() {
    let task = |more: &str| {
        format!(r#"{{"agent_type": "content_writer_funny", "task_description": "x", "output_format": "text"{more}}}"#)
    };
    let (short, free) = (task(r#", "max_output_chars": 9"#), task(""));
    let request = format!(r#"{{"tasks": [{short}, {free}]}}"#);
    let script = "version = 1\n[[answers]]\ntemplate = 'ten chars.'\n";
    let called = native::call("run_tasks", &request, simulation(script, 1), &Clock::virtual_time()).await;
    let report = report(&called);
    let of = |index: usize| {
        (report["results"][index]["status"].as_str(), report["results"][index]["error"]["code"].as_str())
    };
    assert_eq!(of(0), (Some("failed"), Some("E_OUTPUT_TOO_LONG")));
    assert_eq!(report["results"][0]["output"], "ten chars.");
    assert_eq!(of(1), (Some("completed"), None));
}

#[tokio::test]
async fn tasks_that_depend_on_each_other_run_one_by_one() {
    let called = component().await.call("run_tasks", &chain(8, ""), simulation(WIDE, 3), &Clock::virtual_time()).await;
    assert_eq!(report(&called)["status"], "completed");
    assert_eq!(called.backend.checker().peak_live(), 1);
}

#[tokio::test]
async fn bad_agents_end_every_task_and_leave_nothing_behind() {
    let odds =
        "[[answers]]\nodds = { good = 300, malformed = 150, empty = 150, late = 100, failing = 150, hanging = 150 }\n";
    let script = format!("{WIDE}{odds}");
    for seed in 1..=10 {
        let request = many(20, "\"cleanup\": \"delete\"");
        let called =
            component().await.call("run_tasks", &request, simulation(&script, seed), &Clock::virtual_time()).await;
        let report = report(&called);
        let census = &report["census"];
        let ended: u64 =
            ["completed", "failed", "timeout", "cancelled", "skipped"].iter().filter_map(|k| census[k].as_u64()).sum();
        assert_eq!(ended, 20, "seed {seed}: {census}");
        assert_ne!(report["status"], "completed", "seed {seed}: some agents were bad");
        let summary = called.backend.checker().summary();
        assert_eq!((summary.live, summary.orphans), (0, 0), "seed {seed}");
        assert_eq!(summary.deleted, summary.sessions, "seed {seed}");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes_and_burns_the_same_fuel() {
    let host = component().await;
    let run = async |seed| host.call("run_tasks", &many(12, ""), simulation(WIDE, seed), &Clock::virtual_time()).await;
    let (first, again, other) = (run(5).await, run(5).await, run(6).await);
    assert_same_trace(first.backend.trace(), again.backend.trace(), "the same run twice");
    assert_eq!(first.result.as_ref().ok(), again.result.as_ref().ok());
    assert_eq!(first.fuel_used, again.fuel_used);
    assert!(first.fuel_used.is_some_and(|fuel| fuel > 0));
    assert_ne!(first.backend.trace().text(), other.backend.trace().text());
}

#[tokio::test]
async fn a_name_that_is_not_known_is_refused_by_both_and_asks_nobody() {
    let guest = component().await.call("run_task", "{}", simulation(WIDE, 9), &Clock::virtual_time()).await;
    let native = native::call("run_task", "{}", simulation(WIDE, 9), &Clock::virtual_time()).await;
    let refused = native.result.expect("the call came back");
    assert_eq!(guest.result.as_ref().ok(), Some(&refused));
    let DocumentReply::Refused(text) = refused else { panic!("{refused:?}") };
    assert!(text.contains("E_FUNCTION_UNKNOWN") && text.contains("did you mean run_tasks"), "{text}");
    assert_eq!(guest.backend.checker().summary().requests, 0);
}

#[tokio::test]
async fn the_functions_are_those_of_the_native_engine() {
    let guest = component().await.functions().await.expect("they are listed");
    assert_eq!(guest, parallel_agents::documents::functions());
    assert_eq!(guest.first().map(|function| function.name.as_str()), Some("run_tasks"));
}

#[tokio::test(start_paused = true)]
async fn real_time_gives_the_report_of_virtual_time() {
    let host = component().await;
    let virtual_run = host.call("run_tasks", &many(6, ""), simulation(WIDE, 2), &Clock::virtual_time()).await;
    let began = tokio::time::Instant::now();
    let real_run = host.call("run_tasks", &many(6, ""), simulation(WIDE, 2), &Clock::real_time()).await;
    assert_same_trace(virtual_run.backend.trace(), real_run.backend.trace(), "virtual and real time");
    let elapsed = report(&real_run)["elapsed_seconds"].as_f64().expect("a number");
    assert!((began.elapsed().as_secs_f64() - elapsed).abs() < 0.1, "{:?} for {elapsed} s", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stop_cancels_what_runs_and_leaves_nothing_behind() {
    let host = component().await;
    let stop = StopSwitch::new();
    let clock = Clock::real_time().with_stop(stop.clone());
    let request = many(10, "\"max_concurrent\": 2");
    let run = host.call("run_tasks", &request, simulation(WIDE, 4), &clock);
    let stopper = async {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        stop.throw("enough");
    };
    let (called, ()) = tokio::join!(run, stopper);
    let report = report(&called);
    assert_eq!(report["status"], "cancelled");
    assert_eq!(report["census"]["completed"].as_u64().map(|done| done < 10), Some(true), "{}", report["census"]);
    assert_eq!((called.backend.checker().live(), called.backend.checker().orphans().len()), (0, 0));
    assert!(called.backend.trace().text().contains("stop task=- reason=\"enough\""));
}
