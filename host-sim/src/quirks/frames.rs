//! How the bytes of an answer are framed and coded.

use std::time::Duration;

use serde_json::{Value, json};

use super::codings::coded;
use super::reply::{Part, Reply, good, whole};
use super::{COMPLETED, Expected, FAILED, Quirk};

/// The events of a good answer, as their text.
fn stream(answer: &str) -> String {
    let events: String = good(answer).iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    events + "data: [DONE]\n\n"
}

fn events(body: impl Into<Vec<u8>>) -> Option<Reply> {
    Some(Reply::new(200, "text/event-stream", body))
}

fn in_coding(coding: &'static str, answer: &str) -> Option<Reply> {
    events(coded(coding, stream(answer).as_bytes())).map(|reply| reply.header("content-encoding", coding))
}

pub(super) const ALL: &[Quirk] = &[
    Quirk {
        name: "lines_end_with_cr",
        servers: "servers on frameworks of their own",
        sent: "events whose lines end with CR, or with CR LF",
        taken: "read",
        expected: COMPLETED,
        play: |scene| events(stream(scene.answer).replace('\n', "\r")),
    },
    Quirk {
        name: "no_space_after_data",
        servers: "Ollama gateways, Cloudflare, Zhipu GLM",
        sent: "`data:{…}` without a space",
        taken: "read",
        expected: COMPLETED,
        play: |scene| events(stream(scene.answer).replace("data: ", "data:")),
    },
    Quirk {
        name: "one_line_end_between_events",
        servers: "hand-written servers",
        sent: "events without a blank line between them",
        taken: "each line is a chunk",
        expected: COMPLETED,
        play: |scene| events(stream(scene.answer).replace("\n\n", "\n")),
    },
    Quirk {
        name: "data_twice",
        servers: "proxies that write events anew",
        sent: "`data: data: {…}`",
        taken: "read",
        expected: COMPLETED,
        play: |scene| events(stream(scene.answer).replace("data: ", "data: data: ")),
    },
    Quirk {
        name: "comments",
        servers: "OpenRouter (`: OPENROUTER PROCESSING`), DeepSeek (`: keep-alive`)",
        sent: "comments and other fields between events",
        taken: "passed over",
        expected: COMPLETED,
        play: |scene| {
            events(stream(scene.answer).replace("data: {", ": PROCESSING\n\nid: 1\nretry: 10\nevent: message\ndata: {"))
        },
    },
    Quirk {
        name: "only_comments",
        servers: "OpenRouter, DeepSeek under load",
        sent: "comments, and the end",
        taken: "a failure that passes",
        expected: Expected { code: "E_MODEL_UNAVAILABLE", says: "broke off", ..FAILED },
        play: |_| events(": keep-alive\n\n: keep-alive\n\n"),
    },
    Quirk {
        name: "byte_order_mark",
        servers: "gateways on .NET",
        sent: "a byte order mark before the first event",
        taken: "passed over",
        expected: COMPLETED,
        play: |scene| events(format!("\u{feff}{}", stream(scene.answer))),
    },
    Quirk {
        name: "no_last_line_end",
        servers: "hand-written servers",
        sent: "a last event without line ends and without `[DONE]`",
        taken: "read",
        expected: COMPLETED,
        play: |scene| events(stream(scene.answer).replace("data: [DONE]\n\n", "").trim_end().to_owned()),
    },
    Quirk {
        name: "split_characters",
        servers: "all, in small packets",
        sent: "an answer byte by byte",
        taken: "characters are whole again",
        expected: COMPLETED,
        play: |scene| {
            let mut reply = events("")?;
            for byte in stream(scene.answer).bytes() {
                reply = reply.part(Part::Bytes(vec![byte])).part(Part::Pause(Duration::ZERO));
            }
            Some(reply)
        },
    },
    Quirk {
        name: "bytes_that_are_no_text",
        servers: "llama.cpp and Ollama at tokens within a character",
        sent: "bytes that are no UTF-8, in a comment",
        taken: "the answer is read",
        expected: COMPLETED,
        play: |scene| events([&b": \xFF\xFE\n\n"[..], stream(scene.answer).as_bytes()].concat()),
    },
    Quirk {
        name: "lines_of_json",
        servers: "Ollama gateways, Hugging Face routers",
        sent: "a chunk on each line, without `data:`",
        taken: "read",
        expected: COMPLETED,
        play: |scene| {
            let lines: String = good(scene.answer).iter().map(|chunk| format!("{chunk}\n")).collect();
            Some(Reply::new(200, "application/x-ndjson", lines))
        },
    },
    Quirk {
        name: "blank_lines_before_json",
        servers: "DeepSeek, OpenRouter without streaming",
        sent: "blank lines that keep the connection open, and a document over many lines",
        taken: "read",
        expected: COMPLETED,
        play: |scene| {
            let document = whole(&json!({ "role": "assistant", "content": scene.answer }), "stop");
            Some(Reply::new(200, "application/json", format!("\n\n \n{document:#}\n")))
        },
    },
    Quirk {
        name: "wrong_content_type",
        servers: "proxies",
        sent: "events as `application/json`",
        taken: "known by their first byte",
        expected: COMPLETED,
        play: |scene| Some(Reply::new(200, "application/json", stream(scene.answer))),
    },
    Quirk {
        name: "no_choices_in_chunks",
        servers: "Azure (`prompt_filter_results`), vLLM, LiteLLM",
        sent: "chunks with `choices: []` or without choices",
        taken: "passed over",
        expected: COMPLETED,
        play: |scene| {
            let mut chunks = vec![json!({ "choices": [], "prompt_filter_results": [{ "prompt_index": 0 }] })];
            chunks.extend(good(scene.answer));
            chunks.push(json!({ "object": "chat.completion.chunk", "choices": Value::Null }));
            Some(Reply::events(&chunks))
        },
    },
    Quirk {
        name: "coded_gzip",
        servers: "nginx, Cloudflare, Anthropic gateways",
        sent: "an answer with `Content-Encoding: gzip`",
        taken: "decoded",
        expected: COMPLETED,
        play: |scene| in_coding("gzip", scene.answer),
    },
    Quirk {
        name: "coded_deflate",
        servers: "older proxies",
        sent: "an answer with `Content-Encoding: deflate`",
        taken: "decoded",
        expected: COMPLETED,
        play: |scene| in_coding("deflate", scene.answer),
    },
    Quirk {
        name: "coded_brotli",
        servers: "Cloudflare, Vercel",
        sent: "an answer with `Content-Encoding: br`",
        taken: "decoded",
        expected: COMPLETED,
        play: |scene| in_coding("br", scene.answer),
    },
    Quirk {
        name: "coded_zstd",
        servers: "Cloudflare, Caddy",
        sent: "an answer with `Content-Encoding: zstd`",
        taken: "decoded",
        expected: COMPLETED,
        play: |scene| in_coding("zstd", scene.answer),
    },
    Quirk {
        name: "coded_error",
        servers: "nginx, Cloudflare",
        sent: "an error with `Content-Encoding: gzip`",
        taken: "decoded; its words are told",
        expected: Expected { code: "E_MODEL_REJECTED", says: "the model is retired", ..FAILED },
        play: |_| {
            let body = json!({ "error": { "message": "the model is retired" } }).to_string();
            let reply = Reply::new(400, "application/json", coded("gzip", body.as_bytes()));
            Some(reply.header("content-encoding", "gzip"))
        },
    },
];
