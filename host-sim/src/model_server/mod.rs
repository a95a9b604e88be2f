//! The scripted agents behind an OpenAI-compatible address, for a real gateway and for clients that speak to a provider.
//!
//! | path                        | what it gives                                                         |
//! |-----------------------------|-----------------------------------------------------------------------|
//! | `POST /v1/chat/completions` | the script's answer, whole or as server-sent events                   |
//! | `GET /v1/models`            | the script's models                                                   |
//! | `GET /stats`                | requests so far, requests under way, their peak, requests by model    |
//!
//! It is made for tests on one machine: it asks for no key and refuses to listen on anything but a loopback address.
//! What an agent answers is decided in [`crate::script`]; here is only how that travels.

mod attempts;
mod conversation;
mod reply;
mod request;
mod stats;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::script::{Script, ScriptedOutcome};

use attempts::Attempts;
use conversation::Turn;
use reply::{Content, Failure, Frame};
use request::ChatRequest;
use stats::{Snapshot, Stats};

/// The largest request that is read. Gateways send whole conversations with all their tools.
const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;

struct Server {
    script: Script,
    seed: u64,
    latency_scale: f64,
    attempts: Attempts,
    stats: Arc<Stats>,
}

/// Serves the script until the returned future is dropped or the listener fails.
///
/// `seed` is that of [`Script::play`]. Latencies are multiplied by `latency_scale`: 1 is the script's own pace, 0.01 a
/// hundredth of it, and 0, anything negative or not a number means at once.
///
/// The same task in a new conversation counts as the next attempt; the same conversation sent again, as gateways do when
/// a provider fails, gets the same answer again. Listening on an address that is not loopback is an error.
pub async fn serve(listener: TcpListener, script: Script, seed: u64, latency_scale: f64) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let message = format!("the model server asks for no key, so it listens on loopback only, not on {address}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let server = Server { script, seed, latency_scale, attempts: Attempts::default(), stats: Arc::default() };
    axum::serve(listener, router(server)).await
}

fn router(server: Server) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .route("/stats", get(stats))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(Arc::new(server))
}

async fn models(State(server): State<Arc<Server>>) -> Response {
    reply::models(server.script.models())
}

async fn stats(State(server): State<Arc<Server>>) -> axum::Json<Snapshot> {
    axum::Json(server.stats.snapshot())
}

async fn complete(State(server): State<Arc<Server>>, body: Bytes) -> Response {
    let request = match ChatRequest::parse(&body) {
        Ok(request) => request,
        Err(message) => return Failure::bad_request(&message).into_response(),
    };
    // Given back when this future ends, also if the client goes away and it is dropped.
    let live = server.stats.begin(&request.model);
    let frame =
        Frame { id: live.number(), model: &request.model, stream: request.stream, usage: request.include_usage };
    match conversation::turn(&request) {
        Turn::Prompt { text, prompt } => server.play(text, prompt.as_ref(), &request.model, frame).await,
        Turn::Call(call) => frame.respond(Content::Call(call), reply::counted(&body, "")),
        Turn::Say(text) => {
            let usage = reply::counted(&body, &text);
            frame.respond(Content::Text(text), usage)
        }
    }
}

impl Server {
    async fn play(
        &self,
        text: &str,
        prompt: Option<&crate::script::prompt::Prompt>,
        model: &str,
        frame: Frame<'_>,
    ) -> Response {
        let attempt = prompt.map_or(1, |prompt| self.attempts.number(prompt, text));
        let scripted = self.script.play(self.seed, text, model, attempt);
        if matches!(scripted.outcome, ScriptedOutcome::Hang) {
            // The server drops this future when the client closes the connection.
            return std::future::pending().await;
        }
        tokio::time::sleep(self.scaled(scripted.latency_ms)).await;
        match scripted.outcome {
            ScriptedOutcome::Answer(answer) => frame.respond(Content::Text(answer), scripted.usage),
            ScriptedOutcome::Fail { kind, message } => Failure::of(kind, &message, frame.stream).into_response(),
            ScriptedOutcome::Hang => std::future::pending().await,
        }
    }

    fn scaled(&self, latency_ms: u64) -> Duration {
        Duration::try_from_secs_f64(latency_ms as f64 / 1_000.0 * self.latency_scale).unwrap_or_default()
    }
}
