//! How model servers differ from the protocol that they all claim to speak, one entry for each habit that was looked up.
//!
//! The loopback model server plays each by its name, a test of the live host runs each against what is expected of it, and
//! `docs/model-servers.md` is this table as text.

mod answers;
mod codings;
mod ends;
mod errors;
mod frames;
mod reply;
mod requests;
mod waits;

use std::fmt::Write;

pub(crate) use reply::{Part, Reply};

use gateway_sim::script::{Script, ScriptError, ScriptProblem};
use parallel_agents_engine::text;
use serde_json::Value;

/// A habit of some servers.
#[derive(Clone, Copy, Debug)]
pub struct Quirk {
    /// Its name on the command line and in scripts; its test has the same.
    pub name: &'static str,
    /// Who has it, as far as it was looked up.
    pub servers: &'static str,
    /// What they send.
    pub sent: &'static str,
    /// How it is taken.
    pub taken: &'static str,
    /// What comes of a task.
    pub expected: Expected,
    /// Plays it. None: this request is answered as usual.
    pub(crate) play: fn(&Scene<'_>) -> Option<Reply>,
}

/// What comes of a task that is not tried again, on a server with a quirk.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// The end of the base address that the client is given.
    pub base: &'static str,
    /// The task is answered in words, and not as JSON.
    pub is_text: bool,
    /// The error's code. Empty: it is completed.
    pub code: &'static str,
    /// A part of the error's message.
    pub says: &'static str,
    /// A text is left.
    pub has_output: bool,
    /// The answer is marked as not whole.
    pub is_truncated: bool,
    /// The tokens are known.
    pub has_usage: bool,
    /// Requests for a completion.
    pub requests: u64,
    /// The least time that it takes, in seconds.
    pub waits_seconds: u64,
    /// The list of models is answered like completions.
    pub has_list: bool,
}

/// A task that is completed by the first request.
const COMPLETED: Expected = Expected {
    base: "/v1",
    is_text: false,
    code: "",
    says: "",
    has_output: true,
    is_truncated: false,
    has_usage: true,
    requests: 1,
    waits_seconds: 0,
    has_list: false,
};

/// A task that fails by the first request, and nothing is left of it.
const FAILED: Expected = Expected { has_output: false, has_usage: false, ..COMPLETED };

/// What a quirk is played for.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    /// The request. Null: it has none.
    pub request: &'a Value,
    /// Counts the requests about one task from 1.
    pub nth: u32,
    /// What the script answers.
    pub answer: &'a str,
    /// Milliseconds since the server was asked for the first time.
    pub since_first_ms: u64,
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Quirk> {
    [ends::ALL, answers::ALL, frames::ALL, errors::ALL, waits::ALL, requests::ALL].into_iter().flatten()
}

/// One by its name.
pub fn find(name: &str) -> Option<&'static Quirk> {
    all().find(|quirk| quirk.name == name)
}

/// Whether there is a quirk of the name that a script asks for.
///
/// # Errors
/// There is none.
pub fn check(script: &Script) -> Result<(), ScriptError> {
    let Some(name) = script.wire().quirk.as_deref().filter(|name| find(name).is_none()) else { return Ok(()) };
    let near = text::nearest(name, all().map(|quirk| quirk.name));
    let message = format!("no quirk is named {name:?}; near: {}", near.join(", "));
    Err(ScriptError::Invalid(vec![ScriptProblem { path: "/wire/quirk".to_owned(), message }]))
}

/// The table as Markdown, one row each.
pub fn table() -> String {
    let mut text = String::from("| Quirk | Seen at | What is sent | How it is taken |\n|---|---|---|---|\n");
    for Quirk { name, servers, sent, taken, .. } in all() {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| `{name}` | {servers} | {sent} | {taken} |");
    }
    text
}
