//! The scripted agents behind an OpenAI-compatible address, for a real gateway and for clients that speak to a provider.
//!
//! | path                            | what it gives                                                         |
//! |---------------------------------|-----------------------------------------------------------------------|
//! | `POST /v1/chat/completions`     | the script's answer, whole or as server-sent events                   |
//! | `GET /v1/models`                | the script's models                                                   |
//! | `GET /stats`                    | requests so far, those under way, their peak, 429s, requests by model |
//! | `POST /stats/reset`             | the same, and counts anew; what is under way goes on being counted    |
//! | `POST /hold`, `POST /release`   | agents' answers are kept back, until they are let go                  |
//!
//! It is made for tests on one machine: it asks for no key and refuses to listen on anything but a loopback address.
//! What an agent answers is decided in [`gateway_sim::script`]; here is only how that travels.

mod attempts;
mod conversation;
mod limits;
mod quirky;
mod reply;
mod request;
mod stats;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use parallel_agents_engine::host::FailureKind;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::quirks::{self, Quirk};
use gateway_sim::script::prompt::Prompt;
use gateway_sim::script::{Script, ScriptedOutcome, WireFault};

use attempts::Attempts;
use conversation::Turn;
use limits::Limits;
use reply::{Content, Delivery, Failure, Frame};
use request::ChatRequest;
use stats::{Live, Snapshot, Stats};

/// The largest request that is read. Gateways send whole conversations with all their tools.
const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;

/// How clients name a try, so that a repetition can be told from another one.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

struct Server {
    script: Script,
    seed: u64,
    latency_scale: f64,
    attempts: Attempts,
    limits: Arc<Limits>,
    stats: Arc<Stats>,
    /// Whether answers are kept back.
    held: watch::Sender<bool>,
    /// The habit of some servers that this one has.
    quirk: Option<&'static Quirk>,
    /// When it was asked for the first time.
    first_asked: OnceLock<Instant>,
}

/// Serves the script until the returned future is dropped or the listener fails.
///
/// `seed` is that of [`Script::play`]. Latencies are multiplied by `latency_scale`: 1 is the script's own pace, 0.01 a
/// hundredth of it, and 0, anything negative or not a number means at once.
///
/// The same task in a new conversation counts as the next attempt; the same conversation sent again, as gateways do when
/// a provider fails, gets the same answer again. What goes wrong on the way is the script's `[wire]`, and the limits of its
/// models are kept with 429. Listening on an address that is not loopback is an error.
pub async fn serve(listener: TcpListener, script: Script, seed: u64, latency_scale: f64) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let message = format!("the model server asks for no key, so it listens on loopback only, not on {address}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let quirk = script.wire().quirk.as_deref().and_then(quirks::find);
    let server = Server {
        quirk,
        first_asked: OnceLock::new(),
        script,
        seed,
        latency_scale,
        attempts: Attempts::default(),
        limits: Arc::default(),
        stats: Arc::default(),
        held: watch::Sender::default(),
    };
    axum::serve(listener, router(server)).await
}

fn router(server: Server) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .route("/stats", get(stats))
        .route("/stats/reset", post(reset))
        .route("/hold", post(async |State(server): State<Arc<Server>>| server.hold(true)))
        .route("/release", post(async |State(server): State<Arc<Server>>| server.hold(false)))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(Arc::new(server))
}

async fn models(State(server): State<Arc<Server>>) -> Response {
    server.odd_list().map_or_else(|| reply::models(server.script.models()), |reply| reply.respond(()))
}

async fn stats(State(server): State<Arc<Server>>) -> axum::Json<Snapshot> {
    axum::Json(server.stats.snapshot())
}

async fn reset(State(server): State<Arc<Server>>) -> axum::Json<Snapshot> {
    axum::Json(server.stats.reset())
}

async fn complete(State(server): State<Arc<Server>>, headers: HeaderMap, body: Bytes) -> Response {
    let request = match ChatRequest::parse(&body) {
        Ok(request) => request,
        Err(message) => return Failure::bad_request(&message).into_response(),
    };
    // Given back when the answer is out, also if the client goes away and all of this is dropped.
    let live = server.stats.begin(&request.model);
    let frame =
        Frame { id: live.number(), model: &request.model, stream: request.stream, usage: request.include_usage };
    let at_once = |live| Delivery { over: Duration::ZERO, fault: None, _guards: (live, None) };
    match conversation::turn(&request) {
        Turn::Prompt { text, prompt } => {
            let key = headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
            server.play(&Asked { text, prompt, key, model: &request.model, body: &body }, frame, live).await
        }
        Turn::Call(call) => frame.respond(Content::Call(call), reply::counted(&body, ""), at_once(live)),
        Turn::Say(text) => {
            let usage = reply::counted(&body, &text);
            frame.respond(Content::Text(text), usage, at_once(live))
        }
    }
}

/// What a conversation asks the script.
struct Asked<'a> {
    text: &'a str,
    prompt: Option<Prompt>,
    /// The client's own name for the try. Empty: it gives none.
    key: &'a str,
    model: &'a str,
    /// The whole request.
    body: &'a [u8],
}

impl Server {
    async fn play(&self, asked: &Asked<'_>, frame: Frame<'_>, live: Live) -> Response {
        let (attempt, request) =
            asked.prompt.as_ref().map_or((1, 1), |prompt| self.attempts.number(prompt, asked.key, asked.text));
        let wire = self.script.wire();
        let fault = asked
            .prompt
            .as_ref()
            .and_then(|prompt| wire.strikes(self.seed, &format!("{} {}", prompt.agent_type, prompt.task_id), request));
        let retry_after = |seconds: u64| self.scaled(wire.retry_after_seconds.map_or(seconds, u64::from) * 1_000);
        let full_name = self.script.applied_model(Some(asked.model));
        let limit = self.script.provider_limit(&full_name);
        let Some(place) = self.limits.admit(&full_name, limit, self.latency_scale) else {
            return self.refuse(Failure::rate_limited(retry_after(limit.retry_after_seconds())));
        };
        match fault {
            Some(WireFault::RateLimited) => return self.refuse(Failure::rate_limited(retry_after(1))),
            Some(WireFault::ServerError) => {
                return Failure::of(FailureKind::Infrastructure, "the script has the server fail", false)
                    .into_response();
            }
            // The server drops this future when the client closes the connection.
            Some(WireFault::Silent) => return std::future::pending().await,
            Some(WireFault::CutOff | WireFault::BrokenEvent) | None => {}
        }
        let scripted = self.script.play(self.seed, asked.text, asked.model, attempt);
        if matches!(scripted.outcome, ScriptedOutcome::Hang) {
            return std::future::pending().await;
        }
        if let ScriptedOutcome::Answer(answer) = &scripted.outcome
            && let Some(reply) = self.odd(&serde_json::from_slice(asked.body).unwrap_or_default(), request, answer)
        {
            return reply.respond((live, place));
        }
        let latency = self.scaled(scripted.latency_ms);
        let is_spread = wire.spread && frame.stream && matches!(scripted.outcome, ScriptedOutcome::Answer(_));
        if !is_spread {
            tokio::time::sleep(latency).await;
        }
        self.released().await;
        let over = if is_spread { latency } else { Duration::ZERO };
        let delivery = Delivery { over, fault, _guards: (live, Some(place)) };
        match scripted.outcome {
            ScriptedOutcome::Answer(answer) => frame.respond(Content::Text(answer), scripted.usage, delivery),
            ScriptedOutcome::Fail { kind: FailureKind::RateLimited, message, .. } => {
                self.refuse(Failure::of(FailureKind::RateLimited, &message, frame.stream))
            }
            ScriptedOutcome::Fail { kind, message, .. } => Failure::of(kind, &message, frame.stream).into_response(),
            ScriptedOutcome::Hang => std::future::pending().await,
        }
    }

    fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    async fn released(&self) {
        // It cannot be closed while `self` lives.
        let _ = self.held.subscribe().wait_for(|held| !held).await;
    }

    fn refuse(&self, failure: Failure) -> Response {
        self.stats.refused();
        failure.into_response()
    }

    fn scaled(&self, latency_ms: u64) -> Duration {
        Duration::try_from_secs_f64(latency_ms as f64 / 1_000.0 * self.latency_scale).unwrap_or_default()
    }
}
