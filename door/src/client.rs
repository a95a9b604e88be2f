//! The client of a gateway's door: sessions of another machine, each once by its key. It asks once and never again by itself:
//! whoever uses it decides what an error means.

use std::time::Duration;

use parallel_agents_engine::host::{HistoryPage, HistoryQuery, HostError, ListFilter, Receipt, SpawnOptions};
use parallel_agents_engine::text::head;
use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::DoorError;
use crate::http::{self, is_loopback};
use crate::token::Token;
use crate::wire::{Facts, Listed, Page, Spawned, Waited};

/// The form of requests and answers that is spoken here.
const PROTOCOL: u64 = 1;

const TOOL: &str = "parallel_agents_door";

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may take, beyond a wait that was asked for. The door gives the gateway a minute.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(75);

/// After so long without a word it is asked whether the other side is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Bytes of an error's words that are looked at.
const MOST_WORDS: usize = 1_000;

/// The door of a gateway. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Door {
    http: reqwest::Client,
    gateway: Url,
    token: Option<Token>,
    session: String,
}

impl Door {
    /// The environment variable with the token.
    pub const TOKEN_VARIABLE: &str = "OPENCLAW_GATEWAY_TOKEN";

    /// A door by the gateway's address and the session that it is. Nothing is sent yet.
    ///
    /// # Errors
    /// The address is none or holds more than a place, or the token cannot be sent.
    pub fn new(gateway: &str, token: &str, session: &str) -> Result<Self, DoorError> {
        let gateway = address(gateway)?;
        let token = Token::new(token).map_err(|_| DoorError::Token)?;
        let builder = http::client(&gateway)
            .user_agent(concat!("parallel-agents/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEPALIVE);
        let http = builder.build().map_err(|error| DoorError::Client(error.to_string()))?;
        Ok(Self { http, gateway, token, session: session.to_owned() })
    }

    /// The same door with connections of its own, for another runtime.
    ///
    /// # Errors
    /// The client cannot be set up.
    pub fn anew(&self) -> Result<Self, DoorError> {
        let http = http::client(&self.gateway).connect_timeout(CONNECT_TIMEOUT).build();
        Ok(Self { http: http.map_err(|error| DoorError::Client(error.to_string()))?, ..self.clone() })
    }

    /// Whether the token would travel for everybody on the way to read.
    pub fn shows_its_token(&self) -> bool {
        self.token.is_some() && self.gateway.scheme() == "http" && !is_loopback(&self.gateway)
    }

    /// What the gateway is and allows.
    ///
    /// # Errors
    /// As all requests, and if it speaks another protocol.
    pub async fn facts(&self) -> Result<Facts, DoorError> {
        let facts = self.ask(json!({ "action": "facts" }), Duration::ZERO).await?;
        if facts.get("protocol").and_then(Value::as_u64) != Some(PROTOCOL) {
            let told = |place: &str| facts.pointer(place).map_or_else(|| "of no number".to_owned(), Value::to_string);
            return Err(DoorError::Version {
                gateway: self.gateway(),
                protocol: told("/protocol"),
                plugin: told("/versions/plugin"),
                own: PROTOCOL,
            });
        }
        self.read(facts)
    }

    /// Spawns a session, or finds the one that this key has.
    ///
    /// # Errors
    /// As all requests.
    pub async fn spawn(&self, options: &SpawnOptions, default_model: Option<&str>) -> Result<Receipt, DoorError> {
        let mut request = json!({
            "action": "spawn", "key": options.idempotency_key, "task": options.task, "label": options.label,
            "task_name": options.task_name, "run_timeout_seconds": options.run_timeout_seconds,
            "tool_free": options.tool_free,
        });
        let optional = [
            ("agent_id", options.agent_id.as_deref()),
            ("model", options.model.as_deref().or(default_model)),
            ("thinking", options.thinking.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                request[name] = json!(value);
            }
        }
        let spawned: Spawned = self.ask_for(request).await?;
        Ok(spawned.into())
    }

    /// Waits at most so many seconds for news of these sessions. `started`: those among them that are known to run.
    ///
    /// # Errors
    /// As all requests.
    pub async fn wait(&self, keys: &[String], started: &[String], seconds: u32) -> Result<Waited, DoorError> {
        let request = json!({ "action": "wait", "keys": keys, "started": started, "timeout_seconds": seconds });
        self.read(self.ask(request, Duration::from_secs(seconds.into())).await?)
    }

    /// Reads the transcript of a session.
    ///
    /// # Errors
    /// As all requests.
    pub async fn history(&self, key: &str, query: &HistoryQuery) -> Result<HistoryPage, DoorError> {
        let page: Page = self
            .ask_for(json!({
                "action": "read", "key": key, "offset": query.offset, "limit": query.limit,
                "include_tools": query.include_tools,
            }))
            .await?;
        Ok(page.into())
    }

    /// Lists sessions of this door; all of them have one parent.
    ///
    /// # Errors
    /// As all requests.
    pub async fn list(&self, filter: &ListFilter) -> Result<Listed, DoorError> {
        let mut request = json!({ "action": "list", "offset": filter.offset, "limit": filter.limit });
        if let Some(search) = filter.search.as_deref().filter(|search| !search.is_empty()) {
            request["search"] = json!(search);
        }
        self.ask_for(request).await
    }

    /// Stops the session of a key, and whatever is still to be spawned under it.
    ///
    /// # Errors
    /// As all requests.
    pub async fn cancel(&self, key: &str) -> Result<(), DoorError> {
        self.ask(json!({ "action": "cancel", "key": key }), Duration::ZERO).await.map(drop)
    }

    /// Deletes the session of a key.
    ///
    /// # Errors
    /// As all requests.
    pub async fn delete(&self, key: &str) -> Result<(), DoorError> {
        self.ask(json!({ "action": "delete", "key": key }), Duration::ZERO).await.map(drop)
    }

    async fn ask_for<T: DeserializeOwned>(&self, request: Value) -> Result<T, DoorError> {
        self.read(self.ask(request, Duration::ZERO).await?)
    }

    fn read<T: DeserializeOwned>(&self, result: Value) -> Result<T, DoorError> {
        serde_json::from_value(result).map_err(|error| self.lost(format!("it has another form: {error}")))
    }

    /// One request; the result in its answer.
    async fn ask(&self, request: Value, wait: Duration) -> Result<Value, DoorError> {
        let mut url = self.gateway.clone();
        url.set_path(&format!("{}/tools/invoke", self.gateway.path().trim_end_matches('/')));
        let body = json!({ "tool": TOOL, "sessionKey": self.session, "args": request });
        let mut asked = self.http.post(url).timeout(ANSWER_TIMEOUT.saturating_add(wait)).json(&body);
        if let Some(token) = &self.token {
            asked = asked.header(AUTHORIZATION, token.header());
        }
        let response = asked.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refusal(status, response).await);
        }
        let answer: Value = response.json().await.map_err(|error| self.lost(words(&error)))?;
        let details = answer.pointer("/result/details").ok_or_else(|| self.lost("it has no details".to_owned()))?;
        match details.get("result") {
            Some(result) if details.get("ok") == Some(&Value::Bool(true)) => Ok(result.clone()),
            _ => Err(self.refused(details)),
        }
    }

    /// A connection that failed: whether the request can have arrived is what counts.
    fn broken(&self, error: &reqwest::Error) -> DoorError {
        let reason = words(error);
        if error.is_connect() { DoorError::Unreachable { gateway: self.gateway(), reason } } else { self.lost(reason) }
    }

    async fn refusal(&self, status: StatusCode, response: Response) -> DoorError {
        let wait =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        let text = response.text().await.unwrap_or_default();
        let said = serde_json::from_str::<Value>(&text).ok();
        let said = said.as_ref().and_then(|said| said.pointer("/error/message")?.as_str()).unwrap_or(&text);
        let reason = self.hidden(format!("HTTP {}: {}", status.as_u16(), head(said, MOST_WORDS)));
        let gateway = self.gateway();
        let refused = |error: HostError| DoorError::Refused {
            code: format!("HTTP {}", status.as_u16()),
            message: self.hidden(head(said, MOST_WORDS).to_owned()),
            error,
        };
        match status.as_u16() {
            401 => DoorError::TokenRefused { gateway, reason },
            403 => refused(HostError::Forbidden(reason)),
            404 | 405 => DoorError::NoDoor { gateway, session: self.session.clone(), reason },
            429 => refused(HostError::RateLimited {
                retry_after_ms: wait.map(|seconds| seconds.saturating_mul(1_000)),
                message: reason,
            }),
            400 | 408 | 413 => refused(HostError::Invalid(reason)),
            _ => self.lost(reason),
        }
    }

    /// The first of the door's own errors.
    fn refused(&self, details: &Value) -> DoorError {
        let error = details.pointer("/errors/0").cloned().unwrap_or_default();
        let text = |name: &str| self.hidden(error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned());
        let (code, message) = (text("code"), text("message"));
        if code.is_empty() {
            return self.lost("it is neither a result nor an error".to_owned());
        }
        let words = format!("{code}: {message}");
        let error = match error.get("kind").and_then(Value::as_str).unwrap_or_default() {
            "forbidden" => HostError::Forbidden(words),
            "at-capacity" => HostError::AtCapacity(words),
            "exhausted" => HostError::Exhausted(words),
            "rate-limited" => HostError::RateLimited {
                retry_after_ms: error.get("retry_after_ms").and_then(Value::as_u64),
                message: words,
            },
            "unavailable" => HostError::Unavailable(words),
            "busy" => HostError::Busy(words),
            "not-found" => HostError::NotFound(words),
            "not-owner" => HostError::NotOwner(words),
            "unsupported" => HostError::Unsupported(words),
            "in-doubt" => HostError::InDoubt(words),
            // A configuration that is wrong says no kind, and nothing was done.
            _ => HostError::Invalid(words),
        };
        DoorError::Refused { code, message, error }
    }

    fn lost(&self, reason: String) -> DoorError {
        DoorError::Lost { gateway: self.gateway(), reason: self.hidden(reason) }
    }

    fn hidden(&self, text: String) -> String {
        match &self.token {
            Some(token) => token.hidden_in(text),
            None => text,
        }
    }

    fn gateway(&self) -> String {
        self.gateway.as_str().trim_end_matches('/').to_owned()
    }
}

/// The address of a gateway, as people write it.
fn address(text: &str) -> Result<Url, DoorError> {
    // What cannot be read may hold a secret all the same, so it is not repeated.
    let url = Url::parse(text.trim()).map_err(|error| DoorError::Address(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(DoorError::Address("neither http nor https".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        let reason = format!("it holds more than a place; the token belongs into {}", Door::TOKEN_VARIABLE);
        return Err(DoorError::Address(reason));
    }
    Ok(url)
}

/// An error of the connection with its causes, without the address.
fn words(error: &reqwest::Error) -> String {
    let mut words = if error.is_timeout() { "no answer in time" } else { "the connection failed" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        cause = next.source();
        // Why there is no connection, the last cause says; those before it only name layers of the client.
        if !(error.is_connect() && cause.is_some()) {
            words.push_str(&format!(": {next}"));
        }
    }
    words
}
