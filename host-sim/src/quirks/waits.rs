//! How servers ask for time.

use serde_json::json;

use super::reply::{Reply, error};
use super::{COMPLETED, Expected, Quirk};

/// A task that is completed by the second request, after a while.
const fn after(waits_seconds: u64) -> Expected {
    Expected { requests: 2, waits_seconds, has_usage: false, ..COMPLETED }
}

/// A reply to the first request alone.
fn first(nth: u32, reply: Reply) -> Option<Reply> {
    (nth == 1).then_some(reply)
}

pub(super) const ALL: &[Quirk] = &[
    Quirk {
        name: "wait_in_words",
        servers: "OpenAI, Groq",
        sent: "\"Please try again in 1m3.5s.\"",
        taken: "waited out",
        expected: after(63),
        play: |scene| {
            let error = json!({ "error": { "message": "Rate limit reached for m on tokens per min (TPM): Limit 30000, Used 28000. Please try again in 1m3.5s.", "code": "rate_limit_exceeded" } });
            first(scene.nth, Reply::json(429, &error))
        },
    },
    Quirk {
        name: "wait_in_minutes",
        servers: "Azure, LiteLLM",
        sent: "\"Please retry after 2 minutes.\"",
        taken: "waited out",
        expected: after(120),
        play: |scene| first(scene.nth, Reply::json(429, &error("Too many requests. Please retry after 2 minutes."))),
    },
    Quirk {
        name: "wait_in_milliseconds",
        servers: "OpenAI, Azure (`retry-after-ms`)",
        sent: "a header with milliseconds, which is finer than the other one",
        taken: "waited out",
        expected: after(2),
        play: |scene| {
            let reply = Reply::json(429, &error("slow down"));
            first(scene.nth, reply.header("retry-after-ms", "2500").header("retry-after", "30"))
        },
    },
    Quirk {
        name: "wait_until_a_date",
        servers: "Cloudflare, proxies",
        sent: "`Retry-After` with a date, and the server's own",
        taken: "waited out by the server's clock",
        expected: after(20),
        play: |scene| {
            let reply = Reply::text(429, "slow down").header("date", "Tue, 14 Nov 2023 22:13:20 GMT");
            first(scene.nth, reply.header("retry-after", "Tue, 14 Nov 2023 22:13:40 GMT"))
        },
    },
    Quirk {
        name: "wait_in_details",
        servers: "Gemini (`RetryInfo`)",
        sent: "`\"retryDelay\": \"37s\"` in the details of an error",
        taken: "waited out",
        expected: after(37),
        play: |scene| {
            let details = json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s" }]);
            let error = json!([{ "error": { "code": 429, "message": "You exceeded your current quota, please check your plan and billing details.", "status": "RESOURCE_EXHAUSTED", "details": details } }]);
            first(scene.nth, Reply::json(429, &error))
        },
    },
    Quirk {
        name: "wait_for_a_limit",
        servers: "OpenAI, Groq, OpenRouter",
        sent: "`x-ratelimit-reset-*` and what remains of each limit",
        taken: "the limit that is used up is waited for",
        expected: after(11),
        play: |scene| {
            let reply = Reply::json(429, &error("Rate limit reached"))
                .header("x-ratelimit-remaining-requests", "0")
                .header("x-ratelimit-reset-requests", "11s")
                .header("x-ratelimit-remaining-tokens", "900")
                .header("x-ratelimit-reset-tokens", "6m0s");
            first(scene.nth, reply)
        },
    },
    Quirk {
        name: "rate_limit_in_200",
        servers: "OpenRouter",
        sent: "200 with `error.code` 429",
        taken: "as 429",
        expected: after(0),
        play: |scene| {
            let error = json!({ "error": { "code": 429, "message": "Rate limit exceeded: free-models-per-min" } });
            first(scene.nth, Reply::json(200, &error))
        },
    },
    Quirk {
        name: "busy",
        servers: "KoboldCpp, Ollama (`maximum pending requests exceeded`), TGI (`overloaded`)",
        sent: "503 that says that it is busy",
        taken: "as 429",
        expected: after(0),
        play: |scene| {
            let error = json!({ "detail": { "msg": "Server is busy; please try again later.", "type": "service_unavailable" } });
            first(scene.nth, Reply::json(503, &error))
        },
    },
    Quirk {
        name: "model_loads",
        servers: "llama.cpp, llama-swap, TGI, vLLM and SGLang behind proxies",
        sent: "503 \"Loading model\" for half a minute, to the list of models too",
        taken: "waited for, without a retry",
        expected: Expected { requests: 0, waits_seconds: 30, has_list: true, has_usage: false, ..COMPLETED },
        play: |scene| {
            let error = json!({ "error": { "code": 503, "message": "Loading model", "type": "unavailable_error" } });
            (scene.since_first_ms < 30_000).then(|| Reply::json(503, &error))
        },
    },
    Quirk {
        name: "model_loads_with_estimate",
        servers: "Hugging Face",
        sent: "503 with `estimated_time` in seconds",
        taken: "waited for, without a retry",
        expected: after(20),
        play: |scene| {
            let error = json!({ "error": "Model m is currently loading", "estimated_time": 20.0 });
            first(scene.nth, Reply::json(503, &error))
        },
    },
];
