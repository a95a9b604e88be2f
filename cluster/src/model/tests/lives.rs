//! What outlives the process.

use std::fs::{self, OpenOptions};
use std::io::Write;

use parallel_agents_engine::host::SessionOutcome;
use serde_json::json;

use super::super::error::ModelError;
use super::*;

/// How the session of a key ended.
async fn outcome(door: &Door, key: &str) -> SessionOutcome {
    wait(door, key, &[key]).await.ends().pop().expect(key).1.outcome
}

#[tokio::test]
async fn what_ran_is_interrupted_and_what_was_queued_is_run_once() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{LONG} --slots 1"));
    let door = model.door();
    let (a, b) = (spawn(&door, "a").await, spawn(&door, "b").await);
    assert_eq!(wait(&door, "a", &[]).await.started, ["a"]);
    model.kill();

    let model = Model::start(&dir, &format!("{SHORT} --slots 1"));
    let door = model.door();
    assert_eq!((spawn(&door, "a").await, spawn(&door, "b").await), (a, b), "a key keeps its receipt");
    assert_eq!(outcome(&door, "a").await, SessionOutcome::Interrupted);
    assert_eq!(outcome(&door, "b").await, SessionOutcome::Completed);
    let stats = model.stats().await;
    assert_eq!((&stats["starts"], &stats["most_starts"], &stats["peak_live"]), (&json!(2), &json!(1), &json!(2)));
    assert_eq!(stats["ended"], json!({ "completed": 1, "interrupted": 1 }));
}

#[tokio::test]
async fn kept_sessions_go_on_to_their_end() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    spawn(&model.door(), "a").await;
    model.kill();
    let model = Model::start(&dir, &format!("{LONG} --keep-sessions"));
    assert_eq!(wait(&model.door(), "a", &[]).await.started, ["a"], "it still runs");
    model.kill();
    let model = Model::start(&dir, &format!("{SHORT} --keep-sessions"));
    assert_eq!(outcome(&model.door(), "a").await, SessionOutcome::Completed);
    assert_eq!(model.stats().await["starts"], json!(1));
}

#[tokio::test]
async fn a_cancelled_key_stays_cancelled() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    let door = model.door();
    door.cancel("a").await.expect("it is written down");
    assert_eq!(refused(&door, &options("a")).await, "E_DOOR_CANCELLED");
    spawn(&door, "b").await;
    door.cancel("b").await.expect("it is stopped");
    model.kill();
    let model = Model::start(&dir, LONG);
    let door = model.door();
    for key in ["a", "b"] {
        assert_eq!(refused(&door, &options(key)).await, "E_DOOR_CANCELLED");
    }
    assert_eq!(outcome(&door, "b").await, SessionOutcome::Cancelled);
    let stats = model.stats().await;
    assert_eq!((&stats["cancelled"], &stats["spawned"], &stats["live"]), (&json!(2), &json!(1), &json!(0)));
}

#[tokio::test]
async fn half_a_line_is_what_had_not_begun() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    let receipt = spawn(&model.door(), "a").await;
    model.kill();
    let file = dir.path().join("keys.jsonl");
    let whole = fs::read(&file).expect("the file");
    let asked = whole.split_inclusive(|byte| *byte == b'\n').next().expect("a line");
    let half = String::from_utf8_lossy(&asked[..asked.len() / 2]).replace("\"a\"", "\"b\"");
    OpenOptions::new().append(true).open(&file).and_then(|mut file| file.write_all(half.as_bytes())).expect("written");

    let model = Model::start(&dir, &format!("{LONG} --keep-sessions"));
    assert_eq!(fs::read(&file).expect("the file"), whole);
    let door = model.door();
    assert_eq!(spawn(&door, "a").await, receipt);
    assert_eq!(wait(&door, "b", &[]).await.unknown, ["b"]);
    spawn(&door, "b").await;
    model.kill();
    Model::start(&dir, LONG);
}

#[tokio::test]
async fn what_was_only_asked_for_is_spawned_when_it_is_asked_for_again() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    spawn(&model.door(), "a").await;
    model.kill();
    // The process was killed before the session began.
    let file = dir.path().join("keys.jsonl");
    let whole = fs::read_to_string(&file).expect("the file");
    fs::write(&file, whole.lines().next().expect("a line").to_owned() + "\n").expect("written");

    let model = Model::start(&dir, LONG);
    let door = model.door();
    assert_eq!(wait(&door, "a", &[]).await.unknown, ["a"]);
    let other = SpawnOptions { task: "Another one".to_owned(), ..options("a") };
    assert_eq!(refused(&door, &other).await, "E_DOOR_KEY_TAKEN");
    spawn(&door, "a").await;
    let stats = model.stats().await;
    assert_eq!((&stats["asked"], &stats["starts"], &stats["live"]), (&json!(1), &json!(1), &json!(1)));
}

#[tokio::test]
async fn a_session_over_its_time_is_ended() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    spawn(&model.door(), "a").await;
    model.kill();
    // As if it had begun long ago.
    let file = dir.path().join("keys.jsonl");
    let line = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        line["at"] = json!(1);
        format!("{line}\n")
    };
    let older: String = fs::read_to_string(&file).expect("the file").lines().map(line).collect();
    fs::write(&file, older).expect("written");
    let model = Model::start(&dir, &format!("{LONG} --keep-sessions"));
    assert_eq!(outcome(&model.door(), "a").await, SessionOutcome::TimedOut);
}

#[tokio::test]
async fn a_file_that_is_in_use_or_cannot_be_read_is_refused() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    let error = Gateway::open(args(dir.path(), LONG)).expect_err("it is in use");
    assert!(matches!(error, ModelError::InUse { .. }), "{error}");
    model.kill();
    fs::write(dir.path().join("keys.jsonl"), "{\"at\": 1}\n").expect("written");
    let error = Gateway::open(args(dir.path(), LONG)).expect_err("it cannot be read");
    assert!(matches!(error, ModelError::Unreadable { line: 1, .. }), "{error}");
}
