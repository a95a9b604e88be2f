//! Why a model server cannot be used.

use parallel_agents_door::Unsendable;

/// The environment variable that holds the API key.
pub const KEY_VARIABLE: &str = "OPENAI_API_KEY";

/// A server that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address makes no sense.
    #[error("{text:?} is no base address of a server: {reason}; it looks like http://127.0.0.1:8080/v1")]
    Address {
        /// What was given, without anything secret in it.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else is at the address.
    #[error("there is no model server at {server}: {reason}; a base address ends in /v1 for most servers")]
    Path {
        /// The base address, as it is used.
        server: String,
        /// What is there.
        reason: String,
        /// It answers with a page for people, so that it is something else for certain.
        is_page: bool,
    },
    /// The key cannot be sent.
    #[error("{} holds a character that no key has: only visible ASCII can be sent", KEY_VARIABLE)]
    Key,
    /// The server wants a key, or another one.
    #[error("the server at {server} does not take {}: {reason}", KEY_VARIABLE)]
    KeyRefused {
        /// The base address, as it is used.
        server: String,
        /// What it said.
        reason: String,
    },
    /// The server does not answer, or is not ready.
    #[error("the server at {server} cannot be asked: {reason}")]
    Unreachable {
        /// The base address, as it is used.
        server: String,
        /// What went wrong.
        reason: String,
    },
    /// The client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
    /// The server did not list its models.
    #[error("the server at {server} does not list its models: {reason}")]
    Models {
        /// The base address, as it is used.
        server: String,
        /// What it said.
        reason: String,
    },
    /// The list of models is longer than anybody reads.
    #[error("the server at {server} lists more models than are read: its list has more than {most_mib} MiB")]
    LongList {
        /// The base address, as it is used.
        server: String,
        /// How much is read.
        most_mib: usize,
    },
    /// Nobody said which of its models is meant.
    #[error("the server at {server} has {} models: {}", names.len(), names.join(", "))]
    Choice {
        /// The base address, as it is used.
        server: String,
        /// Its models, in its own order.
        names: Vec<String>,
    },
}

impl From<Unsendable> for ServerError {
    fn from(_: Unsendable) -> Self {
        Self::Key
    }
}
