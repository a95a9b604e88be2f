//! The client of an OpenAI-compatible server.

use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION};
use reqwest::{RequestBuilder, Response};

use super::address::Address;
use super::asking::{Members, Memory, Order};
use super::failure::{CompletionFailure, Refusal};
use super::incoming::Incoming;
use super::reading::{self, Stopped};
use super::server_error::ServerError;
use parallel_agents_door::Token;
use parallel_agents_door::http::{self, is_loopback};

/// How long a connection may take to come about. Everything after that is bounded by the session's own time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The name under which a session's own key travels, so that a server can tell a repetition from another try.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Requests for one session, each without something that the server refused before.
const MOST_REQUESTS: u32 = 8;

/// The endpoint of completions.
const COMPLETIONS: &str = "chat/completions";

/// An OpenAI-compatible server.
#[derive(Clone, Debug)]
pub struct ModelServer {
    pub(super) http: reqwest::Client,
    pub(super) address: Address,
    key: Option<Token>,
    memory: Memory,
}

impl ModelServer {
    /// A server by its base address, such as `http://127.0.0.1:8080/v1`. Nothing is sent yet.
    ///
    /// The address must not hold a password, a query or a fragment. One that names an endpoint below it is shortened, and if
    /// nothing is at one without a version, `/v1` is tried.
    pub fn new(base: &str, key: Option<Token>) -> Result<Self, ServerError> {
        let address = Address::read(base)?;
        let builder = http::client(address.given())
            .user_agent(concat!("parallel-agents/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT);
        let http = builder.build().map_err(|error| ServerError::Client(words(&error)))?;
        Ok(Self { http, address, key, memory: Memory::default() })
    }

    /// Whether the key would travel for everybody on the way to read.
    pub fn shows_its_key(&self) -> bool {
        self.key.is_some() && self.address.given().scheme() == "http" && !is_loopback(self.address.given())
    }

    /// The address that is used, if it turned out that another one was meant than the one that was given.
    pub fn corrected_address(&self) -> Option<String> {
        self.address.corrected()
    }

    /// One completion, into `incoming`; `begun` is called when something of it arrives. Dropping the future closes the
    /// connection. Words in the failure are as they came.
    pub(super) async fn complete(
        &self,
        order: &Order,
        incoming: &Incoming,
        begun: impl Fn() + Send + Sync,
    ) -> Result<(), CompletionFailure> {
        let mut unlimited = false;
        for request in 1..=MOST_REQUESTS {
            let members = self.memory.members(order, unlimited);
            let url = self.address.at(COMPLETIONS);
            let refusal = match self.ask(order, &members, incoming, &begun).await {
                Ok(()) => return incoming.pieces().verdict(),
                Err(Stopped::Broken(_)) if incoming.pieces().is_whole() => return incoming.pieces().verdict(),
                Err(Stopped::Broken(failure)) => return Err(failure),
                Err(Stopped::Refused(refusal)) => refusal,
            };
            // The model answered, and only the server did not like the form of it.
            if let Some(answer) = &refusal.told.rejected_answer {
                incoming.pieces().take_whole(answer);
                return Ok(());
            }
            let has_begun = incoming.pieces().has_text();
            // What breaks off has been taken as it was asked for.
            let differs = !has_begun
                && (self.memory.learn(order, &members, &refusal, &mut unlimited)
                    || (refusal.is_lost() && self.address.moves(&url, COMPLETIONS)));
            if !differs || request == MOST_REQUESTS {
                return Err(refusal.into_failure());
            }
            incoming.clear();
        }
        Err(CompletionFailure::broken())
    }

    async fn ask(
        &self,
        order: &Order,
        members: &Members,
        incoming: &Incoming,
        begun: impl Fn() + Send,
    ) -> Result<(), Stopped> {
        let request = self
            .request(self.http.post(self.address.at(COMPLETIONS)))
            .header(ACCEPT, if members.stream { "text/event-stream, application/json" } else { "application/json" })
            .header(IDEMPOTENCY_KEY, order.idempotency_key.as_str())
            .json(&members.body(order));
        let response = request.send().await.map_err(|error| CompletionFailure::infrastructure(words(&error)))?;
        if !response.status().is_success() {
            return Err(refusal(response).await.into());
        }
        reading::answer(response, incoming, begun).await
    }

    pub(super) fn request(&self, builder: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => builder.header(AUTHORIZATION, key.header()),
            None => builder,
        }
    }

    /// A text of the server without the key.
    pub(super) fn hidden(&self, text: String) -> String {
        match &self.key {
            Some(key) => key.hidden_in(text),
            None => text,
        }
    }
}

/// What a response without success says.
pub(super) async fn refusal(response: Response) -> Refusal {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = reading::words(response).await;
    Refusal::of_response(status, &headers, &body, SystemTime::now())
}

/// An error with its causes on one line, without the address.
pub(super) fn words(error: &reqwest::Error) -> String {
    let mut words = if error.is_connect() {
        "cannot connect"
    } else if error.is_decode() {
        "the compressed body cannot be read"
    } else {
        "the connection failed"
    }
    .to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        cause = next.source();
        let text = next.to_string();
        // Why there is no connection, the last cause says; those before it only name layers of the client.
        let is_layer = error.is_connect() && cause.is_some();
        if !is_layer && !words.contains(&text) {
            words.push_str(&format!(": {text}"));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_on_an_open_road_is_noticed() {
        let shows = |base: &str, key: Option<Token>| ModelServer::new(base, key).expect("an address").shows_its_key();
        let key = || Token::new("sk-1234567890").expect("a key");
        assert!(shows("http://192.0.2.1/v1", key()));
        assert!(!shows("http://192.0.2.1/v1", None));
        assert!(!shows("https://192.0.2.1/v1", key()));
        for base in ["http://localhost:1/v1", "http://127.0.0.2/v1", "http://[::1]/v1"] {
            assert!(!shows(base, key()), "{base}");
        }
    }
}
