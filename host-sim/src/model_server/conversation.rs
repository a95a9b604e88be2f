//! Decides what a conversation asks for: a scripted agent's answer, a tool call, or a plain word.

use serde_json::{Value, json};

use gateway_sim::script::prompt::Prompt;

use super::request::{ChatRequest, Message};

/// What makes a gateway's own agent call a tool: `CALL_TOOL name {"json": "arguments"}` anywhere in its message.
const CALL_MARK: &str = "CALL_TOOL ";
/// What stands in front of a tool's result when it is repeated.
const RESULT_MARK: &str = "TOOL_RESULT ";
/// The tool that gateways offer in place of those that they hide.
const GENERIC_TOOL: &str = "tool_call";
/// The tool that goes on with a program of Code Mode that has not ended.
const WAIT_TOOL: &str = "wait";
/// How OpenClaw begins the messages that it writes itself, after those of its user.
const HOST_MESSAGE_START: &str = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>";

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Turn<'a> {
    /// Play the script for this message.
    Prompt {
        /// The whole message.
        text: &'a str,
        /// The component's prompt in it, if there is one.
        prompt: Option<Prompt>,
    },
    /// Call a tool.
    Call(ToolCall),
    /// Answer with this text.
    Say(String),
}

/// A call of one of the tools that the request offers.
#[derive(Debug, PartialEq)]
pub(super) struct ToolCall {
    pub name: String,
    pub arguments: Value,
}

/// Decides by the last message of the user.
///
/// A prompt of the component is only that, whatever stands in it: a text under review may well speak of tool calls.
pub(super) fn turn(request: &ChatRequest) -> Turn<'_> {
    let by_user = |message: &Message| message.role == "user" && !message.text.starts_with(HOST_MESSAGE_START);
    let Some(last) = request.messages.iter().rposition(by_user) else {
        return Turn::Say("The conversation has no message of a user.".to_owned());
    };
    let text = request.messages[last].text.as_str();
    let prompt = Prompt::parse(text);
    let Some(wanted) = wanted_call(text).filter(|_| prompt.is_none()) else {
        return Turn::Prompt { text, prompt };
    };
    let results: Vec<&str> = request.messages[last..]
        .iter()
        .filter(|message| message.role == "tool")
        .map(|message| message.text.as_str())
        .collect();
    if results.is_empty() {
        return offered(wanted, &request.tools);
    }
    if let Some(program) = results.last().and_then(|result| unended(result)) {
        let arguments = json!({ "runId": program });
        offered(ToolCall { name: WAIT_TOOL.to_owned(), arguments }, &request.tools)
    } else {
        let results: Vec<&str> = results.into_iter().filter(|result| unended(result).is_none()).collect();
        Turn::Say(format!("{RESULT_MARK}{}", results.join("\n")))
    }
}

/// The tool and the arguments that a message names.
fn wanted_call(text: &str) -> Option<ToolCall> {
    let (_, rest) = text.split_once(CALL_MARK)?;
    let (name, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    // A gateway adds words of its own after the arguments, so only the first value is read.
    let arguments = serde_json::Deserializer::from_str(rest).into_iter::<Value>().next()?.ok()?;
    arguments.is_object().then(|| ToolCall { name: name.to_owned(), arguments })
}

/// The name of a program that has not ended, if that is what a tool says.
fn unended(result: &str) -> Option<String> {
    let said: Value = serde_json::from_str(result).ok()?;
    let program = said.get("runId").filter(|_| said.get("status") == Some(&json!("waiting")))?;
    Some(program.as_str()?.to_owned())
}

/// The call as this request allows it.
fn offered(wanted: ToolCall, tools: &[String]) -> Turn<'static> {
    let has = |name: &str| tools.iter().any(|tool| tool == name);
    if has(&wanted.name) {
        Turn::Call(wanted)
    } else if has(GENERIC_TOOL) {
        let arguments = json!({ "id": wanted.name, "args": wanted.arguments });
        Turn::Call(ToolCall { name: GENERIC_TOOL.to_owned(), arguments })
    } else {
        Turn::Say(format!("The tool {} is not offered. Offered: {}.", wanted.name, tools.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(tools: &[&str], messages: &[(&str, &str)]) -> ChatRequest {
        let message = |(role, text): &(&str, &str)| Message { role: (*role).to_owned(), text: (*text).to_owned() };
        ChatRequest {
            model: "m".to_owned(),
            messages: messages.iter().map(message).collect(),
            tools: tools.iter().map(|name| (*name).to_owned()).collect(),
            stream: false,
            include_usage: false,
        }
    }

    const CALL: &str = "[Sun 12:00] CALL_TOOL run_it {\"tasks\":[{\"a\":\"}\"}]}\n\nRuntime: agent=main | {os}";
    const CONTEXT: &str = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nnone";
    const PROMPT: &str = "Agent type: a\nTask id: b\nOutput format: text\n\n# Task\n\nExplain CALL_TOOL x {}.";

    #[test]
    fn a_tool_is_called_by_name_or_through_the_generic_one() {
        let arguments = json!({"tasks": [{"a": "}"}]});
        let direct = request(&["other", "run_it", "tool_call"], &[("system", "s"), ("user", CALL), ("user", CONTEXT)]);
        assert_eq!(turn(&direct), Turn::Call(ToolCall { name: "run_it".into(), arguments: arguments.clone() }));
        let hidden = request(&["tool_search", "tool_call"], &[("user", CALL)]);
        let wrapped = json!({"id": "run_it", "args": arguments});
        assert_eq!(turn(&hidden), Turn::Call(ToolCall { name: "tool_call".into(), arguments: wrapped }));
        let absent = request(&["read"], &[("user", CALL)]);
        assert_eq!(turn(&absent), Turn::Say("The tool run_it is not offered. Offered: read.".into()));
    }

    #[test]
    fn a_result_is_repeated_word_for_word() {
        let answered =
            request(&["run_it"], &[("user", CALL), ("assistant", ""), ("tool", "{\"ok\": 1}\n"), ("user", CONTEXT)]);
        assert_eq!(turn(&answered), Turn::Say("TOOL_RESULT {\"ok\": 1}\n".into()));
        let asked_again = request(&["run_it"], &[("user", CALL), ("tool", "old"), ("assistant", "x"), ("user", CALL)]);
        assert!(matches!(turn(&asked_again), Turn::Call(_)));
    }

    #[test]
    fn a_program_that_has_not_ended_is_waited_for() {
        let waiting = r#"{"status":"waiting","runId":"cm_1"}"#;
        let asked = request(&["run_it", "wait"], &[("user", CALL), ("tool", waiting)]);
        let wait = ToolCall { name: "wait".into(), arguments: json!({"runId": "cm_1"}) };
        assert_eq!(turn(&asked), Turn::Call(wait));
        let ended = request(&["run_it", "wait"], &[("user", CALL), ("tool", waiting), ("tool", "{\"ok\": 1}")]);
        assert_eq!(turn(&ended), Turn::Say("TOOL_RESULT {\"ok\": 1}".into()));
    }

    #[test]
    fn a_prompt_is_a_prompt_whatever_it_says() {
        let asked = request(&["x"], &[("user", PROMPT), ("user", CONTEXT)]);
        assert!(matches!(turn(&asked), Turn::Prompt { prompt: Some(prompt), .. } if prompt.agent_type == "a"));
    }

    #[test]
    fn other_words_are_played_as_they_are() {
        for text in ["hello", "CALL_TOOL", "CALL_TOOL name", "CALL_TOOL name [1]", "CALL_TOOL name {\"open\": "] {
            let asked = request(&["name"], &[("user", text)]);
            assert_eq!(turn(&asked), Turn::Prompt { text, prompt: None });
        }
        assert!(matches!(turn(&request(&[], &[("system", "s")])), Turn::Say(_)));
    }
}
