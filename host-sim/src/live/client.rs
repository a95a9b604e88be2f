//! The client of an OpenAI-compatible server.

use std::time::{Duration, SystemTime};

use futures::{StreamExt, stream};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{RequestBuilder, Response, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use sse_stream::SseByteStream;

use super::failure::CompletionFailure;
use super::key::ApiKey;
use super::stream::{Completed, Pieces};
use crate::http::{self, is_loopback};

/// How long a connection may take to come about. Everything after that is bounded by the session's own time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the list of models may take.
const LIST_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of one response that are read at most: events repeat their frame for every few characters of an answer.
const MAX_RESPONSE_BYTES: usize = 64 << 20;

/// Bytes of an error's body that are read.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// The name under which a session's own key travels, so that a server can tell a repetition from another try.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A server that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address makes no sense.
    #[error("{text:?} is no base address of a server: {reason}; it looks like http://127.0.0.1:8080/v1")]
    Address {
        /// What was given, without anything secret in it.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The key cannot be sent.
    #[error("{} holds a character that no key has: only visible ASCII can be sent", ApiKey::VARIABLE)]
    Key,
    /// The server wants a key, or another one.
    #[error("the server at {server} does not take {}: {reason}", ApiKey::VARIABLE)]
    KeyRefused {
        /// Its address.
        server: String,
        /// What it said.
        reason: String,
    },
    /// The server does not answer.
    #[error("the server at {server} cannot be asked: {reason}")]
    Unreachable {
        /// Its address.
        server: String,
        /// What went wrong.
        reason: String,
    },
    /// The client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
    /// The server did not list its models.
    #[error("the server at {server} does not list its models: {reason}")]
    Models {
        /// Its address.
        server: String,
        /// What it said.
        reason: String,
    },
    /// Nobody said which of its models is meant.
    #[error("the server at {server} has {} models: {}", names.len(), names.join(", "))]
    Choice {
        /// Its address.
        server: String,
        /// Its models, in its own order.
        names: Vec<String>,
    },
}

/// What a session asks of the server.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) model: String,
    pub(super) prompt: String,
    /// The level of thinking, in the caller's words.
    pub(super) effort: Option<String>,
    pub(super) idempotency_key: String,
}

/// An OpenAI-compatible server.
#[derive(Clone, Debug)]
pub struct ModelServer {
    http: reqwest::Client,
    base: Url,
    key: Option<ApiKey>,
}

impl ModelServer {
    /// A server by its base address, such as `http://127.0.0.1:8080/v1`. Nothing is sent yet.
    ///
    /// The address must not hold a password, a query or a fragment.
    pub fn new(base: &str, key: Option<ApiKey>) -> Result<Self, ServerError> {
        let base = read_base(base)?;
        let builder = http::client(&base)
            .user_agent(concat!("parallel-agents-sim/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT);
        let http = builder.build().map_err(|error| ServerError::Client(words(&error)))?;
        Ok(Self { http, base, key })
    }

    /// Whether the key would travel for everybody on the way to read.
    pub fn shows_its_key(&self) -> bool {
        self.key.is_some() && self.base.scheme() == "http" && !is_loopback(&self.base)
    }

    /// The only model of the server; with none or several of them somebody has to choose.
    pub async fn only_model(&self) -> Result<String, ServerError> {
        #[derive(Deserialize)]
        struct List {
            data: Vec<Named>,
        }
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        let server = self.base.to_string();
        let unreachable = |reason: String| ServerError::Unreachable { server: server.clone(), reason };
        let asked = async {
            let response = self.request(self.http.get(self.at("models"))).send().await?;
            let status = response.status().as_u16();
            Ok((status, read_body(response, MAX_RESPONSE_BYTES).await))
        };
        let (status, body) = match tokio::time::timeout(LIST_TIMEOUT, asked).await {
            Ok(asked) => asked.map_err(|error: reqwest::Error| unreachable(words(&error)))?,
            Err(_) => return Err(unreachable(format!("no answer within {} seconds", LIST_TIMEOUT.as_secs()))),
        };
        let reason = format!("HTTP {status}");
        let list = match status {
            200..=299 => serde_json::from_str::<List>(&body).map_err(|error| error.to_string()),
            401 | 403 => return Err(ServerError::KeyRefused { server, reason }),
            _ => Err(reason),
        };
        let unlisted = |reason: String| ServerError::Models { server: server.clone(), reason: self.hidden(reason) };
        let list = list.map_err(unlisted)?;
        if list.data.is_empty() {
            return Err(unlisted("its list is empty".to_owned()));
        }
        let mut names: Vec<String> = list.data.into_iter().map(|named| self.hidden(named.id)).collect();
        match names.pop() {
            Some(only) if names.is_empty() => Ok(only),
            last => {
                names.extend(last);
                Err(ServerError::Choice { server, names })
            }
        }
    }

    /// One completion. Dropping the future closes the connection.
    pub(super) async fn complete(&self, order: Order) -> Result<Completed, CompletionFailure> {
        let hide = |text: String| self.hidden(text);
        self.stream(order).await.map(|completed| completed.told(hide)).map_err(|failure| failure.told(hide))
    }

    async fn stream(&self, order: Order) -> Result<Completed, CompletionFailure> {
        let unreachable = |error: reqwest::Error| CompletionFailure::infrastructure(words(&error));
        let request = self
            .request(self.http.post(self.at("chat/completions")))
            .header(ACCEPT, "text/event-stream")
            .header(IDEMPOTENCY_KEY, order.idempotency_key.as_str())
            .json(&body(&order));
        let response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if !status.is_success() {
            let body = read_body(response, MAX_ERROR_BYTES).await;
            return Err(CompletionFailure::of_response(status, &headers, &body, SystemTime::now()));
        }
        let is_stream = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        let mut pieces = Pieces::default();
        if !is_stream {
            // A server that does not stream sends the whole of it, in the same form.
            pieces.take(&read_body(response, MAX_RESPONSE_BYTES).await)?;
            return pieces.finish();
        }
        let mut events = SseByteStream::new(bounded(response).boxed());
        while let Some(event) = events.next().await {
            let event =
                event.map_err(|error| CompletionFailure::infrastructure(format!("the stream broke: {error}")))?;
            if !pieces.take(event.data.as_deref().unwrap_or_default())? {
                break;
            }
        }
        pieces.finish()
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        url
    }

    fn request(&self, builder: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => builder.header(AUTHORIZATION, key.header()),
            None => builder,
        }
    }

    fn hidden(&self, text: String) -> String {
        match &self.key {
            Some(key) => key.hidden_in(text),
            None => text,
        }
    }
}

fn body(order: &Order) -> Value {
    let mut body = json!({
        "model": order.model,
        "messages": [{ "role": "user", "content": order.prompt }],
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if let Some(effort) = &order.effort {
        body["reasoning_effort"] = json!(effort);
    }
    body
}

fn read_base(text: &str) -> Result<Url, ServerError> {
    let wrong = |text: &str, reason: &str| ServerError::Address { text: text.to_owned(), reason: reason.to_owned() };
    // What cannot be read may hold a password all the same, so it is not repeated.
    let url = Url::parse(text).map_err(|error| wrong("…", &error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        let reason = format!("it holds more than a place; a key belongs into {}", ApiKey::VARIABLE);
        return Err(wrong("…", &reason));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong(text, "neither http nor https"));
    }
    Ok(url)
}

/// The body as bytes, until there are too many of them.
fn bounded(response: Response) -> impl stream::Stream<Item = Result<axum::body::Bytes, std::io::Error>> {
    stream::unfold((response, MAX_RESPONSE_BYTES), |(mut response, room)| async move {
        let next = match response.chunk().await {
            Ok(None) => return None,
            Ok(Some(piece)) => match room.checked_sub(piece.len()) {
                Some(rest) => return Some((Ok(piece), (response, rest))),
                None => std::io::Error::other("the response is too long"),
            },
            Err(error) => std::io::Error::other(words(&error)),
        };
        Some((Err(next), (response, room)))
    })
}

/// The beginning of a body as text. What cannot be read is left out.
async fn read_body(mut response: Response, most: usize) -> String {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > most {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// An error with its causes on one line, without the address.
fn words(error: &reqwest::Error) -> String {
    let mut words = if error.is_connect() { "cannot connect" } else { "the connection failed" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let text = next.to_string();
        if !words.contains(&text) {
            words.push_str(&format!(": {text}"));
        }
        cause = next.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_added_to_the_base_address() {
        for base in ["http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/"] {
            let server = ModelServer::new(base, None).expect("an address");
            assert_eq!(server.at("models").as_str(), "http://127.0.0.1:8080/v1/models");
        }
        let bare = ModelServer::new("http://[::1]:8080", None).expect("an address");
        assert_eq!(bare.at("models").as_str(), "http://[::1]:8080/models");
    }

    #[test]
    fn an_address_holds_a_place_and_no_secret() {
        for base in
            ["http://user:hush@h/v1", "http://h/v1?key=hush", "http://h/v1#hush", "hush", "http://hush:x", "ftp://h"]
        {
            let error = ModelServer::new(base, None).expect_err(base).to_string();
            assert!(!error.contains("hush") && error.contains("base address"), "{error}");
        }
    }

    #[test]
    fn a_key_on_an_open_road_is_noticed() {
        let shows = |base: &str, key: Option<ApiKey>| ModelServer::new(base, key).expect("an address").shows_its_key();
        let key = || ApiKey::new("sk-1234567890").expect("a key");
        assert!(shows("http://192.0.2.1/v1", key()));
        assert!(!shows("http://192.0.2.1/v1", None));
        assert!(!shows("https://192.0.2.1/v1", key()));
        for base in ["http://localhost:1/v1", "http://127.0.0.2/v1", "http://[::1]/v1"] {
            assert!(!shows(base, key()), "{base}");
        }
    }
}
