//! What errors look like, and in what they are hidden.

use serde_json::{Value, json};

use super::reply::{Part, Reply, delta, error, halves, piece};
use super::{COMPLETED, Expected, FAILED, Quirk};

const OVERFLOW: Expected = Expected { code: "E_CONTEXT_OVERFLOW", ..FAILED };
const REJECTED: Expected = Expected { code: "E_MODEL_REJECTED", ..FAILED };
const UNAVAILABLE: Expected = Expected { code: "E_MODEL_UNAVAILABLE", ..FAILED };
const UNAUTHENTICATED: Expected = Expected { code: "E_MODEL_AUTHENTICATION", ..FAILED };

pub(super) const ALL: &[Quirk] = &[
    Quirk {
        name: "error_in_200",
        servers: "OpenRouter, LiteLLM",
        sent: "200 with `error.code` 401",
        taken: "as the HTTP status of the same number",
        expected: Expected { says: "User not found", ..UNAUTHENTICATED },
        play: |_| Some(Reply::json(200, &json!({ "error": { "code": 401, "message": "User not found." } }))),
    },
    Quirk {
        name: "error_code_as_text",
        servers: "DeepInfra, LiteLLM",
        sent: "200 with `code` \"404\"",
        taken: "as the HTTP status of the same number",
        expected: Expected { says: "No endpoints", ..REJECTED },
        play: |_| {
            Some(Reply::json(200, &json!({ "error": { "code": "404", "message": "No endpoints found for m1." } })))
        },
    },
    Quirk {
        name: "error_packed_in_error",
        servers: "OpenRouter (`metadata.raw`), gateways in front of gateways",
        sent: "the error of another server as a text in its own",
        taken: "both are told, and the inner one counts",
        expected: Expected { says: "maximum context length", ..OVERFLOW },
        play: |_| {
            let raw = error(
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
            );
            let outer = json!({ "code": 400, "message": "Provider returned error", "metadata": { "raw": raw.to_string(), "provider_name": "X" } });
            Some(Reply::json(400, &json!({ "error": outer })))
        },
    },
    Quirk {
        name: "error_in_stream",
        servers: "OpenAI, vLLM, OpenRouter",
        sent: "half an answer, and a chunk with `error` and no choices",
        taken: "as its code says; the text is kept",
        expected: Expected { is_text: true, says: "502", has_output: true, is_truncated: true, ..UNAVAILABLE },
        play: |scene| {
            let error = json!({ "error": { "code": 502, "message": "Worker died" }, "choices": [] });
            Some(Reply::events(&[piece(halves(scene.answer).0), error]))
        },
    },
    Quirk {
        name: "error_in_choice",
        servers: "OpenRouter",
        sent: "a choice with `error` and the reason `error`",
        taken: "as its code says; the text is kept",
        expected: Expected {
            is_text: true,
            says: "Provider disconnected",
            has_output: true,
            is_truncated: true,
            ..UNAVAILABLE
        },
        play: |scene| {
            let mut last = delta(&json!({}), json!("error"));
            last["choices"][0]["error"] = json!({ "code": 502, "message": "Provider disconnected" });
            Some(Reply::events(&[piece(halves(scene.answer).0), last]))
        },
    },
    Quirk {
        name: "error_event",
        servers: "LM Studio, Anthropic, SGLang",
        sent: "`event: error` with words or an object",
        taken: "an error, whatever its data looks like",
        expected: Expected { says: "The model has crashed", ..UNAVAILABLE },
        play: |_| {
            let body =
                "event: error\ndata: {\"message\":\"The model has crashed without additional information.\"}\n\n";
            Some(Reply::new(200, "text/event-stream", body))
        },
    },
    Quirk {
        name: "error_like_anthropic",
        servers: "Anthropic and what speaks like it",
        sent: "`{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\"}}` in a stream",
        taken: "by its type",
        expected: Expected { says: "invalid x-api-key", ..UNAUTHENTICATED },
        play: |_| {
            let error =
                json!({ "type": "error", "error": { "type": "authentication_error", "message": "invalid x-api-key" } });
            Some(Reply::events(&[error]))
        },
    },
    Quirk {
        name: "error_as_text",
        servers: "Ollama, LM Studio, Hugging Face",
        sent: "`{\"error\": \"…\"}`",
        taken: "its words are told",
        expected: Expected { says: "model 'm' is retired", ..REJECTED },
        play: |_| Some(Reply::json(400, &json!({ "error": "model 'm' is retired" }))),
    },
    Quirk {
        name: "error_detail",
        servers: "FastAPI: vLLM, LocalAI gateways, KoboldCpp",
        sent: "`{\"detail\": \"…\"}`",
        taken: "its words are told",
        expected: Expected { says: "load it first", ..REJECTED },
        play: |_| Some(Reply::json(400, &json!({ "detail": "Model is not loaded; load it first" }))),
    },
    Quirk {
        name: "error_detail_list",
        servers: "FastAPI, Mistral",
        sent: "a list of `loc` and `msg`",
        taken: "each is told with its place",
        expected: Expected { says: "messages.0: Field required", ..REJECTED },
        play: |_| {
            let detail = json!([{ "type": "missing", "loc": ["body", "messages", "0"], "msg": "Field required" }]);
            Some(Reply::json(422, &json!({ "detail": detail })))
        },
    },
    Quirk {
        name: "error_list",
        servers: "Gemini",
        sent: "`[{\"error\": {…}}]`",
        taken: "read",
        expected: Expected { says: "API key not valid", ..REJECTED },
        play: |_| {
            Some(Reply::json(
                400,
                &json!([{ "error": { "code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT" } }]),
            ))
        },
    },
    Quirk {
        name: "error_unknown_form",
        servers: "any",
        sent: "an object that nobody knows",
        taken: "told as it is",
        expected: Expected { says: "{\"failure\":{\"why\":7}}", ..REJECTED },
        play: |_| Some(Reply::json(400, &json!({ "failure": { "why": 7 } }))),
    },
    Quirk {
        name: "error_plain_text",
        servers: "Go and nginx",
        sent: "words without any form",
        taken: "told",
        expected: Expected { says: "upstream connect error", ..UNAVAILABLE },
        play: |_| Some(Reply::text(503, "upstream connect error or disconnect\n")),
    },
    Quirk {
        name: "error_xml",
        servers: "Azure API management, S3-like storage",
        sent: "XML",
        taken: "its text is told",
        expected: Expected { says: "SlowRegion Try another one", ..UNAVAILABLE },
        play: |_| {
            Some(Reply::new(
                500,
                "application/xml",
                "<?xml version=\"1.0\"?><Error><Code>SlowRegion</Code><Message>Try another one</Message></Error>",
            ))
        },
    },
    Quirk {
        name: "error_page",
        servers: "Cloudflare, nginx",
        sent: "502 with a page for people",
        taken: "a failure that passes, with the page's title",
        expected: Expected { says: "502 Bad Gateway", ..UNAVAILABLE },
        play: |_| Some(Reply::page(502, "502 Bad Gateway")),
    },
    Quirk {
        name: "page_in_200",
        servers: "Open WebUI and other front ends at the wrong address",
        sent: "200 with a page for people",
        taken: "a wrong address; not tried again",
        expected: Expected { says: "HTML page, \"Open WebUI\"; the base address", has_list: true, ..REJECTED },
        play: |_| Some(Reply::page(200, "Open WebUI")),
    },
    Quirk {
        name: "no_such_path",
        servers: "all, at the wrong address",
        sent: "404 without a word about a model",
        taken: "a wrong address; not tried again",
        expected: Expected { says: "the base address may be wrong", has_list: true, ..REJECTED },
        play: |_| Some(Reply::text(404, "404 page not found")),
    },
    Quirk {
        name: "base_without_version",
        servers: "Ollama, vLLM, LM Studio",
        sent: "404 below a base address without `/v1`",
        taken: "`/v1` is tried, once for all sessions",
        expected: Expected { base: "", ..COMPLETED },
        play: |_| None,
    },
    Quirk {
        name: "base_with_endpoint",
        servers: "people",
        sent: "the address of `/chat/completions` as base address",
        taken: "shortened",
        expected: Expected { base: "/v1/chat/completions/", ..COMPLETED },
        play: |_| None,
    },
    Quirk {
        name: "moved",
        servers: "servers behind TLS",
        sent: "308 to another address",
        taken: "not followed, as it would take the key along; the address is told",
        expected: Expected { says: "sends to https://example.test/v1/chat/completions", ..REJECTED },
        play: |_| Some(Reply::text(308, "").header("location", "https://example.test/v1/chat/completions")),
    },
    Quirk {
        name: "unpaid",
        servers: "OpenAI (`insufficient_quota`), GLM, DeepSeek",
        sent: "429 because the credit is used up",
        taken: "not tried again",
        expected: Expected { says: "current quota", ..UNAUTHENTICATED },
        play: |_| {
            Some(Reply::json(
                429,
                &json!({ "error": { "message": "You exceeded your current quota.", "code": "insufficient_quota" } }),
            ))
        },
    },
    Quirk {
        name: "overflow_500",
        servers: "older llama.cpp",
        sent: "500 for a prompt that is too long",
        taken: "known by its words; not tried again",
        expected: OVERFLOW,
        play: |_| {
            Some(Reply::json(
                500,
                &json!({ "error": { "code": 500, "message": "the request exceeds the available context size. try increasing the context size", "type": "server_error" } }),
            ))
        },
    },
    Quirk {
        name: "overflow_of_a_rate",
        servers: "Groq, OpenAI",
        sent: "413 or 429 for a request that is larger than the tokens of a minute",
        taken: "known by its words; no wait helps, so it is not tried again",
        expected: OVERFLOW,
        play: |_| {
            Some(Reply::json(
                429,
                &json!({ "error": { "message": "Request too large for m on tokens per min (TPM): Limit 30000, Requested 31000. Please try again in 2s.", "code": "rate_limit_exceeded" } }),
            ))
        },
    },
    Quirk {
        name: "hang",
        servers: "overloaded servers, Ollama while it loads a model",
        sent: "nothing at all",
        taken: "ended by the task's time limit",
        expected: Expected { code: "E_TIMEOUT", ..FAILED },
        play: |_| {
            let mut reply = Reply::json(200, &Value::Null).part(Part::Hang);
            reply.parts.remove(0);
            Some(reply)
        },
    },
];
