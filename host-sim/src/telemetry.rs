//! A finished run as OpenTelemetry spans: the run, its tasks, their sessions.
//!
//! The spans are made of the report, with the GenAI conventions 1.41 where those have a name for something and
//! `parallel_agents.*` elsewhere. They go out over OTLP (HTTP, protobuf) if the usual environment variables ask for it.
//! Prompts and answers are not sent, and no words of either: what a span says is a name of the request, a number, or one of
//! a closed set of words. Messages of errors and the reasons of decisions quote what sessions and servers said, so only
//! their codes and kinds are sent.

use std::env;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use reqwest::Url;
use serde_json::Value;

use gateway_sim::reply::{run_of, status_of};
use parallel_agents_door::http;

/// Variables of which one has to be set for anything to be sent.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// Variables that name a protocol; the first one that says something counts.
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// The only protocol that is spoken.
const PROTOCOL: &str = "http/protobuf";

/// Variables that bound how long a request may take, in milliseconds; the first one that is a number above 0 counts.
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];

/// The bound without them, as the specification has it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Spans in one request; what batch processors send by default.
const BATCH: usize = 512;

/// Whether the environment names a collector and does not switch traces off.
pub fn is_wanted() -> bool {
    let value = |name: &str| env::var(name).unwrap_or_default();
    let is_off = value("OTEL_SDK_DISABLED").eq_ignore_ascii_case("true") || value("OTEL_TRACES_EXPORTER") == "none";
    !is_off && ENDPOINTS.iter().any(|name| !value(name).trim().is_empty())
}

/// The collector, by the values of variables. None: they name none that could be asked.
fn endpoint(value: impl Fn(&str) -> Option<String>) -> Option<Url> {
    let text = ENDPOINTS.iter().filter_map(|name| value(name)).find(|text| !text.trim().is_empty())?;
    Url::parse(text.trim()).ok()
}

/// What went wrong, with the collector that was asked and what it may have to do with.
fn not_sent(why: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let server = endpoint(&value).and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    let asked = PROTOCOLS.iter().find_map(|name| Some((name, value(name).filter(|text| !text.trim().is_empty())?)));
    let mut words = format!("{}: {why}", server.as_deref().unwrap_or("no collector"));
    if let Some((name, protocol)) = asked.filter(|(_, protocol)| protocol.trim() != PROTOCOL) {
        words.push_str(&format!(" ({name} is {protocol:?}, and only {PROTOCOL} is spoken)"));
    }
    words
}

/// How long one request may take, by the values of variables.
fn timeout(value: impl Fn(&str) -> Option<String>) -> Duration {
    let ms = |name: &&str| value(name)?.trim().parse().ok().filter(|ms| *ms > 0);
    TIMEOUTS.iter().find_map(ms).map_or(DEFAULT_TIMEOUT, Duration::from_millis)
}

/// Sends spans where the environment says, and waits no longer for the collector than it says.
///
/// # Errors
/// The collector cannot be reached, does not take them, says nothing, or the environment makes no sense. One sentence.
pub async fn export(spans: Vec<SpanData>) -> Result<(), String> {
    let variable = |name: &str| env::var(name).ok();
    // What is no address is refused by the exporter.
    let builder = endpoint(variable).map_or_else(reqwest::Client::builder, |server| http::client(&server));
    let client = builder.build().map_err(|error| format!("the HTTP client cannot be set up: {error}"))?;
    let exporter = SpanExporter::builder().with_http().with_http_client(client).build();
    let mut exporter = exporter.map_err(|error| format!("the exporter cannot be set up: {error}"))?;
    let named = env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty());
    let mut resource = Resource::builder();
    if !named {
        resource = resource.with_service_name("parallel-agents");
    }
    exporter.set_resource(&resource.build());
    // The exporter applies the variables to a client of its own only.
    let limit = timeout(variable);
    for batch in spans.chunks(BATCH) {
        match tokio::time::timeout(limit, exporter.export(batch.to_vec())).await {
            Ok(sent) => sent.map_err(|error| not_sent(&error.to_string(), variable))?,
            Err(_) => return Err(not_sent(&format!("it said nothing within {} ms", limit.as_millis()), variable)),
        }
    }
    Ok(())
}

/// The spans of a run that began at a time: first the run's, then each task's with its sessions behind it. A document
/// without results gives none.
///
/// `provider`: who runs the models, by the name that the conventions have for it. None: models are named `PROVIDER/MODEL`,
/// as gateways do.
pub fn spans(function: &str, document: &Value, provider: Option<&str>, began: SystemTime) -> Vec<SpanData> {
    let report = run_of(document);
    if !report["results"].is_array() {
        return Vec::new();
    }
    let ids = RandomIdGenerator::default();
    let mut trace = Trace { id: ids.new_trace_id(), ids, began, provider, spans: Vec::new() };
    let end_ms = (report["elapsed_seconds"].as_f64().unwrap_or_default() * 1_000.0).round() as u64;
    let run = trace.span(SpanId::INVALID, &format!("invoke_workflow {function}"), SpanKind::Internal, (0, end_ms));
    let ended = status_of(document).and_then(|status| serde_json::to_value(status).ok()).unwrap_or_default();
    let status = text(&ended);
    run.status = if status == "completed" { Status::Ok } else { Status::error(format!("the run is {status}")) };
    run.attributes = vec![
        KeyValue::new("gen_ai.operation.name", "invoke_workflow"),
        KeyValue::new("gen_ai.workflow.name", function.to_owned()),
        KeyValue::new("parallel_agents.run.status", status.clone()),
    ];
    if status != "completed" {
        run.attributes.push(KeyValue::new("error.type", status));
    }
    for (name, value) in [
        ("parallel_agents.run.tasks", &report["census"]["tasks"]),
        ("parallel_agents.run.tasks_completed", &report["census"]["completed"]),
        ("parallel_agents.run.spawn_calls", &report["spawn_calls"]),
        ("parallel_agents.run.peak_in_flight", &report["peak_in_flight"]),
        ("parallel_agents.cost_micro_usd", &report["cost"]["micro_usd"]),
    ] {
        run.attributes.extend(number(name, value));
    }
    let run = run.span_context.span_id();
    for result in report["results"].as_array().into_iter().flatten() {
        trace.task(run, result);
    }
    trace.spans
}

/// Spans with one trace id and one beginning.
struct Trace<'a> {
    id: TraceId,
    ids: RandomIdGenerator,
    began: SystemTime,
    provider: Option<&'a str>,
    spans: Vec<SpanData>,
}

impl Trace<'_> {
    fn at(&self, ms: u64) -> SystemTime {
        self.began.checked_add(Duration::from_millis(ms)).unwrap_or(self.began)
    }

    fn span(&mut self, parent: SpanId, name: &str, kind: SpanKind, (from_ms, to_ms): (u64, u64)) -> &mut SpanData {
        let own = self.ids.new_span_id();
        let (start_time, end_time) = (self.at(from_ms), self.at(to_ms.max(from_ms)));
        let scope = InstrumentationScope::builder("parallel-agents").with_version(env!("CARGO_PKG_VERSION"));
        self.spans.push(SpanData {
            span_context: SpanContext::new(self.id, own, TraceFlags::SAMPLED, false, TraceState::default()),
            parent_span_id: parent,
            parent_span_is_remote: false,
            span_kind: kind,
            name: name.to_owned().into(),
            start_time,
            end_time,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: scope.build(),
        });
        let last = self.spans.len() - 1;
        &mut self.spans[last]
    }

    fn task(&mut self, run: SpanId, result: &Value) {
        let about = &result["metadata"];
        let attempts: Vec<&Value> = about["attempt_log"].as_array().into_iter().flatten().collect();
        let queued_ms = about["queued_ms"].as_u64().unwrap_or_default();
        let took_ms = (result["execution_time"].as_f64().unwrap_or_default() * 1_000.0).round() as u64;
        let (id, agent) = (text(&result["task_id"]), text(&result["agent_type"]));
        let decisions: Vec<Event> = about["decisions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|decision| {
                let at = self.at(decision["at_ms"].as_u64().unwrap_or_default());
                Event::new(kind_of(&decision["what"]), at, Vec::new(), 0)
            })
            .collect();
        let span = self.span(run, &format!("task {id}"), SpanKind::Internal, (queued_ms, queued_ms + took_ms));
        span.status = status(result);
        span.events.events = decisions;
        span.attributes = vec![
            KeyValue::new("parallel_agents.task.id", id),
            KeyValue::new("parallel_agents.task.status", text(&result["status"])),
            KeyValue::new("gen_ai.agent.name", agent.clone()),
        ];
        span.attributes.extend(number("parallel_agents.task.attempts", &about["attempts"]));
        span.attributes.extend(number("parallel_agents.cost_micro_usd", &about["cost_micro_usd"]));
        span.attributes.extend(code(&result["error"]["code"]).map(|code| KeyValue::new("error.type", code)));
        let task = span.span_context.span_id();
        for attempt in attempts {
            self.attempt(task, &agent, attempt);
        }
    }

    fn attempt(&mut self, task: SpanId, agent: &str, attempt: &Value) {
        let time = |name: &str| attempt[name].as_u64().unwrap_or_default();
        let times = (time("started_ms"), time("ended_ms"));
        let model = [&attempt["model_applied"], &attempt["model_requested"]].into_iter().find_map(Value::as_str);
        let named = || Some(model?.split_once('/')?.0);
        let provider = self.provider.or_else(named).unwrap_or("unknown");
        // A judge is another agent than the one whose answer it reads.
        let agent = if attempt["kind"] == "judge" { "judge" } else { agent };
        let span = self.span(task, &format!("invoke_agent {agent}"), SpanKind::Client, times);
        span.status = status(attempt);
        span.attributes = vec![
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.provider.name", provider.to_owned()),
            KeyValue::new("gen_ai.agent.name", agent.to_owned()),
        ];
        let words = [
            ("gen_ai.request.model", &attempt["model_requested"]),
            ("gen_ai.response.model", &attempt["model_applied"]),
            ("gen_ai.conversation.id", &attempt["session_key"]),
            ("parallel_agents.attempt.kind", &attempt["kind"]),
            ("parallel_agents.attempt.tier", &attempt["tier"]),
            ("parallel_agents.attempt.status", &attempt["status"]),
        ];
        span.attributes.extend(words.into_iter().filter_map(|(name, value)| word(name, value)));
        span.attributes.extend(code(&attempt["error"]["code"]).map(|code| KeyValue::new("error.type", code)));
        let numbers = [
            ("gen_ai.usage.input_tokens", &attempt["usage"]["input_tokens"]),
            ("gen_ai.usage.output_tokens", &attempt["usage"]["output_tokens"]),
            ("parallel_agents.attempt.number", &attempt["number"]),
            ("parallel_agents.cost_micro_usd", &attempt["cost_micro_usd"]),
        ];
        span.attributes.extend(numbers.into_iter().filter_map(|(name, value)| number(name, value)));
    }
}

/// A task or a session that was stopped or never started is no error of its own.
fn status(record: &Value) -> Status {
    match record["status"].as_str() {
        Some("completed") => Status::Ok,
        Some("failed" | "timeout") => Status::error(code(&record["error"]["code"]).unwrap_or_else(|| OTHER.to_owned())),
        _ => Status::Unset,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a span says of an error or a decision that has no name here, as the conventions have it.
const OTHER: &str = "_OTHER";

/// Characters of a name that is sent. Servers and hosts name models and sessions; a longer text is no name.
const MAX_NAME: usize = 200;

/// The kinds of decisions, by how their sentences begin.
const DECISIONS: [(&str, &str); 13] = [
    ("session ", "session_started"),
    ("retry ", "retry"),
    ("again in ", "waits"),
    ("asked again", "asks_again"),
    ("a correction ", "correction"),
    ("climbs ", "climb"),
    ("no further session", "gives_up"),
    ("goes on without ", "goes_on_without_dependency"),
    ("its judge gave ", "judged"),
    ("the review did not count", "judged_again"),
    ("the review is asked for again", "judged_again"),
    ("the circuit of ", "circuit_opened"),
    ("put back without an attempt", "put_back"),
];

/// The kind of a decision. Its sentence may hold words of a session or of a server.
fn kind_of(sentence: &Value) -> &'static str {
    let sentence = sentence.as_str().unwrap_or_default();
    DECISIONS.iter().find(|(beginning, _)| sentence.starts_with(beginning)).map_or(OTHER, |(_, kind)| kind)
}

/// An error's code.
fn code(value: &Value) -> Option<String> {
    let code = value.as_str()?;
    let is_code = code.len() < MAX_NAME
        && code.strip_prefix("E_").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    Some(if is_code { code } else { OTHER }.to_owned())
}

/// A name: of a model, a session, a status. What has spaces in it, or is long, is a text and not sent.
fn word(name: &'static str, value: &Value) -> Option<KeyValue> {
    let value = value.as_str().filter(|value| {
        value.chars().count() <= MAX_NAME && !value.chars().any(|sign| sign.is_whitespace() || sign.is_control())
    })?;
    Some(KeyValue::new(name, value.to_owned()))
}

fn number(name: &'static str, value: &Value) -> Option<KeyValue> {
    value.as_u64().and_then(|value| i64::try_from(value).ok()).map(|value| KeyValue::new(name, value))
}

#[cfg(test)]
mod tests;
