//! How answers end.

use serde_json::{Value, json};

use super::reply::{Part, Reply, counts, delta, end, good, halves, piece, usage, whole};
use super::{COMPLETED, Expected, FAILED, Quirk};

/// A half of an answer in words, left of a task that failed.
const HALF: Expected = Expected { is_text: true, has_output: true, is_truncated: true, has_usage: true, ..FAILED };

/// Half of the answer, and this reason.
fn half(answer: &str, reason: &str) -> Option<Reply> {
    Some(Reply::events(&[piece(halves(answer).0), end(reason), usage()]))
}

/// The whole answer, and this reason.
fn all(answer: &str, reason: &str) -> Option<Reply> {
    Some(Reply::events(&[piece(answer), end(reason), usage()]))
}

pub(super) const ALL: &[Quirk] = &[
    Quirk {
        name: "finish_other_words",
        servers: "Gemini, Anthropic, TGI, Cohere behind gateways",
        sent: "`STOP`, `end_turn`, `eos_token`, `COMPLETE` for `stop`",
        taken: "a whole answer",
        expected: COMPLETED,
        play: |scene| all(scene.answer, "FINISH_REASON_STOP"),
    },
    Quirk {
        name: "finish_length",
        servers: "all; Mistral says `model_length`, Gemini `MAX_TOKENS`",
        sent: "half an answer and `length`",
        taken: "a cut answer: no success unless the request accepts one; the text is kept",
        expected: Expected { code: "E_OUTPUT_TRUNCATED", says: "token limit", ..HALF },
        play: |scene| half(scene.answer, "model_length"),
    },
    Quirk {
        name: "finish_length_then_empty",
        servers: "Ollama, SGLang",
        sent: "`length`, and a later chunk with an empty reason",
        taken: "an empty reason is none and undoes nothing",
        expected: Expected { code: "E_OUTPUT_TRUNCATED", says: "token limit", ..HALF },
        play: |scene| {
            let empty = delta(&json!({ "content": "" }), json!(""));
            Some(Reply::events(&[piece(halves(scene.answer).0), end("length"), empty, usage()]))
        },
    },
    Quirk {
        name: "finish_empty_and_cut",
        servers: "Ollama, GLM",
        sent: "an empty reason with each chunk, and the connection breaks",
        taken: "a broken answer; its text is kept",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "broke off", has_usage: false, ..HALF },
        play: |scene| {
            let chunk = delta(&json!({ "content": halves(scene.answer).0 }), json!(""));
            Some(Reply::open_events(&[chunk]).part(Part::Cut))
        },
    },
    Quirk {
        name: "finish_missing",
        servers: "gateways in front of other APIs",
        sent: "no reason at all, and `[DONE]`",
        taken: "a whole answer",
        expected: COMPLETED,
        play: |scene| Some(Reply::events(&[piece(scene.answer), usage()])),
    },
    Quirk {
        name: "finish_error",
        servers: "OpenRouter, vLLM, Genkit's Gemini",
        sent: "half an answer, `error` and `[DONE]`",
        taken: "a failure that passes; the text and the counts are kept",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "finish_reason \"error\"", ..HALF },
        play: |scene| half(scene.answer, "error"),
    },
    Quirk {
        name: "finish_abort",
        servers: "vLLM, SGLang",
        sent: "half an answer and `abort`, where the engine was stopped",
        taken: "a failure that passes; the text is kept",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "abort", ..HALF },
        play: |scene| half(scene.answer, "abort"),
    },
    Quirk {
        name: "finish_no_resources",
        servers: "DeepSeek",
        sent: "half an answer and `insufficient_system_resource`",
        taken: "a failure that passes; the text is kept",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "insufficient_system_resource", ..HALF },
        play: |scene| half(scene.answer, "insufficient_system_resource"),
    },
    Quirk {
        name: "finish_network_error",
        servers: "Zhipu GLM",
        sent: "half an answer and `network_error`",
        taken: "a failure that passes; the text is kept",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "network_error", ..HALF },
        play: |scene| half(scene.answer, "network_error"),
    },
    Quirk {
        name: "finish_filtered",
        servers: "OpenAI, Azure (`content_filter`), Gemini (`SAFETY`), GLM (`sensitive`)",
        sent: "half an answer and the filter's word",
        taken: "refused by the model's provider, not tried again; the text is kept",
        expected: Expected { code: "E_MODEL_REJECTED", says: "filter", ..HALF },
        play: |scene| half(scene.answer, "content_filter"),
    },
    Quirk {
        name: "finish_unknown",
        servers: "any",
        sent: "a whole answer and a word that nobody knows",
        taken: "an answer that is marked, since nobody knows whether it is whole",
        expected: Expected { is_text: true, is_truncated: true, ..COMPLETED },
        play: |scene| all(scene.answer, "other"),
    },
    Quirk {
        name: "done_reason",
        servers: "Ollama's own API behind proxies",
        sent: "lines of JSON with `message`, `done` and `done_reason`",
        taken: "read like chunks, with its counts",
        expected: COMPLETED,
        play: |scene| {
            let (first, second) = halves(scene.answer);
            let line = |text: &str| json!({ "model": "standard", "message": { "role": "assistant", "content": text }, "done": false });
            let mut last = line("");
            last["done"] = json!(true);
            last["done_reason"] = json!("stop");
            last["prompt_eval_count"] = json!(50);
            last["eval_count"] = json!(20);
            let body = format!("{}\n{}\n{last}\n", line(first), line(second));
            Some(Reply::new(200, "application/x-ndjson", body))
        },
    },
    Quirk {
        name: "cut_off",
        servers: "proxies with a time limit",
        sent: "half an answer, and the connection breaks",
        taken: "a broken answer; its text is kept",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "broke off", has_usage: false, ..HALF },
        play: |scene| Some(Reply::open_events(&[piece(halves(scene.answer).0)]).part(Part::Cut)),
    },
    Quirk {
        name: "silent_end",
        servers: "gateways that lose the server behind them",
        sent: "half an answer, and the stream ends well, without reason and `[DONE]`",
        taken: "a broken answer; its text is kept",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "broke off", has_usage: false, ..HALF },
        play: |scene| Some(Reply::open_events(&[piece(halves(scene.answer).0)])),
    },
    Quirk {
        name: "hang_half_way",
        servers: "overloaded servers",
        sent: "half an answer, and then nothing more",
        taken: "ended by the task's time limit; the text is kept",
        expected: Expected { code: "E_TIMEOUT", has_usage: false, ..HALF },
        play: |scene| Some(Reply::open_events(&[piece(halves(scene.answer).0)]).part(Part::Hang)),
    },
    Quirk {
        name: "cut_after_end",
        servers: "proxies, servers without `[DONE]` that close the connection without a word",
        sent: "a whole answer, its reason and its counts, and the connection breaks",
        taken: "a whole answer",
        expected: COMPLETED,
        play: |scene| Some(Reply::open_events(&[piece(scene.answer), end("stop"), usage()]).part(Part::Cut)),
    },
    Quirk {
        name: "hang_after_end",
        servers: "gateways that lose the server behind them",
        sent: "a whole answer, its reason and its counts, and then nothing more",
        taken: "a whole answer, when the task's time is over",
        expected: COMPLETED,
        play: |scene| Some(Reply::open_events(&[piece(scene.answer), end("stop"), usage()]).part(Part::Hang)),
    },
    Quirk {
        name: "cut_after_document",
        servers: "proxies that say too long a length",
        sent: "a whole answer as one document, and the connection breaks",
        taken: "a whole answer",
        expected: COMPLETED,
        play: |scene| {
            let document = whole(&json!({ "role": "assistant", "content": scene.answer }), "stop");
            Some(Reply::json(200, &document).part(Part::Cut))
        },
    },
    Quirk {
        name: "text_after_stop",
        servers: "LiteLLM, some vLLM versions",
        sent: "the reason before the last piece, and an error after it",
        taken: "text is joined; what follows a whole answer does not spoil it",
        expected: COMPLETED,
        play: |scene| {
            let (first, second) = halves(scene.answer);
            let late = json!({ "error": { "message": "usage could not be counted" } });
            Some(Reply::events(&[piece(first), end("stop"), piece(second), usage(), late]))
        },
    },
    Quirk {
        name: "last_chunk_repeats_all",
        servers: "Azure gateways, some proxies",
        sent: "a last chunk with the whole answer once more",
        taken: "the answer, once",
        expected: COMPLETED,
        play: |scene| {
            let mut chunks = good(scene.answer);
            chunks.push(whole(&json!({ "role": "assistant", "content": scene.answer }), "stop"));
            Some(Reply::events(&chunks))
        },
    },
    Quirk {
        name: "counts_in_each_chunk",
        servers: "vLLM (`continuous_usage_stats`), Perplexity, xAI",
        sent: "counts that grow with each chunk, and zeros at the end",
        taken: "the highest of each",
        expected: COMPLETED,
        play: |scene| {
            let mut chunks = good(scene.answer);
            for (chunk, tokens) in chunks.iter_mut().zip([5, 12, 20, 0]) {
                let input = if tokens == 0 { 0 } else { 50 };
                chunk["usage"] = json!({ "prompt_tokens": input, "completion_tokens": tokens });
            }
            Some(Reply::events(&chunks))
        },
    },
    Quirk {
        name: "counts_elsewhere",
        servers: "Groq (`x_groq`), Kimi (in the choice)",
        sent: "counts under another name",
        taken: "found there",
        expected: COMPLETED,
        play: |scene| {
            let mut last = end("stop");
            last["x_groq"] = json!({ "id": "req_1", "usage": counts() });
            Some(Reply::events(&[piece(scene.answer), last]))
        },
    },
    Quirk {
        name: "counts_zero",
        servers: "LocalAI, gateways that do not count",
        sent: "0 tokens for a text",
        taken: "unknown, so a budget is charged with what was reserved",
        expected: Expected { has_usage: false, ..COMPLETED },
        play: |scene| {
            let mut chunks = good(scene.answer);
            for chunk in &mut chunks {
                chunk["usage"] = json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 });
            }
            Some(Reply::events(&chunks))
        },
    },
    Quirk {
        name: "counts_missing",
        servers: "servers that pass `stream_options` over",
        sent: "no counts",
        taken: "unknown",
        expected: Expected { has_usage: false, ..COMPLETED },
        play: |scene| {
            Some(Reply::events(&[piece(scene.answer), end("stop"), json!({ "choices": [], "usage": Value::Null })]))
        },
    },
];
