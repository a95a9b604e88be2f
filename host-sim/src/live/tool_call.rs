//! A tool that the model wants called in place of an answer.

use serde_json::Value;

/// The first tool that the model wants called, put together from its pieces.
#[derive(Debug, Default)]
pub(super) struct ToolCall {
    pub(super) name: String,
    /// JSON, as far as it has come.
    pub(super) arguments: String,
}

impl ToolCall {
    /// Takes what a message, or a piece of one, says of it. Servers write `null` for what a piece does not have.
    pub(super) fn take(&mut self, message: &Value) {
        let call = message.pointer("/tool_calls/0/function").or_else(|| message.get("function_call"));
        let index = message.pointer("/tool_calls/0/index").and_then(Value::as_u64).unwrap_or(0);
        if let Some(call) = call.filter(|_| index == 0) {
            let part = |name| {
                let part = call.get(name).filter(|it| !it.is_null());
                part.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
            };
            self.name.push_str(&part("name").unwrap_or_default());
            self.arguments.push_str(&part("arguments").unwrap_or_default());
        }
    }

    /// Whether its arguments are the form that was asked for.
    pub(super) fn is_form(&self) -> bool {
        self.name.to_lowercase().contains("json")
    }
}
