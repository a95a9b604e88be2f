//! Reads what the server needs of a chat completion request; everything else is passed over, as providers do.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<WireMessage>,
    #[serde(default)]
    tools: Vec<Value>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    role: String,
    #[serde(default)]
    content: Value,
}

/// A chat completion request.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub model: String,
    pub messages: Vec<Message>,
    /// The names of the functions that may be called.
    pub tools: Vec<String>,
    pub stream: bool,
    pub include_usage: bool,
}

/// One message of the conversation.
#[derive(Debug)]
pub(super) struct Message {
    pub role: String,
    /// All its text parts.
    pub text: String,
}

impl ChatRequest {
    /// Reads a request. The error is a sentence for the client.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Body =
            serde_json::from_slice(body).map_err(|error| format!("the request cannot be read: {error}"))?;
        let function_name = |tool: &Value| tool.pointer("/function/name")?.as_str().map(str::to_owned);
        Ok(Self {
            model: body.model,
            messages: body
                .messages
                .into_iter()
                .map(|message| Message { role: message.role, text: text(&message.content) })
                .collect(),
            tools: body.tools.iter().filter_map(function_name).collect(),
            stream: body.stream.unwrap_or(false),
            include_usage: body.stream_options.and_then(|options| options.include_usage).unwrap_or(false),
        })
    }
}

/// The text of a message, which is one string or a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}
