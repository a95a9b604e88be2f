//! Spans over OTLP, received on the loopback and decoded by the protocol's own types.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use serde_json::{Value, json};

use super::openai::Server;
use super::{Ran, command, file, path, ran};
use crate::requests_of::{chain, many};

/// One request as it arrived.
struct Received {
    headers: HeaderMap,
    request: ExportTraceServiceRequest,
}

/// A collector that answers with a status until the program of the tests ends. Its address, and what arrives.
fn collector(answer: u16) -> (String, mpsc::Receiver<Received>) {
    let (sender, receiver) = mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    listener.set_nonblocking(true).expect("a socket for an asynchronous runtime");
    let take = move |headers: HeaderMap, body: Bytes| {
        let sender = sender.clone();
        async move {
            let request = ExportTraceServiceRequest::decode(body).expect("OTLP in protobuf");
            sender.send(Received { headers, request }).expect("the test listens");
            axum::http::StatusCode::from_u16(answer).expect("a status")
        }
    };
    let server = Router::new().route("/v1/traces", post(take));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, server).await.expect("a server");
        });
    });
    (format!("http://{address}"), receiver)
}

/// Runs the program with a collector in its environment; `answer` is the collector's status. What arrived.
fn with_collector(arguments: &[&str], request: &str, answer: u16) -> (Ran, Vec<Received>) {
    let (address, receiver) = collector(answer);
    let mut program = command(&[arguments, &["--engine", "native"]].concat());
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", address);
    program.env("OTEL_EXPORTER_OTLP_HEADERS", "x-test=beacon");
    let ran = ran(&mut program, request.as_bytes());
    (ran, receiver.try_iter().collect())
}

fn spans(received: &[Received]) -> Vec<&Span> {
    let resources = received.iter().flat_map(|received| &received.request.resource_spans);
    resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans).collect()
}

fn attributes(span: &Span) -> BTreeMap<&str, String> {
    let text = |value: &Any| match value {
        Any::StringValue(text) => text.clone(),
        Any::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let values = span.attributes.iter();
    values.filter_map(|pair| Some((pair.key.as_str(), text(pair.value.as_ref()?.value.as_ref()?)))).collect()
}

#[test]
fn a_run_is_a_tree_of_spans_with_the_names_of_the_genai_conventions() {
    let request = chain(3, r#""retries": 1"#);
    let (ran, received) = with_collector(&["run", "-", "--json"], &request, 200);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let report = ran.json();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].headers["x-test"], "beacon");
    let resource = received[0].request.resource_spans[0].resource.as_ref().expect("a resource");
    let service = resource.attributes.iter().find(|pair| pair.key == "service.name").expect("a service");
    assert_eq!(
        service.value.as_ref().and_then(|value| value.value.clone()),
        Some(Any::StringValue("parallel-agents".to_owned()))
    );

    let spans = spans(&received);
    assert_eq!(spans.len(), 1 + 3 + 3);
    assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id && span.trace_id.len() == 16));
    let children =
        |of: &Span| -> Vec<&Span> { spans.iter().copied().filter(|span| span.parent_span_id == of.span_id).collect() };
    let root = spans.iter().find(|span| span.parent_span_id.is_empty()).expect("a root");
    assert_eq!(root.name, "invoke_workflow run_tasks");
    let about = attributes(root);
    assert_eq!(about["gen_ai.operation.name"], "invoke_workflow");
    assert_eq!(about["parallel_agents.run.status"], "completed");
    assert!(!about.contains_key("error.type"));
    let took = root.end_time_unix_nano - root.start_time_unix_nano;
    let elapsed = report["elapsed_seconds"].as_f64().expect("a time");
    assert_eq!(took / 1_000_000, (elapsed * 1_000.0).round() as u64);

    let tasks = children(root);
    assert_eq!(
        tasks.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(),
        ["task step-1", "task step-2", "task step-3"]
    );
    for (task, result) in tasks.iter().zip(report["results"].as_array().expect("results")) {
        assert_eq!(task.kind(), SpanKind::Internal);
        assert!(!task.events.is_empty(), "decisions are events");
        let sessions = children(task);
        assert_eq!(sessions.len(), 1);
        let (session, record) = (sessions[0], &result["metadata"]["attempt_log"][0]);
        let agent = result["agent_type"].as_str().expect("an agent type");
        assert_eq!(
            (session.kind(), session.name.as_str()),
            (SpanKind::Client, format!("invoke_agent {agent}").as_str())
        );
        let about = attributes(session);
        assert_eq!(about["gen_ai.operation.name"], "invoke_agent");
        assert_eq!(about["gen_ai.provider.name"], "sim");
        assert_eq!(about["gen_ai.agent.name"], agent);
        assert_eq!(about["gen_ai.response.model"], record["model_applied"].as_str().expect("a model"));
        assert_eq!(about["gen_ai.conversation.id"], record["session_key"].as_str().expect("a session"));
        assert_eq!(about["gen_ai.usage.input_tokens"], record["usage"]["input_tokens"].to_string());
        assert_eq!(about["gen_ai.usage.output_tokens"], record["usage"]["output_tokens"].to_string());
        let since = (session.start_time_unix_nano - root.start_time_unix_nano) / 1_000_000;
        assert_eq!(since, record["started_ms"].as_u64().expect("a time"));
        assert!(session.start_time_unix_nano >= task.start_time_unix_nano);
        assert!(session.end_time_unix_nano <= task.end_time_unix_nano);
    }
}

#[test]
fn what_failed_is_an_error_with_its_code_and_what_was_skipped_is_not() {
    let failing = super::failing_script("failing-spans.toml");
    let (ran, received) = with_collector(&["run", "-", "--json", "--script", &failing], &chain(2, ""), 200);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let spans = spans(&received);
    let named = |name: &str| *spans.iter().find(|span| span.name == name).expect(name);
    let code = |span: &Span| span.status.as_ref().map_or(0, |status| status.code);
    let failed = named("task step-1");
    assert_eq!((code(failed), attributes(failed)["error.type"].as_str()), (2, "E_MODEL_REJECTED"));
    let skipped = named("task step-2");
    assert_eq!((code(skipped), attributes(skipped)["error.type"].as_str()), (0, "E_DEP_FAILED"));
    let run = named("invoke_workflow run_tasks");
    assert_eq!((code(run), attributes(run)["error.type"].as_str()), (2, "failed"));
}

#[test]
fn a_call_that_is_gone_on_with_is_sent_as_one_run() {
    let kept = path("spans.journal");
    let _ = fs::remove_file(&kept);
    let whole = with_collector(&["run", "-", "--json", "--journal", &kept], &chain(3, ""), 200).0;
    assert_eq!(whole.code, 0, "{}", whole.err);
    let text = fs::read_to_string(&kept).expect("a journal");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let half = file("spans-half.journal", lines[..lines.len() / 2].concat());
    // What had tools and was cut off is not done again, so that the run need not be completed.
    let (ran, received) = with_collector(&["resume", &half, "--json"], "", 200);
    assert_eq!((ran.err.as_str(), ran.json()["results"].as_array().map(Vec::len)), ("", Some(3)));
    let names: Vec<&str> = spans(&received).iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names[0], "invoke_workflow run_tasks");
    assert_eq!(names.iter().filter(|name| name.starts_with("task ")).count(), 3, "{names:?}");
}

#[test]
fn a_collector_that_refuses_changes_nothing_but_a_line() {
    let request = chain(1, "");
    let (ran, received) = with_collector(&["run", "-", "--json"], &request, 400);
    assert_eq!((ran.code, received.len()), (0, 1));
    assert_eq!(ran.json()["status"], "completed");
    assert!(ran.err.starts_with("warning: the spans of the run could not be sent: 127.0.0.1:"), "{}", ran.err);
}

#[test]
fn a_workflow_that_failed_is_an_error_although_its_tasks_are_completed() {
    let refine = ["call", "run_iterative_refinement", "-"];
    let (ran, received) = with_collector(&refine, super::FAILING_DRAFT, 200);
    let reply = ran.json();
    assert_eq!((ran.code, &reply["status"], &reply["run"]["status"]), (1, &json!("failed"), &json!("completed")));
    let spans = spans(&received);
    let run = spans.iter().find(|span| span.parent_span_id.is_empty()).expect("a root");
    assert_eq!(run.status.as_ref().map(|status| status.code), Some(2));
    assert_eq!(attributes(run)["error.type"], "failed");
}

#[test]
fn a_single_task_is_a_run_of_one() {
    let task = r#"{"task": {"agent_type": "content_writer_funny", "task_id": "one", "task_description": "x",
        "input_data": {"topic": "tides"}}}"#;
    let (ran, received) = with_collector(&["call", "spawn_with_retry", "-"], task, 200);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let names: Vec<String> = spans(&received).iter().map(|span| span.name.clone()).collect();
    assert_eq!(names, ["invoke_workflow spawn_with_retry", "task one", "invoke_agent content_writer_funny"]);
}

#[test]
fn a_collector_on_this_machine_is_asked_without_a_proxy() {
    let (address, receiver) = collector(200);
    let (_listener, proxy) = silent_collector();
    let mut program = command(&["run", "-", "--json", "--engine", "native"]);
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", address).env("OTEL_EXPORTER_OTLP_TIMEOUT", "3000");
    program.env("HTTP_PROXY", &proxy).env("http_proxy", &proxy);
    let ran = ran(&mut program, chain(1, "").as_bytes());
    assert_eq!((ran.code, ran.err.as_str(), receiver.try_iter().count()), (0, "", 1));
}

/// A collector that takes connections and never says a word. Its address.
fn silent_collector() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, format!("http://{address}"))
}

#[test]
fn a_collector_that_says_nothing_is_given_up() {
    let (_listener, address) = silent_collector();
    for name in ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] {
        let mut program = command(&["run", "-", "--json", "--engine", "native"]);
        program.env("OTEL_EXPORTER_OTLP_ENDPOINT", &address).env(name, "20");
        let ran = ran(&mut program, chain(1, "").as_bytes());
        assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("completed")));
        assert!(ran.err.contains("it said nothing within 20 ms"), "{}", ran.err);
    }
}

#[test]
fn the_result_does_not_wait_for_the_collector() {
    let (listener, address) = silent_collector();
    let request = file("early-result.json", chain(1, ""));
    let mut program = command(&["run", &request, "--json", "--engine", "native"]);
    // Longer than anybody waits: it is the collector that hangs up, once the result was read.
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", &address).env("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000");
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let (stream, _) = listener.accept().expect("a connection");
    let mut line = String::new();
    let out = child.stdout.take().expect("standard output is piped");
    BufReader::new(out).read_line(&mut line).expect("the result");
    assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON")["status"], "completed");
    drop((stream, listener));
    assert!(child.wait().expect("it ends").success());
}

/// Runs the program in such a way that whatever it sends to anybody arrives at one collector. How much arrived.
fn sent_with(variables: &[(&str, &str)]) -> usize {
    let (address, receiver) = collector(200);
    let request = file("no-spans.json", chain(1, ""));
    let mut program = command(&["run", &request, "--engine", "native"]);
    program.env("HTTP_PROXY", &address).env("http_proxy", &address).env_remove("NO_PROXY").env_remove("no_proxy");
    program.envs(variables.iter().copied());
    let ran = ran(&mut program, b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    receiver.try_iter().count()
}

#[test]
fn without_an_endpoint_nothing_is_sent_to_where_collectors_usually_are() {
    assert_eq!(
        sent_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.invalid:4318")]),
        1,
        "the collector listens"
    );
    assert_eq!(sent_with(&[]), 0);
    let others = [
        ("OTEL_SERVICE_NAME", "beacon"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-test=beacon"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://localhost:4318"),
    ];
    assert_eq!(sent_with(&others), 0);
}

#[test]
fn traces_that_are_switched_off_are_not_sent() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    assert_eq!(sent_with(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]), 0);
    assert_eq!(sent_with(&[endpoint, ("OTEL_SDK_DISABLED", "true")]), 0);
}

#[test]
fn the_provider_of_a_server_is_its_protocol_and_no_part_of_a_models_name() {
    let script = file(
        "vllm.toml",
        "version = 1\ndefault_model = \"meta-llama/Llama-3.1-8B\"\n[models.\"meta-llama/Llama-3.1-8B\"]\n",
    );
    let server = Server::start(&script);
    let arguments = ["run", "-", "--json", "--backend", "openai", "--base-url", &server.base, "--progress", "off"];
    for model in [&[][..], &["--model", "meta-llama/Llama-3.1-8B"]] {
        let (ran, received) = with_collector(&[&arguments[..], model].concat(), &many(1, ""), 200);
        let spans = spans(&received);
        let session = spans.iter().find(|span| span.name.starts_with("invoke_agent")).expect("a session");
        assert_eq!(attributes(session)["gen_ai.provider.name"], "openai", "{model:?}: {}", ran.err);
    }
}
