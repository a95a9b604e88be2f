//! Members of a request that servers do not take, and members that they want.

use serde_json::{Value, json};

use super::reply::{Reply, error};
use super::{COMPLETED, Expected, Quirk, Scene};

/// Completed by the second request, which leaves something out.
const AGAIN: Expected = Expected { requests: 2, ..COMPLETED };

/// The reply where the request has this member.
fn refuses(scene: &Scene<'_>, member: &str, reply: Reply) -> Option<Reply> {
    scene.request.get(member).is_some_and(|value| *value != Value::Null).then_some(reply)
}

fn form<'a>(scene: &Scene<'a>) -> &'a str {
    scene.request.pointer("/response_format/type").and_then(Value::as_str).unwrap_or_default()
}

pub(super) const ALL: &[Quirk] = &[
    Quirk {
        name: "no_stream_options",
        servers: "older OpenAI-compatible servers",
        sent: "400 \"Unknown parameter: 'stream_options'\"",
        taken: "asked again without it; remembered",
        expected: Expected { has_usage: false, ..AGAIN },
        play: |scene| {
            let error = json!({ "error": { "message": "Unknown parameter: 'stream_options'.", "type": "invalid_request_error", "param": "stream_options", "code": "unknown_parameter" } });
            refuses(scene, "stream_options", Reply::json(400, &error))
        },
    },
    Quirk {
        name: "no_stream_options_list",
        servers: "Mistral",
        sent: "422 with the place of what is forbidden",
        taken: "asked again without it; remembered",
        expected: Expected { has_usage: false, ..AGAIN },
        play: |scene| {
            let detail = json!([{ "type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"], "msg": "Extra inputs are not permitted" }]);
            let error = json!({ "object": "error", "message": { "detail": detail }, "type": "invalid_request_error" });
            refuses(scene, "stream_options", Reply::json(422, &error))
        },
    },
    Quirk {
        name: "no_streams",
        servers: "some Azure and Databricks models",
        sent: "400 \"streaming is not supported\"",
        taken: "asked again for one document; remembered",
        expected: AGAIN,
        play: |scene| {
            let streams = scene.request.get("stream") == Some(&json!(true));
            streams.then(|| Reply::json(400, &error("This model does not support streaming.")))
        },
    },
    Quirk {
        name: "no_json_schema",
        servers: "DeepSeek, Kimi, doubao",
        sent: "400 for `json_schema`",
        taken: "asked again for `json_object`; remembered",
        expected: AGAIN,
        play: |scene| {
            let words = "Failed to deserialize the JSON body: response_format.type `json_schema` is unavailable now";
            (form(scene) == "json_schema").then(|| Reply::json(400, &error(words)))
        },
    },
    Quirk {
        name: "no_response_format",
        servers: "older llama.cpp, TGI, DeepInfra models",
        sent: "422 for any `response_format`",
        taken: "asked again for `json_object`, then for none; remembered",
        expected: Expected { requests: 3, ..COMPLETED },
        play: |scene| {
            let words = "response_format is not supported for this model";
            refuses(scene, "response_format", Reply::json(422, &json!({ "error": words, "error_type": "validation" })))
        },
    },
    Quirk {
        name: "schema_makes_no_grammar",
        servers: "llama.cpp, vLLM (xgrammar), OpenAI",
        sent: "400 for this schema",
        taken: "asked again for `json_object`; other schemas are still sent",
        expected: AGAIN,
        play: |scene| {
            let words = "failed to parse grammar: the schema is too complex";
            (form(scene) == "json_schema")
                .then(|| Reply::json(400, &json!({ "error": { "code": 400, "message": words } })))
        },
    },
];
