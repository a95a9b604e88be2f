//! A server that repeats the key, wherever it can.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{codes, live, report, tasks};
use crate::live::pieces::MAX_ANSWER_BYTES;
use gateway_sim::clock::Clock;
use gateway_sim::native;
use parallel_agents_door::Token;

/// A server that answers each completion as it is told; a text that begins like an event is a stream. Its base address.
async fn serve_by(answer: impl Fn(&HeaderMap, Value) -> (u16, String) + Clone + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let complete = async move |headers: HeaderMap, axum::Json(body): axum::Json<Value>| {
        let (status, text) = answer(&headers, body);
        let kind = if text.starts_with("data:") { "text/event-stream" } else { "application/json" };
        (axum::http::StatusCode::from_u16(status).expect("a status"), [(CONTENT_TYPE, kind)], text)
    };
    let router = axum::Router::new().route("/v1/chat/completions", axum::routing::post(complete));
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://{address}/v1")
}

/// Events that carry these pieces of an answer, the last of which ends it.
fn stream_of(pieces: &[&str]) -> String {
    let event = |(nth, piece): (usize, &&str)| {
        let finish = (nth + 1 == pieces.len()).then_some("stop");
        format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": piece }, "finish_reason": finish }] }))
    };
    pieces.iter().enumerate().map(event).collect()
}

/// The report of one task whose session is answered like that, and everything that was written down, in one text.
async fn said(key: &str, answer: impl Fn(&str) -> (u16, String) + Clone + Send + Sync + 'static) -> (Value, String) {
    let base = serve_by(move |headers, _| answer(headers["authorization"].to_str().unwrap_or_default())).await;
    let clock = Clock::real_time();
    let request = tasks(&["one"], json!({ "retries": 0, "corrections": 0 }))
        .replace("\"task_id\"", "\"output_format\":\"text\",\"task_id\"");
    let called =
        native::call("run_tasks", &request, live(&base, Token::new(key).expect("a key"), None, &clock), &clock).await;
    let report = report(&called);
    let said = format!("{report} {}", called.backend.trace().text());
    (report, said)
}

/// As long as the keys of projects are.
fn long_key() -> String {
    let key = format!("sk-canary-{}", "canary".repeat(26));
    assert!(key.len() > 160);
    key[..164].to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_key_across_the_cut_of_an_error_leaves_nothing_of_itself() {
    for filler in (0..=300).step_by(20) {
        for in_stream in [false, true] {
            let (report, said) = said(&long_key(), move |key| {
                let error = json!({ "error": { "message": format!("{}{key}", "x".repeat(filler)) } });
                if in_stream { (200, format!("data: {error}\n\n")) } else { (400, error.to_string()) }
            })
            .await;
            assert_eq!(report["census"]["failed"], 1, "{report}");
            assert!(!said.contains("canary"), "after {filler} characters: {said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_across_the_cut_of_an_answer_leaves_nothing_of_itself() {
    // The header's scheme stands before the key.
    for shown in [1, 40, 163] {
        let (report, said) = said(&long_key(), move |key| {
            let filler = "x".repeat(MAX_ANSWER_BYTES - "Bearer ".len() - shown);
            let (begin, end) = key.split_at(60);
            (200, stream_of(&[&filler, begin, end, "and more"]))
        })
        .await;
        assert_eq!(report["results"].as_array().map(Vec::len), Some(1));
        assert!(said.len() > 1_000 && !said.contains("canary"), "{shown}: {}", &said[said.len() - 400..]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_in_the_pieces_of_a_stream_is_hidden() {
    let (report, said) = said(&long_key(), |key| {
        let (begin, end) = key.split_at(30);
        (200, stream_of(&["I was called with ", begin, end, "."]))
    })
    .await;
    assert_eq!(report["results"][0]["output"], "I was called with Bearer [key].");
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_server_sees_a_prompt_and_no_tools_and_its_echo_of_the_key_goes_no_further() {
    const CANARY: &str = "sk-canary-0123456789";
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = seen.clone();
    let base = serve_by(move |headers, body| {
        let key = headers["authorization"].to_str().unwrap_or_default().to_owned();
        let is_first = body["messages"][0]["content"].as_str().unwrap_or_default().contains("zebra");
        log.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        if is_first {
            (401, json!({ "error": { "message": format!("{key} is wrong") } }).to_string())
        } else {
            let message = json!({ "role": "assistant", "content": format!("I was called with {key}.") });
            (200, json!({ "model": key, "choices": [{ "message": message, "finish_reason": "stop" }] }).to_string())
        }
    })
    .await;
    let clock = Clock::real_time();
    let request = tasks(&["zebra", "second"], json!({ "retries": 0, "corrections": 0 }))
        .replace("\"task_id\"", "\"output_format\":\"text\",\"task_id\"");
    let live = live(&base, Token::new(CANARY).expect("a key"), None, &clock);
    let called = native::call("run_tasks", &request, live, &clock).await;
    let report = report(&called);
    assert_eq!(codes(&report), ["E_MODEL_AUTHENTICATION", "completed"], "{report}");
    let said = format!("{report} {} {:?}", called.backend.trace().text(), called.backend.host().server);
    assert!(said.contains("I was called with Bearer [key]."), "{said}");
    assert!(!said.contains("canary"), "{said}");
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(seen.len(), 2);
    for body in seen.iter() {
        let fields: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["model", "messages", "stream", "stream_options"]);
        assert_eq!(body["messages"].as_array().map(Vec::len), Some(1));
    }
}
