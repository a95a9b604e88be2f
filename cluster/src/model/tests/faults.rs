//! What goes wrong as it was wished for.

use std::fs;

use parallel_agents_engine::host::{FailureKind, SessionOutcome};
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_lost_reply_is_that_of_a_session_that_is_there() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{LONG} --lose-reply 1000"));
    let error = model.door().spawn(&options("a"), None).await.expect_err("no answer");
    assert!(matches!(error, DoorError::Lost { .. }), "{error}");
    assert_eq!(wait(&model.door(), "a", &[]).await.started, ["a"]);
    model.kill();
    // Half of all answers are lost, each call for itself, so some call gets through.
    let model = Model::start(&dir, &format!("{LONG} --keep-sessions --lose-reply 500"));
    let mut lost = 0;
    for key in (0..20).map(|number| format!("k{number}")) {
        while model.door().spawn(&options(&key), None).await.is_err() {
            lost += 1;
        }
    }
    assert!((5..80).contains(&lost), "{lost}");
    let stats = model.stats().await;
    assert_eq!((&stats["spawned"], &stats["most_starts"]), (&json!(21), &json!(1)));
}

#[tokio::test]
async fn a_refused_request_is_not_done() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{LONG} --refuse 1000"));
    let error = model.door().spawn(&options("a"), None).await.expect_err("it is refused");
    assert!(error.to_string().contains("HTTP 503"), "{error}");
    assert_eq!(model.stats().await["asked"], json!(0));
}

#[tokio::test]
async fn some_sessions_fail() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{SHORT} --fail 1000"));
    let door = model.door();
    spawn(&door, "a").await;
    let (_, end) = wait(&door, "a", &["a"]).await.ends().pop().expect("an end");
    assert!(matches!(end.outcome, SessionOutcome::Failed { kind: FailureKind::Infrastructure, .. }));
    assert!(end.completion.is_none() && end.usage.is_none());
}

#[tokio::test]
async fn nothing_arrives_or_leaves_while_the_line_is_silent() {
    let dir = dir();
    let file = dir.path().join("silent");
    fs::write(&file, "").expect("written");
    let model = Model::start(&dir, &format!("{LONG} --silent-while {}", file.display()));
    let door = model.door();
    let call = tokio::spawn(async move { door.facts().await });
    // The counters are for those who watch, so they can be asked for.
    for _ in 0..3 {
        assert_eq!(model.stats().await["requests"], json!(0));
    }
    assert!(!call.is_finished());
    fs::remove_file(&file).expect("it was there");
    call.await.expect("no panic").expect("facts");
    assert_eq!(model.stats().await["requests"], json!(1));
}
