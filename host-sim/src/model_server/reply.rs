//! The shapes in which answers and failures travel.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use parallel_agents_engine::host::FailureKind;
use parallel_agents_engine::task::Usage;
use serde_json::{Value, json};

use super::conversation::ToolCall;
use super::limits::Place;
use super::stats::Live;
use gateway_sim::script::WireFault;

/// Characters of an answer in one event of a stream.
const EVENT_CHARS: usize = 200;
/// Nobody can read this.
const GARBAGE: &str = "{\"choices\": [";
/// Every answer claims to be this old, so that equal runs give equal bytes.
const CREATED: u64 = 1;

/// What a completion says.
#[derive(Debug)]
pub(super) enum Content {
    Text(String),
    Call(ToolCall),
}

/// What every message of one answer has in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub id: u64,
    pub model: &'a str,
    pub stream: bool,
    /// A stream ends with the token counts.
    pub usage: bool,
}

/// How an answer travels.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The time over which the pieces of a stream are spread.
    pub over: Duration,
    /// It breaks off, or cannot be read.
    pub fault: Option<WireFault>,
    /// What counts the request as under way, until the last piece is out or the client goes.
    pub _guards: (Live, Option<Place>),
}

impl Frame<'_> {
    /// The whole answer, in the form that was asked for.
    pub(super) fn respond(self, content: Content, usage: Usage, delivery: Delivery) -> Response {
        if self.stream {
            return Sse::new(delivery.pieces(self.events(content, usage))).into_response();
        }
        if delivery.fault.is_some() {
            return Failure::Garbage { stream: false }.into_response();
        }
        let (message, finish) = match content {
            Content::Text(text) => (json!({ "role": "assistant", "content": text }), "stop"),
            Content::Call(call) => {
                (json!({ "role": "assistant", "content": null, "tool_calls": [self.tool_call(&call)] }), "tool_calls")
            }
        };
        let choice = json!({ "index": 0, "message": message, "finish_reason": finish });
        Json(self.wrap("chat.completion", json!([choice]), Some(usage))).into_response()
    }

    fn events(self, content: Content, usage: Usage) -> Vec<Event> {
        let mut deltas = vec![json!({ "role": "assistant", "content": "" })];
        let finish = match content {
            Content::Text(text) => {
                deltas.extend(pieces(&text).map(|piece| json!({ "content": piece })));
                "stop"
            }
            Content::Call(call) => {
                let mut call = self.tool_call(&call);
                call["index"] = json!(0);
                deltas.push(json!({ "tool_calls": [call] }));
                "tool_calls"
            }
        };
        let chunk = |delta: Value, finish: Value| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
            self.wrap("chat.completion.chunk", json!([choice]), None)
        };
        let mut chunks: Vec<Value> = deltas.into_iter().map(|delta| chunk(delta, Value::Null)).collect();
        chunks.push(chunk(json!({}), json!(finish)));
        if self.usage {
            chunks.push(self.wrap("chat.completion.chunk", json!([]), Some(usage)));
        }
        let mut events: Vec<Event> = chunks.iter().map(|chunk| Event::default().data(chunk.to_string())).collect();
        events.push(Event::default().data("[DONE]"));
        events
    }

    fn tool_call(self, call: &ToolCall) -> Value {
        json!({
            "id": format!("call_{}", self.id),
            "type": "function",
            "function": { "name": call.name, "arguments": call.arguments.to_string() },
        })
    }

    fn wrap(self, object: &str, choices: Value, usage: Option<Usage>) -> Value {
        let mut whole = json!({
            "id": format!("scripted-{}", self.id),
            "object": object,
            "created": CREATED,
            "model": self.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            whole["usage"] = json!({
                "prompt_tokens": usage.input_tokens,
                "completion_tokens": usage.output_tokens,
                "total_tokens": usage.total(),
            });
        }
        whole
    }
}

impl Delivery {
    fn pieces(self, events: Vec<Event>) -> impl Stream<Item = io::Result<Event>> {
        let half = events.len() / 2;
        let mut pieces: Vec<io::Result<Event>> = events.into_iter().map(Ok).collect();
        match self.fault {
            Some(WireFault::CutOff) => {
                pieces.truncate(half);
                // An error closes the connection without the end that chunked bodies have.
                pieces.push(Err(io::Error::other("the script cuts the answer off")));
            }
            Some(WireFault::BrokenEvent) => pieces.insert(half, Ok(Event::default().data(GARBAGE))),
            _ => {}
        }
        let pause = self.over / u32::try_from(pieces.len()).unwrap_or(u32::MAX).max(1);
        stream::unfold((pieces.into_iter(), self), move |(mut pieces, delivery)| async move {
            let piece = pieces.next()?;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Some((piece, (pieces, delivery)))
        })
    }
}

/// The text in pieces of [`EVENT_CHARS`] characters; none if it is empty.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(EVENT_CHARS).map_or(rest.len(), |(end, _)| end);
        let (piece, later) = rest.split_at(end);
        rest = later;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Tokens of what the script does not play, counted as four characters each.
pub(super) fn counted(request: &[u8], answer: &str) -> Usage {
    Usage { input_tokens: request.len().div_ceil(4) as u64, output_tokens: answer.len().div_ceil(4) as u64 }
}

/// The list of models, under the names that follow the provider's.
pub(super) fn models<'a>(names: impl Iterator<Item = &'a str>) -> Response {
    let names: BTreeSet<&str> = names.map(|name| name.split_once('/').map_or(name, |(_, bare)| bare)).collect();
    let model = |name: &str| json!({ "id": name, "object": "model", "created": CREATED, "owned_by": "script" });
    let list: Vec<Value> = names.into_iter().map(model).collect();
    Json(json!({ "object": "list", "data": list })).into_response()
}

/// What a 429 asks for where nobody says anything else.
const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(1);

/// OpenAI's own header, for times that are no whole seconds.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// The number of seconds after the words "retry after".
fn retry_after_ms(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("retry after ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u64>().ok()?.checked_mul(1_000)
}

fn number(number: u128) -> HeaderValue {
    HeaderValue::from(u64::try_from(number).unwrap_or(u64::MAX))
}

/// A failure as a provider reports it.
#[derive(Debug)]
pub(super) enum Failure {
    /// By status and error object.
    Status {
        status: StatusCode,
        kind: &'static str,
        code: Option<&'static str>,
        message: String,
        /// When another try may succeed; only a 429 says that.
        retry_after: Duration,
    },
    /// By an answer that nobody can read.
    Garbage { stream: bool },
}

impl Failure {
    /// The failure of a script.
    pub(super) fn of(kind: FailureKind, message: &str, stream: bool) -> Self {
        let (status, kind, code) = match kind {
            FailureKind::Infrastructure => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", None),
            FailureKind::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "unavailable_error", Some("model_not_ready")),
            FailureKind::RateLimited => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", Some("rate_limit_exceeded"))
            }
            FailureKind::Authentication => (StatusCode::UNAUTHORIZED, "authentication_error", Some("invalid_api_key")),
            // A model that the provider does not have is refused in a way of its own.
            FailureKind::Rejected if message.contains("not found") => {
                (StatusCode::NOT_FOUND, "invalid_request_error", Some("model_not_found"))
            }
            FailureKind::Rejected => (StatusCode::BAD_REQUEST, "invalid_request_error", None),
            FailureKind::ContextOverflow => {
                (StatusCode::BAD_REQUEST, "invalid_request_error", Some("context_length_exceeded"))
            }
            FailureKind::Other => return Self::Garbage { stream },
        };
        let retry_after = retry_after_ms(message).map_or(RETRY_AFTER_DEFAULT, Duration::from_millis);
        Self::Status { status, kind, code, message: message.to_owned(), retry_after }
    }

    /// Too many requests; the next one has a chance after so long.
    pub(super) fn rate_limited(after: Duration) -> Self {
        match Self::of(FailureKind::RateLimited, "the script limits the rate", false) {
            Self::Status { status, kind, code, message, .. } => {
                Self::Status { status, kind, code, message, retry_after: after }
            }
            other => other,
        }
    }

    /// A request that cannot be read.
    pub(super) fn bad_request(message: &str) -> Self {
        Self::of(FailureKind::Rejected, message, false)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Status { status, kind, code, message, retry_after } => {
                let error = json!({ "message": message, "type": kind, "param": null, "code": code });
                let mut response = (status, Json(json!({ "error": error }))).into_response();
                if status == StatusCode::TOO_MANY_REQUESTS {
                    let seconds = retry_after.as_millis().div_ceil(1_000);
                    let headers = response.headers_mut();
                    headers.insert(RETRY_AFTER, number(seconds));
                    if seconds * 1_000 != retry_after.as_millis() {
                        headers.insert(RETRY_AFTER_MS, number(retry_after.as_millis()));
                    }
                }
                response
            }
            Self::Garbage { stream: true } => {
                ([(CONTENT_TYPE, "text/event-stream")], format!("data: {GARBAGE}\n\n")).into_response()
            }
            Self::Garbage { stream: false } => ([(CONTENT_TYPE, "application/json")], GARBAGE).into_response(),
        }
    }
}
