//! What a server with a quirk sends, down to the bytes.

use std::time::Duration;

use serde_json::{Value, json};

/// A response, with the pieces in which its body is sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) parts: Vec<Part>,
}

/// A part of a body.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// The connection is closed without the end that chunked bodies have.
    Cut,
    /// The connection stays open, and nothing comes.
    Hang,
}

impl Reply {
    pub(super) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", kind.to_owned())];
        Self { status, headers, parts: vec![Part::Bytes(body.into())] }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    /// A page for people.
    pub(super) fn page(status: u16, title: &str) -> Self {
        let body = format!("<!doctype html>\n<html><head><title>{title}</title></head><body>{title}</body></html>");
        Self::new(status, "text/html", body)
    }

    /// Events, with the line that ends all streams.
    pub(super) fn events(chunks: &[Value]) -> Self {
        Self::open_events(chunks).then("data: [DONE]\n\n")
    }

    /// Events of a stream that does not end by itself.
    pub(super) fn open_events(chunks: &[Value]) -> Self {
        let body: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        Self::new(200, "text/event-stream", body)
    }

    pub(super) fn then(self, more: &str) -> Self {
        self.part(Part::Bytes(more.as_bytes().to_vec()))
    }

    pub(super) fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A chunk with a piece of the answer.
pub(super) fn piece(text: &str) -> Value {
    delta(&json!({ "content": text }), Value::Null)
}

/// A chunk with the end of the answer.
pub(super) fn end(reason: &str) -> Value {
    delta(&json!({}), json!(reason))
}

pub(super) fn delta(delta: &Value, reason: Value) -> Value {
    json!({
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": "standard",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }],
    })
}

/// A chunk with the counts.
pub(super) fn usage() -> Value {
    json!({ "object": "chat.completion.chunk", "choices": [], "usage": counts() })
}

pub(super) fn counts() -> Value {
    json!({ "prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70 })
}

/// A whole completion.
pub(super) fn whole(message: &Value, reason: &str) -> Value {
    json!({
        "object": "chat.completion",
        "model": "standard",
        "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
        "usage": counts(),
    })
}

/// Two halves of an answer.
pub(super) fn halves(answer: &str) -> (&str, &str) {
    answer.split_at(answer.floor_char_boundary(answer.len() / 2))
}

/// A good stream with these two pieces, an end, and the counts.
pub(super) fn good(answer: &str) -> Vec<Value> {
    let (first, second) = halves(answer);
    vec![piece(first), piece(second), end("stop"), usage()]
}

/// An error object.
pub(super) fn error(message: &str) -> Value {
    json!({ "error": { "message": message, "type": "invalid_request_error", "param": null, "code": null } })
}
