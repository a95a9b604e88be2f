//! Recorded runs, and what comes of them when they are played again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::FailureKind;
use serde_json::{Value, json};

use super::{Assumed, RecordedOutcome, RecordedSession, Recorder, Recording, RecordingError, Tape};
use crate::clock::Clock;
use crate::native;
use crate::options::SimulationOptions;
use crate::script::Script;
use crate::simulation::Simulation;

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

async fn record(simulation: Simulation, arguments: &str, clock: &Clock) -> Recording {
    let recorder = Arc::new(Mutex::new(Recorder::default()));
    let called = native::call("run_tasks", arguments, simulation.by(recorder.clone()), clock).await;
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

#[tokio::test]
async fn a_simulated_run_can_be_recorded_too() {
    let arguments = request(20, 5);
    let simulation = Simulation::new(Script::bundled(), 3, SimulationOptions::default());
    let recording = record(simulation, &arguments, &Clock::virtual_time()).await;
    let recorded = recording.reply.clone().expect("a reply");
    assert_eq!(recording.head.latencies.spawn_ms, 200);
    let again = play(&recording, &arguments, plain(&recording)).await;
    assert_eq!((verdicts(&again), makespan_ms(&again)), (verdicts(&recorded), makespan_ms(&recorded)));
}

#[tokio::test]
async fn what_was_not_recorded_is_said_and_not_made_up_in_silence() {
    let arguments = request(4, 4);
    let simulation = Simulation::new(Script::bundled(), 3, SimulationOptions::default());
    let recording = record(simulation, &arguments, &Clock::virtual_time()).await;
    let run_ms: Vec<u64> = recording.sessions.iter().map(RecordedSession::run_ms).collect();
    let longest = run_ms.iter().max().copied().unwrap_or(0);
    let other = arguments.replacen('{', "{\"models\": {\"premium\": \"big\"},", 1);
    let tape = Tape::new(&recording, BTreeMap::from([("big".to_owned(), 3_000)]));
    let report = play(&recording, &other, tape.clone()).await;
    assert_eq!(report["census"]["completed"], 4);
    assert_eq!(tape.assumed().models, BTreeMap::from([("big".to_owned(), (4, Some(3_000)))]));
    assert!(makespan_ms(&report) >= longest * 3, "{report}");
    let tape = plain(&recording);
    let more = play(&recording, &request(5, 4), tape.clone()).await;
    assert_eq!((&more["census"]["completed"], &more["census"]["failed"]), (&json!(4), &json!(1)));
    assert_eq!(tape.assumed().unknown, ["content_writer_funny t4"]);
}

/// A recorded run of a single task whose first session was slow: a hedge answered, and the slow one was stopped.
async fn hedged() -> Recording {
    let simulation = Simulation::new(Script::bundled(), 3, SimulationOptions::default());
    let mut recording = record(simulation, &request(1, 4), &Clock::virtual_time()).await;
    let answered = recording.sessions[0].clone();
    let slow = RecordedSession { ended_ms: Some(90_000), outcome: RecordedOutcome::Stopped, usage: None, ..answered };
    let hedge = RecordedSession { attempt: 2, started_ms: 80_000, ended_ms: Some(89_000), ..answered_of(&recording) };
    recording.sessions = vec![slow, hedge];
    recording
}

fn answered_of(recording: &Recording) -> RecordedSession {
    recording.sessions.iter().find(|session| session.outcome != RecordedOutcome::Stopped).expect("an answer").clone()
}

#[tokio::test]
async fn a_session_that_was_stopped_goes_on_if_nobody_stops_it() {
    let recording = hedged().await;
    let tape = plain(&recording);
    let alone = play(&recording, &request(1, 4), tape.clone()).await;
    assert_eq!(alone["census"]["completed"], 1, "{alone}");
    assert!(makespan_ms(&alone) > 90_000 - recording.sessions[0].started_ms, "until then it had not answered: {alone}");
    assert_eq!(tape.assumed(), Assumed { stopped: 1, ..Assumed::default() });
    // Where nothing else was said to the task, nothing stands in.
    let mut silent = recording.clone();
    silent.sessions.truncate(1);
    let tape = plain(&silent);
    let report = play(&silent, &request(1, 4).replacen('{', "{\"retries\": 0, ", 1), tape.clone()).await;
    assert_eq!(report["results"][0]["status"], "timeout", "{report}");
    assert_eq!(tape.assumed(), Assumed { silent: 1, ..Assumed::default() });
}

#[tokio::test]
async fn sessions_beyond_the_recorded_ones_are_said_to_repeat_them() {
    let failing = "odds = { failing = 1000 }";
    let broken = SCRIPT.replacen(failing, &format!("{failing}\nfailures = [{{ kind = \"infrastructure\" }}]"), 1);
    let script = Script::from_toml(&broken).expect("a script");
    let arguments = request(4, 4).replacen('{', "{\"retries\": 0, ", 1);
    let recording =
        record(Simulation::new(script, 3, SimulationOptions::default()), &arguments, &Clock::virtual_time()).await;
    assert_eq!(recording.sessions.len(), 4);
    let tape = plain(&recording);
    let report = play(&recording, &request(4, 4).replacen('{', "{\"retries\": 2, ", 1), tape.clone()).await;
    assert_eq!(report["results"][3]["metadata"]["attempts"], 3, "{report}");
    assert_eq!(tape.assumed(), Assumed { repeated: 2, ..Assumed::default() });
}

#[tokio::test]
async fn a_wait_that_a_provider_asked_for_is_kept() {
    let simulation = Simulation::new(Script::bundled(), 3, SimulationOptions::default());
    let mut recording = record(simulation, &request(1, 1), &Clock::virtual_time()).await;
    let answered = recording.sessions[0].clone();
    let (kind, message) = (FailureKind::RateLimited, "HTTP 429".to_owned());
    let outcome = RecordedOutcome::Failed { kind, message, retry_after_ms: Some(120_000) };
    let limited = RecordedSession { outcome, usage: None, ..answered.clone() };
    recording.sessions = vec![limited, RecordedSession { attempt: 2, ..answered }];
    let report = play(&recording, &request(1, 1), plain(&recording)).await;
    assert_eq!(report["census"]["completed"], 1, "{report}");
    assert!(makespan_ms(&report) > 120_000, "{report}");
}

#[tokio::test]
async fn a_refused_spawn_call_is_no_session() {
    let refusing = format!("{SCRIPT}\n[faults]\nspawn_busy = 500\n");
    let script = Script::from_toml(&refusing).expect("a script");
    let arguments = request(3, 2);
    let recording =
        record(Simulation::new(script, 5, SimulationOptions::default()), &arguments, &Clock::virtual_time()).await;
    let refused = recording.sessions.iter().filter(|it| matches!(it.outcome, RecordedOutcome::Refused(_))).count();
    assert!(refused > 0, "{:?}", recording.sessions);
    let tape = plain(&recording);
    let report = play(&recording, &arguments, tape.clone()).await;
    assert_eq!(report["census"]["completed"], 3, "{report}");
    assert_eq!(tape.assumed(), Assumed { refused: refused as u32, ..Assumed::default() });
}

#[tokio::test]
async fn files_that_are_no_recordings_are_refused() {
    let simulation = Simulation::new(Script::bundled(), 3, SimulationOptions::default());
    let good = record(simulation, &request(2, 2), &Clock::virtual_time()).await.text();
    let lines: Vec<&str> = good.lines().collect();
    let wrong = |text: &str| Recording::read(text).expect_err(text);
    assert!(matches!(wrong(""), RecordingError::Version { version: 0, .. }));
    assert!(matches!(wrong("{\"tasks\":[]}"), RecordingError::Version { version: 0, .. }));
    assert!(matches!(wrong(lines[0]), RecordingError::Cut));
    assert!(matches!(wrong(&lines[..3].join("\n")), RecordingError::Cut));
    assert!(matches!(wrong("{}\n{}"), RecordingError::Version { version: 0, .. }));
    let later = good.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(wrong(&later), RecordingError::Version { version: 2, .. }));
    let odd = good.replacen("\"attempt\":1", "\"attempt\":\"one\"", 1);
    assert!(matches!(wrong(&odd), RecordingError::Line { line: 2, .. }));
    assert!(matches!(wrong(&good.replacen("\"seed\"", "\"sead\"", 1)), RecordingError::Line { line: 1, .. }));
}
