//! Why the model cannot serve, and what it refuses as a door.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};

/// Why there is no model of a gateway.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ModelError {
    #[error("the model of a gateway is no server for others: it listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the list of keys {} cannot be used: {source}", path.display())]
    Registry { path: PathBuf, source: io::Error },
    #[error("the list of keys {} cannot be used: line {line} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, line: usize, source: serde_json::Error },
    #[error("the list of keys {} is that of a model that still runs", path.display())]
    InUse { path: PathBuf },
    #[error("cannot listen to signals: {0}")]
    Signals(io::Error),
}

/// A refusal in the door's words.
#[derive(Debug)]
pub(super) struct Refusal(Vec<Value>);

impl Refusal {
    fn new(code: &str, kind: &str, message: String) -> Self {
        let retryable = matches!(kind, "at-capacity" | "unavailable");
        Self(vec![json!({ "code": code, "path": "", "message": message, "retryable": retryable, "kind": kind })])
    }

    /// What is wrong with a request: places and words.
    pub(super) fn request(wrong: Vec<(String, String)>) -> Self {
        let problem = |(path, message): (String, String)| {
            let place = if path.is_empty() { "/" } else { &path };
            json!({ "code": "E_DOOR_REQUEST", "path": path, "message": format!("{place}: {message}"),
                "retryable": false, "kind": "invalid" })
        };
        Self(wrong.into_iter().map(problem).collect())
    }

    pub(super) fn forbidden(what: &str, name: &str) -> Self {
        Self::new("E_DOOR_FORBIDDEN", "forbidden", format!("the {what} {name} is not allowed at the door"))
    }

    pub(super) fn full(live: usize, most: usize) -> Self {
        let message = format!("{live} sessions of the door are alive, and {most} may be");
        Self::new("E_DOOR_FULL", "at-capacity", message)
    }

    pub(super) fn cancelled(key: &str) -> Self {
        let message = format!("the key {key} was cancelled, and nothing is spawned under it any more");
        Self::new("E_DOOR_CANCELLED", "forbidden", message)
    }

    pub(super) fn key_taken(key: &str) -> Self {
        Self::new("E_DOOR_KEY_TAKEN", "invalid", format!("the key {key} is that of another request"))
    }

    pub(super) fn label_taken(label: &str) -> Self {
        Self::new("E_DOOR_LABEL_TAKEN", "invalid", format!("the label {label} is that of another key"))
    }

    pub(super) fn unknown(key: &str) -> Self {
        Self::new("E_DOOR_UNKNOWN", "not-found", format!("the door knows no session with the key {key}"))
    }

    pub(super) fn registry(why: &str) -> Self {
        Self::new("E_DOOR_REGISTRY", "unavailable", format!("the list of keys cannot be used: {why}"))
    }

    pub(super) fn details(self) -> Value {
        json!({ "ok": false, "state": "refused", "run_id": null, "errors": self.0 })
    }
}
