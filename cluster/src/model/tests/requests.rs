//! What the door is asked for and answers.

use parallel_agents_engine::host::{HistoryQuery, HostError, ListFilter, MessageRole, SessionOutcome, SessionState};
use parallel_agents_engine::ids::SessionKey;
use serde_json::{Value, json};

use super::super::error::ModelError;
use super::super::listen;
use super::*;

#[tokio::test]
async fn a_key_is_one_session_also_for_those_who_ask_at_once() {
    let (dir, options) = (dir(), options("a"));
    let model = Model::start(&dir, LONG);
    let door = model.door();
    let (one, other) = tokio::join!(door.spawn(&options, None), door.spawn(&options, None));
    let receipt = one.expect("a receipt");
    assert_eq!(other.expect("a receipt"), receipt);
    assert_eq!(spawn(&door, "a").await, receipt);
    assert_eq!((receipt.applied_model.as_deref(), receipt.tool_free), (Some("sim/standard"), true));
    let stats = model.stats().await;
    assert_eq!((&stats["spawned"], &stats["starts"], &stats["live"]), (&json!(1), &json!(1), &json!(1)));
}

#[tokio::test]
async fn a_key_and_a_label_belong_to_one_request() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    let door = model.door();
    spawn(&door, "a").await;
    let other_task = SpawnOptions { task: "Another one".to_owned(), ..options("a") };
    assert_eq!(refused(&door, &other_task).await, "E_DOOR_KEY_TAKEN");
    let same_label = SpawnOptions { label: "label-a".to_owned(), ..options("b") };
    assert_eq!(refused(&door, &same_label).await, "E_DOOR_LABEL_TAKEN");
    spawn(&door, "b").await;
}

#[tokio::test]
async fn as_many_run_as_have_a_place_and_as_many_live_as_may() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{LONG} --slots 1 --most-live 2"));
    let door = model.door();
    spawn(&door, "a").await;
    spawn(&door, "b").await;
    let full = door.spawn(&options("c"), None).await.expect_err("it is full");
    assert!(matches!(HostError::from(full), HostError::AtCapacity(words) if words.starts_with("E_DOOR_FULL")));
    assert_eq!(door.wait(&keys(&["a", "b"]), &[], 60).await.expect("news").started, ["a"]);
    door.cancel("a").await.expect("it is stopped");
    assert_eq!(wait(&door, "b", &[]).await.started, ["b"], "it has the place now");
    spawn(&door, "c").await;
    let stats = model.stats().await;
    assert_eq!((&stats["peak_running"], &stats["peak_live"], &stats["live"]), (&json!(1), &json!(2), &json!(2)));
    let facts = door.facts().await.expect("facts");
    assert_eq!((facts.max_concurrent, facts.limits.prices["sim/standard"].output), (1, 15_000));
}

#[tokio::test]
async fn a_wait_tells_starts_once_ends_always_and_what_is_unknown() {
    let dir = dir();
    let model = Model::start(&dir, SHORT);
    let door = model.door();
    assert_eq!(wait(&door, "a", &[]).await.unknown, ["a"]);
    spawn(&door, "a").await;
    for _ in 0..2 {
        let mut ends = wait(&door, "a", &["a"]).await.ends();
        let (key, end) = ends.pop().expect("an end");
        assert_eq!((key.as_str(), end.outcome, ends.len()), ("a", SessionOutcome::Completed, 0));
        let usage = end.usage.expect("tokens");
        assert!(
            !end.completion.expect("an answer").text.is_empty() && usage.input_tokens > 0 && usage.output_tokens > 0
        );
    }
}

#[tokio::test]
async fn whoever_waits_already_hears_of_what_begins_later() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{LONG} --slots 1"));
    let door = model.door();
    spawn(&door, "a").await;
    spawn(&door, "b").await;
    let (told, stopped) = tokio::join!(wait(&door, "b", &[]), door.cancel("a"));
    stopped.expect("it is stopped");
    assert_eq!(told.started, ["b"]);
    let (told, stopped) = tokio::join!(wait(&door, "b", &["b"]), door.cancel("b"));
    stopped.expect("it is stopped");
    assert!(matches!(told.ends().as_slice(), [(key, end)] if key == "b" && end.outcome == SessionOutcome::Cancelled));
    let nothing = door.wait(&[], &[], 0).await.expect("an answer");
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn sessions_are_read_listed_and_deleted() {
    let dir = dir();
    let model = Model::start(&dir, SHORT);
    let door = model.door();
    for key in ["a", "b"] {
        spawn(&door, key).await;
        wait(&door, key, &[key]).await;
    }
    let query = |offset, limit| HistoryQuery {
        session_key: SessionKey::new(String::new()),
        offset,
        limit,
        include_tools: false,
    };
    let page = door.history("a", &query(0, 1)).await.expect("a page");
    assert!(page.has_more && matches!(page.messages.as_slice(), [last] if last.role == MessageRole::Assistant));
    let page = door.history("a", &query(1, 5)).await.expect("a page");
    assert!(!page.has_more && matches!(page.messages.as_slice(), [first] if first.text == "What is a?"));

    let list = |search: Option<&str>, offset, limit| {
        let search = search.map(str::to_owned);
        let (door, filter) = (door.clone(), ListFilter { search, offset, limit, spawned_by: None });
        async move { door.list(&filter).await.expect("a list").page() }
    };
    let page = list(None, 0, 1).await;
    assert!(page.has_more && page.sessions[0].state == SessionState::Completed);
    assert_eq!(list(Some("label-b"), 0, 5).await.sessions.len(), 1);

    door.delete("a").await.expect("it is deleted");
    door.delete("a").await.expect("nothing is left to do");
    assert_eq!(list(None, 0, 5).await.sessions.len(), 1);
    assert_eq!(wait(&door, "a", &[]).await.unknown, ["a"]);
    assert_eq!(code(door.history("a", &query(0, 1)).await.expect_err("it is gone")), "E_DOOR_UNKNOWN");
    assert_eq!(model.stats().await["deleted"], json!(1));
}

#[tokio::test]
async fn a_model_that_is_not_allowed_is_refused_and_the_key_stays_new() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{LONG} --allow-model sim/economy"));
    let door = model.door();
    let asked = |model: &str| SpawnOptions { model: Some(model.to_owned()), ..options("a") };
    assert_eq!(refused(&door, &asked("sim/premium")).await, "E_DOOR_FORBIDDEN");
    let receipt = door.spawn(&asked("sim/economy"), None).await.expect("a receipt");
    assert_eq!(receipt.applied_model.as_deref(), Some("sim/economy"));
}

#[tokio::test]
async fn strangers_and_other_protocols_are_told_so() {
    let dir = dir();
    let model = Model::start(&dir, &format!("{LONG} --protocol 2 --plugin-version 9.9.9"));
    let error = model.door_with("wrong", "agent:main:door").facts().await.expect_err("a wrong token");
    assert!(matches!(error, DoorError::TokenRefused { .. }), "{error}");
    let error = model.door_with("gateway-model", "agent:main:main").facts().await.expect_err("another session");
    assert!(matches!(error, DoorError::NoDoor { .. }), "{error}");
    let error = model.door().facts().await.expect_err("another protocol");
    assert!(
        matches!(&error, DoorError::Version { protocol, plugin, .. } if protocol == "2" && plugin.contains("9.9.9")),
        "{error}"
    );
}

#[tokio::test]
async fn whatever_comes_in_is_answered() {
    let dir = dir();
    let model = Model::start(&dir, LONG);
    let url = format!("http://{}/tools/invoke", model.address);
    let client = &model.client;
    let post = |body: String| client.post(&url).header("authorization", "Bearer gateway-model").body(body).send();
    for body in ["", "{", "[]", "\u{1}"] {
        assert_eq!(post(body.to_owned()).await.expect("an answer").status(), 400, "{body}");
    }
    let huge = post("x".repeat(2 * 1024 * 1024 + 1)).await.expect("an answer");
    assert_eq!(huge.status(), 413);
    assert_eq!(client.get(&url).send().await.expect("an answer").status(), 405);
    let elsewhere = client.get(format!("http://{}/", model.address)).send().await;
    assert_eq!(elsewhere.expect("an answer").status(), 404);

    for (args, path) in [
        (json!(null), "/action"),
        (json!({ "action": "fly" }), "/action"),
        (json!({ "action": "cancel" }), "/key"),
        (json!({ "action": "cancel", "key": "" }), "/key"),
        (json!({ "action": "cancel", "key": "é".repeat(201) }), "/key"),
        (json!({ "action": "facts", "key": "a" }), "/key"),
        (json!({ "action": "wait", "keys": [1] }), "/keys"),
        (json!({ "action": "wait", "keys": [], "timeout_seconds": 241 }), "/timeout_seconds"),
        (json!({ "action": "list", "limit": -1 }), "/limit"),
        (json!({ "action": "spawn", "key": "a", "task": "t", "label": "l", "tool_free": 1 }), "/tool_free"),
    ] {
        let call = json!({ "tool": "parallel_agents_door", "sessionKey": "agent:main:door", "args": args });
        let answer: Value = post(call.to_string()).await.expect("an answer").json().await.expect("JSON");
        let error = &answer["result"]["details"]["errors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!("E_DOOR_REQUEST"), &json!(path)), "{args}");
    }
    assert_eq!(model.stats().await["asked"], json!(0));
}

#[tokio::test]
async fn it_is_no_server_for_others() {
    let error = listen("0.0.0.0:0".parse().expect("an address")).await.expect_err("it is not loopback");
    assert!(matches!(error, ModelError::NotLoopback(_)), "{error}");
}
