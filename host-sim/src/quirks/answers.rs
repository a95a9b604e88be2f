//! Where answers stand.

use serde_json::{Value, json};

use super::reply::{Reply, delta, end, halves, piece, usage, whole};
use super::{COMPLETED, Expected, FAILED, Quirk};

/// Only thoughts, under this name.
fn thoughts(name: &str, text: &str, reason: &str) -> Option<Reply> {
    let mut chunk = json!({ "role": "assistant", "content": null });
    chunk[name] = json!(text);
    Some(Reply::events(&[delta(&chunk, Value::Null), end(reason), usage()]))
}

pub(super) const ALL: &[Quirk] = &[
    Quirk {
        name: "thoughts_beside_answer",
        servers: "DeepSeek, vLLM (`reasoning_content`), OpenRouter, Ollama (`reasoning`)",
        sent: "thoughts in a field of their own",
        taken: "passed over",
        expected: COMPLETED,
        play: |scene| {
            let thought = delta(
                &json!({ "reasoning_content": "Let me see: {\"no\": 1}", "reasoning": "Let me see" }),
                Value::Null,
            );
            Some(Reply::events(&[thought, piece(scene.answer), end("stop"), usage()]))
        },
    },
    Quirk {
        name: "thoughts_hold_json",
        servers: "vLLM and SGLang with the wrong reasoning parser",
        sent: "a JSON answer in the field of thoughts, and no content",
        taken: "taken from there",
        expected: COMPLETED,
        play: |scene| thoughts("reasoning_content", scene.answer, "stop"),
    },
    Quirk {
        name: "thoughts_only",
        servers: "reasoning models",
        sent: "thoughts and no answer in words",
        taken: "told; the thoughts are left as output",
        expected: Expected {
            is_text: true,
            code: "E_SESSION_FAILED",
            says: "only reasoning",
            has_output: true,
            has_usage: true,
            ..FAILED
        },
        play: |scene| thoughts("reasoning", scene.answer, "stop"),
    },
    Quirk {
        name: "thoughts_to_the_limit",
        servers: "reasoning models with a small `max_tokens`",
        sent: "thoughts until the limit of tokens",
        taken: "told",
        expected: Expected {
            code: "E_SESSION_FAILED",
            says: "limit of tokens",
            has_usage: true,
            has_output: true,
            is_truncated: true,
            ..FAILED
        },
        play: |_| thoughts("thinking", "Let me think. Let me think.", "length"),
    },
    Quirk {
        name: "content_in_parts",
        servers: "Mistral (Magistral), Databricks",
        sent: "content as a list of parts, some of them thoughts",
        taken: "the parts that are text are joined",
        expected: COMPLETED,
        play: |scene| {
            let parts = json!([
                { "type": "thinking", "thinking": [{ "type": "text", "text": "{\"no\": 1}" }] },
                { "type": "text", "text": scene.answer },
            ]);
            Some(Reply::events(&[delta(&json!({ "content": parts }), Value::Null), end("stop"), usage()]))
        },
    },
    Quirk {
        name: "refusal",
        servers: "OpenAI",
        sent: "`refusal` in place of content",
        taken: "refused by the model, with its words; not tried again",
        expected: Expected { code: "E_MODEL_REJECTED", says: "the model refused: I cannot", has_usage: true, ..FAILED },
        play: |_| {
            let said = |text: &str| delta(&json!({ "refusal": text }), Value::Null);
            Some(Reply::events(&[said("I cannot "), said("do that."), end("stop"), usage()]))
        },
    },
    Quirk {
        name: "tool_call",
        servers: "models that were trained to call tools",
        sent: "the call of a tool that nobody offered",
        taken: "told, with the tool's name",
        expected: Expected { code: "E_SESSION_FAILED", says: "called \"search\"", has_usage: true, ..FAILED },
        play: |_| {
            let call = json!([{ "index": 0, "id": "c", "type": "function", "function": { "name": "search", "arguments": "{\"q\": 1}" } }]);
            Some(Reply::events(&[delta(&json!({ "tool_calls": call }), Value::Null), end("tool_calls"), usage()]))
        },
    },
    Quirk {
        name: "form_as_tool_call",
        servers: "LiteLLM in front of Anthropic and Bedrock",
        sent: "the JSON answer as arguments of `json_tool_call`",
        taken: "taken from there",
        expected: COMPLETED,
        play: |scene| {
            let (first, second) = halves(scene.answer);
            let part = |name: &str, text: &str| {
                let call = json!([{ "index": 0, "function": { "name": name, "arguments": text } }]);
                delta(&json!({ "tool_calls": call }), Value::Null)
            };
            let last = delta(&json!({}), json!("tool_calls"));
            Some(Reply::events(&[part("json_tool_call", first), part("", second), last, usage()]))
        },
    },
    Quirk {
        name: "no_stream",
        servers: "gateways that buffer",
        sent: "one JSON document although a stream was asked for",
        taken: "read",
        expected: COMPLETED,
        play: |scene| Some(Reply::json(200, &whole(&json!({ "role": "assistant", "content": scene.answer }), "stop"))),
    },
    Quirk {
        name: "other_index",
        servers: "some routers",
        sent: "the answer as choice 1, and another choice after it",
        taken: "the choice that came first",
        expected: COMPLETED,
        play: |scene| {
            let mut chunks = [piece(scene.answer), piece("another answer"), end("stop")];
            chunks[0]["choices"][0]["index"] = json!(1);
            chunks[2]["choices"][0]["index"] = json!(1);
            Some(Reply::events(&[&chunks[..], &[usage()]].concat()))
        },
    },
    Quirk {
        name: "rejected_json",
        servers: "Groq (`json_validate_failed`)",
        sent: "400 with the model's text as `failed_generation`",
        taken: "an answer: it is paid for, and may be repaired",
        expected: Expected { has_usage: false, ..COMPLETED },
        play: |scene| {
            let error = json!({ "message": "Failed to generate JSON. Please adjust your prompt.", "type": "invalid_request_error", "code": "json_validate_failed", "failed_generation": scene.answer });
            Some(Reply::json(400, &json!({ "error": error })))
        },
    },
    Quirk {
        name: "empty_body",
        servers: "proxies",
        sent: "200 and nothing",
        taken: "a failure that passes",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "empty answer", ..FAILED },
        play: |_| {
            Some(Reply::json(200, &Value::Null)).map(|mut reply| {
                reply.parts.clear();
                reply
            })
        },
    },
];
