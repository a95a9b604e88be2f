//! The live host against the loopback model server, over real sockets and in paused time: whenever nothing is under way
//! on the sockets, time jumps to whatever is due next.

mod echo;
mod models;
mod quirks;
mod recording;

use std::time::Duration;

use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Live, LiveOptions, ModelServer};
use crate::model_server;
use gateway_sim::clock::{Clock, StopSwitch};
use gateway_sim::observed::Observed;
use gateway_sim::script::Script;
use gateway_sim::{Called, native};
use parallel_agents_door::Token;

const BASE: &str =
    "version = 1\ndefault_model = \"sim/standard\"\n[models.\"sim/standard\"]\n[models.\"sim/premium\"]\n";

/// A server for one test; it ends with the test's runtime. Its base address.
async fn serve(script: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let script = Script::from_toml(&format!("{BASE}{script}")).expect("a valid script");
    tokio::spawn(model_server::serve(listener, script, 7, 1.0));
    format!("http://{address}/v1")
}

fn live(base: &str, key: Option<Token>, host_cap: Option<u32>, clock: &Clock) -> Observed<Live> {
    let server = ModelServer::new(base, key).expect("an address");
    let options = LiveOptions { model: "standard".to_owned(), seed: 7, host_cap, start_ms: None };
    Observed::of(Live::new(server, options, clock.bell()))
}

fn tasks(words: &[&str], more: Value) -> String {
    let tasks: Vec<Value> = words
        .iter()
        .enumerate()
        .map(|(nth, words)| {
            json!({
                "task_id": format!("t{nth}"),
                "agent_type": "content_writer_funny",
                "task_description": words,
                "input_data": { "topic": "tides" },
            })
        })
        .collect();
    let mut request = json!({ "tasks": tasks, "max_concurrent": 20 });
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    request.to_string()
}

async fn run(base: &str, request: &str) -> (Value, Called<DocumentReply, Observed<Live>>) {
    let clock = Clock::real_time();
    let called = native::call("run_tasks", request, live(base, None, None, &clock), &clock).await;
    (report(&called), called)
}

#[track_caller]
fn report(called: &Called<DocumentReply, Observed<Live>>) -> Value {
    assert_eq!(called.backend.checker().violations(), []);
    match &called.result {
        Ok(DocumentReply::Answer(text)) => serde_json::from_str(text).expect("a report"),
        other => panic!("{other:?}"),
    }
}

fn codes(report: &Value) -> Vec<&str> {
    let results = report["results"].as_array().expect("results");
    results.iter().map(|it| it["error"]["code"].as_str().unwrap_or("completed")).collect()
}

/// Refusals of a provider after which the next session began when the wait that it asked for was over, and not before.
fn waits(report: &Value, wait_ms: u64) -> usize {
    let ms = |attempt: &Value, name: &str| attempt[name].as_u64().expect("a time");
    let mut waits = 0;
    for task in report["results"].as_array().expect("results") {
        let attempts = task["metadata"]["attempt_log"].as_array().expect("attempts");
        for pair in attempts.windows(2).filter(|pair| pair[0]["error"]["code"] == "E_RATE_LIMITED") {
            assert!(ms(&pair[1], "started_ms") >= ms(&pair[0], "ended_ms") + wait_ms, "{pair:?}");
            waits += 1;
        }
    }
    waits
}

async fn stats(base: &str) -> Value {
    let text = reqwest::get(base.replace("/v1", "/stats")).await.expect("an answer").text().await.expect("text");
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn answers_come_back_with_model_and_usage_and_without_tools() {
    let base = serve("").await;
    let (report, called) = run(&base, &tasks(&["one", "two", "three"], json!({}))).await;
    assert_eq!((codes(&report), &report["status"]), (vec!["completed"; 3], &json!("completed")));
    let attempt = &report["results"][0]["metadata"]["attempt_log"][0];
    assert_eq!(attempt["model_applied"], "standard");
    assert!(report["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{report}");
    assert_eq!(report["usage_complete"], true);
    let trace = called.backend.trace().text();
    assert!(trace.contains("openai"), "{trace}");
    assert_eq!(called.backend.checker().usage().output_tokens, report["usage"]["output_tokens"]);
}

#[tokio::test(start_paused = true)]
async fn every_failure_has_its_code() {
    let rule = |words: &str, failure: &str| {
        format!(
            "[[answers]]\ntask_contains = \"{words}\"\nodds = {{ failing = 1000 }}\nfailures = [{{ kind = \"{failure}\" }}]\n"
        )
    };
    let script = [
        rule("breaks", "infrastructure"),
        rule("too fast", "rate_limited"),
        rule("wrong key", "authentication"),
        rule("not wanted", "rejected"),
        rule("too long", "context_overflow"),
        rule("garbage", "other"),
        "[[answers]]\ntask_contains = \"silence\"\nodds = { empty = 1000 }\n".to_owned(),
    ];
    let base = serve(&script.concat()).await;
    let words = ["breaks", "too fast", "wrong key", "not wanted", "too long", "garbage", "silence"];
    let (report, _) = run(&base, &tasks(&words, json!({ "retries": 0, "breaker": false }))).await;
    let expected = [
        "E_MODEL_UNAVAILABLE",
        "E_RATE_LIMITED",
        "E_MODEL_AUTHENTICATION",
        "E_MODEL_REJECTED",
        "E_CONTEXT_OVERFLOW",
        "E_MODEL_UNAVAILABLE",
        "E_EMPTY_OUTPUT",
    ];
    assert_eq!(codes(&report), expected, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_a_failure_of_the_infrastructure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    drop(listener);
    let (report, _) = run(&base, &tasks(&["one"], json!({ "retries": 0 }))).await;
    assert_eq!(codes(&report), ["E_MODEL_UNAVAILABLE"]);
    let message = report["results"][0]["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("cannot connect"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn what_breaks_on_the_way_is_tried_again() {
    for fault in ["cut_off", "broken_event", "server_error"] {
        let base = serve(&format!("[wire]\n{fault} = 1000\n")).await;
        let (report, _) = run(&base, &tasks(&["one"], json!({ "retries": 2 }))).await;
        assert_eq!(codes(&report), ["E_MODEL_UNAVAILABLE"], "{fault}: {report}");
        assert_eq!(stats(&base).await["requests"], 3, "{fault}");
        let base = serve(&format!("[wire]\n{fault} = 400\n")).await;
        let (report, _) =
            run(&base, &tasks(&["one", "two", "three"], json!({ "retries": 5, "retry_budget": 50 }))).await;
        assert_eq!(codes(&report), ["completed"; 3], "{fault}: {report}");
        assert!(stats(&base).await["requests"].as_u64() > Some(3), "{fault}: nothing went wrong");
    }
}

#[tokio::test(start_paused = true)]
async fn another_try_is_another_attempt_for_the_server() {
    let first = "[[answers]]\nmax_attempt = 1\nodds = { failing = 1000 }\nfailures = [{ kind = \"infrastructure\" }]\n";
    let base = serve(first).await;
    let (report, _) = run(&base, &tasks(&["one"], json!({ "retries": 1 }))).await;
    assert_eq!(codes(&report), ["completed"]);
    assert_eq!(report["results"][0]["metadata"]["attempt_log"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(start_paused = true)]
async fn time_limits_end_what_hangs_and_what_is_slow() {
    let base = serve("[wire]\nspread = true\n[[answers]]\ntask_contains = \"hang\"\nodds = { hanging = 1000 }\n").await;
    let request =
        tasks(&["hang", "slow"], json!({ "retries": 0 })).replace("\"task_id\"", "\"timeout_seconds\":2,\"task_id\"");
    let (report, called) = run(&base, &request).await;
    assert_eq!(codes(&report), ["E_TIMEOUT"; 2], "{report}");
    assert_eq!(called.backend.checker().sessions_in(parallel_agents_engine::host::SessionState::TimedOut), 2);
    wait_for_quiet(&base).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_closes_the_connections() {
    let base = serve("[[answers]]\nodds = { hanging = 1000 }\n").await;
    let stop = StopSwitch::new();
    let clock = Clock::real_time().with_stop(stop.clone());
    let request = tasks(&["one", "two"], json!({}));
    let call = native::call("run_tasks", &request, live(&base, None, None, &clock), &clock);
    let stopper = async {
        while stats(&base).await["live"] != 2 {
            tokio::task::yield_now().await;
        }
        stop.throw("enough");
    };
    let (called, ()) = tokio::join!(call, stopper);
    let report = report(&called);
    assert_eq!((codes(&report), &report["status"]), (vec!["E_CANCELLED"; 2], &json!("cancelled")));
    wait_for_quiet(&base).await;
}

/// Until the server has noticed that nobody listens any more.
async fn wait_for_quiet(base: &str) {
    let quiet = async {
        while stats(base).await["live"] != 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(3_600), quiet).await.expect("the connections are closed");
}

#[tokio::test(start_paused = true)]
async fn twenty_at_once_get_through_a_provider_that_says_no() {
    let script = "[wire]\nrate_limited = 100\nretry_after_seconds = 2\n";
    let base = serve(script).await;
    let words: Vec<String> = (0..60).map(|nth| format!("Write part {nth}.")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (report, called) = run(&base, &tasks(&words, json!({}))).await;
    assert_eq!(report["status"], "completed", "{:?}", codes(&report));
    let stats = stats(&base).await;
    let refused = stats["rate_limited"].as_u64().expect("a number");
    assert!(refused >= 5, "{stats}");
    assert_eq!(stats["requests"].as_u64(), Some(60 + refused), "each refusal costs one more request");
    assert_eq!(waits(&report, 2_000) as u64, refused);
    // Those that the provider refuses leave before the last ones come.
    assert_eq!(called.backend.checker().peak_live(), 20);
    assert!((15..=20).contains(&stats["peak_live"].as_u64().unwrap_or_default()), "{stats}");
}

#[tokio::test(start_paused = true)]
async fn the_host_runs_no_more_than_its_cap() {
    let base = serve("").await;
    let clock = Clock::real_time();
    let words = ["a", "b", "c", "d", "e", "f", "g"];
    let called = native::call("run_tasks", &tasks(&words, json!({})), live(&base, None, Some(3), &clock), &clock).await;
    assert_eq!(codes(&report(&called)), ["completed"; 7]);
    assert_eq!(called.backend.checker().peak_live(), 3);
    assert_eq!(stats(&base).await["peak_live"], 3);
}
