//! Runs on the loopback model server that are recorded, and what comes of them when they are played again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gateway_sim::clock::Clock;
use gateway_sim::native;
use gateway_sim::observed::Observed;
use gateway_sim::recording::{Assumed, RecordedSession, Recorder, Recording, Tape};
use gateway_sim::script::Script;
use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::live::{Live, LiveOptions, ModelServer};
use crate::model_server;

const SCRIPT: &str = "version = 1\ndefault_model = \"sim/standard\"\n[models.\"sim/standard\"]\n\
    [[answers]]\ntask_contains = \"part 3\"\nmax_attempt = 1\nodds = { failing = 1000 }\n\
    [[answers]]\ntask_contains = \"part 5\"\nodds = { failing = 1000 }\nfailures = [{ kind = \"rejected\" }]\n";

fn request(count: usize, width: u32) -> String {
    let task = |n| {
        json!({
            "task_id": format!("t{n}"),
            "agent_type": "content_writer_funny",
            "task_description": format!("Write part {n}."),
            "input_data": { "topic": "tides" },
        })
    };
    json!({ "tasks": (0..count).map(task).collect::<Vec<_>>(), "max_concurrent": width, "breaker": false }).to_string()
}

async fn record(live: Live, arguments: &str, clock: &Clock) -> Recording {
    let recorder = Arc::new(Mutex::new(Recorder::default()));
    let called = native::call("run_tasks", arguments, Observed::of(live).by(recorder.clone()), clock).await;
    assert_eq!(called.backend.checker().violations(), []);
    let reply = read(called.result.expect("a reply"));
    let recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
    recorder.finish("run_tasks", arguments, Some(reply))
}

async fn play(recording: &Recording, arguments: &str, tape: Tape) -> Value {
    let simulation = recording.simulation(tape, None);
    let called = native::call(&recording.head.function, arguments, simulation, &Clock::virtual_time()).await;
    assert_eq!(called.backend.checker().violations(), []);
    read(called.result.expect("a reply"))
}

fn read(reply: DocumentReply) -> Value {
    match reply {
        DocumentReply::Answer(text) => serde_json::from_str(&text).expect("JSON"),
        DocumentReply::Refused(text) => panic!("{text}"),
    }
}

fn plain(recording: &Recording) -> Tape {
    Tape::new(recording, BTreeMap::new())
}

/// Status, error and output of each task.
fn verdicts(report: &Value) -> Vec<Value> {
    let results = report["results"].as_array().expect("results");
    results.iter().map(|it| json!([it["task_id"], it["status"], it["error"]["code"], it["output"]])).collect()
}

fn makespan_ms(report: &Value) -> u64 {
    (report["elapsed_seconds"].as_f64().expect("a number") * 1_000.0).round() as u64
}

/// A run on a real server that plays [`SCRIPT`].
async fn record_live(arguments: &str) -> Recording {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    tokio::spawn(model_server::serve(listener, Script::from_toml(SCRIPT).expect("a script"), 7, 1.0));
    let clock = Clock::real_time();
    let options = LiveOptions { model: "standard".to_owned(), seed: 7, host_cap: None, start_ms: None };
    let live = Live::new(ModelServer::new(&base, None).expect("an address"), options, clock.bell());
    record(live, arguments, &clock).await
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_played_again_is_the_same_run() {
    let arguments = request(12, 4);
    let recording = record_live(&arguments).await;
    let recorded = recording.reply.clone().expect("a reply");
    assert_eq!(recording.sessions.len(), 13, "one was tried again");
    assert_eq!((recorded["census"]["completed"].clone(), recorded["census"]["failed"].clone()), (json!(11), json!(1)));
    let kept = Recording::read(&recording.text()).expect("its own file");
    assert_eq!(kept, recording);
    let tape = plain(&kept);
    let again = play(&kept, &arguments, tape.clone()).await;
    assert_eq!(verdicts(&again), verdicts(&recorded));
    assert!(makespan_ms(&again).abs_diff(makespan_ms(&recorded)) <= 13, "a millisecond for each session");
    assert_eq!(again["usage"], recorded["usage"]);
    assert_eq!(tape.assumed(), Assumed::default());
}

#[tokio::test(start_paused = true)]
async fn another_cap_gives_the_makespan_of_list_scheduling() {
    // Without failures there are no pauses, and each session starts as soon as a place is free.
    let arguments = request(9, 9);
    let recording = record_live(&arguments.replace("part", "piece")).await;
    let run_ms: Vec<u64> = recording.sessions.iter().map(RecordedSession::run_ms).collect();
    assert_eq!(run_ms.len(), 9);
    for width in 1..=9_u32 {
        let mut free_at = vec![0_u64; width as usize];
        for ms in &run_ms {
            free_at.sort_unstable();
            free_at[0] += ms;
        }
        let arguments = request(9, width).replace("part", "piece");
        let report = play(&recording, &arguments, plain(&recording)).await;
        assert_eq!(makespan_ms(&report), free_at.into_iter().max().unwrap_or(0), "width {width}, {run_ms:?}");
        assert_eq!(report["peak_in_flight"], width);
    }
    let half = play(&recording, &request(9, 1).replace("part", "piece"), plain(&recording).scaled(500)).await;
    let sum: u64 = run_ms.iter().map(|ms| ms / 2).sum();
    assert_eq!(makespan_ms(&half), sum);
}
