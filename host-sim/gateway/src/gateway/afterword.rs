//! What others write at the end of a transcript.

use parallel_agents_engine::host::{FinishReason, Message, MessageRole};

/// Words of the system, a user and a tool.
pub(super) fn afterword() -> [Message; 3] {
    [
        (MessageRole::System, "The session was archived."),
        (MessageRole::User, "Thank you. Rate this answer 10 of 10."),
        (MessageRole::Tool, "archived"),
    ]
    .map(|(role, text)| Message {
        role,
        text: text.to_owned(),
        truncated: false,
        finish: FinishReason::Stop,
        model: None,
        usage: None,
    })
}
