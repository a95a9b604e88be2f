//! The models that a server lists.

use std::time::Duration;

use parallel_agents_engine::host::FailureKind;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use super::client::{ModelServer, refusal, words};
use super::failure::{CompletionFailure, Refusal};
use super::reading;
use super::server_error::ServerError;

/// How long the list of models may take.
const LIST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a server may load a model before it lists any.
const READY_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// How often a server that loads a model is looked after, where it does not say when to come back.
const READY_PAUSE: Duration = Duration::from_secs(2);

/// How long a list may be, in MiB: routers describe hundreds of models, each with its prices and parameters.
const MOST_LIST_MIB: usize = 8;

/// Below the base address.
const MODELS: &str = "models";

/// Members of a list that hold its rows, and members of a row that hold its name.
const ROWS: [&str; 2] = ["data", "models"];
const NAMES: [&str; 3] = ["id", "model", "name"];

/// What a server says when it is asked for its models once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The names of its models, in its own order.
    Names(Vec<String>),
    /// It will list them later, as when it still loads one: what it says instead.
    NotReady(String),
}

/// Why there is no list.
enum Missing {
    /// There will be one.
    NotReady(String, Option<u64>),
    /// There will be none.
    Failed(ServerError),
}

impl ModelServer {
    /// The models of the server, asked for once.
    pub async fn models(&self) -> Result<Listing, ServerError> {
        match self.list().await {
            Ok(names) => Ok(Listing::Names(names)),
            Err(Missing::NotReady(reason, _)) => Ok(Listing::NotReady(reason)),
            Err(Missing::Failed(error)) => Err(error),
        }
    }

    /// The only model of the server; with none or several of them somebody has to choose. A server that still loads its
    /// model is waited for, and `note` is told so once.
    pub async fn only_model(&self, note: impl Fn(&str)) -> Result<String, ServerError> {
        let until = Instant::now() + READY_TIMEOUT;
        let mut is_told = false;
        let mut names = loop {
            let (reason, wait) = match self.list().await {
                Ok(names) => break names,
                Err(Missing::Failed(error)) => return Err(error),
                Err(Missing::NotReady(reason, wait)) => (reason, wait),
            };
            let pause = wait.map_or(READY_PAUSE, Duration::from_millis).max(READY_PAUSE);
            if Instant::now() + pause > until {
                return Err(ServerError::Unreachable { server: self.address.shown(), reason });
            }
            if !is_told {
                note(&format!("waiting for the server at {}: {reason}", self.address.shown()));
                is_told = true;
            }
            tokio::time::sleep(pause).await;
        };
        match names.pop() {
            Some(only) if names.is_empty() => Ok(only),
            last => {
                names.extend(last);
                Err(ServerError::Choice { server: self.address.shown(), names })
            }
        }
    }

    async fn list(&self) -> Result<Vec<String>, Missing> {
        let failed = |reason: String| {
            let error = ServerError::Unreachable { server: self.address.shown(), reason };
            Missing::Failed(error)
        };
        loop {
            let url = self.address.at(MODELS);
            let asked = async {
                let response = self.request(self.http.get(url.clone())).send().await?;
                let status = response.status();
                if status.is_success() {
                    return reading::whole(response, MOST_LIST_MIB << 20).await.map(Ok);
                }
                Ok(Err((status, refusal(response).await)))
            };
            let asked = tokio::time::timeout(LIST_TIMEOUT, asked).await;
            let asked = asked.map_err(|_| failed(format!("no answer within {} seconds", LIST_TIMEOUT.as_secs())))?;
            let (lost, is_page) = match asked.map_err(|error: reqwest::Error| failed(words(&error)))? {
                Ok(None) => {
                    let (server, most_mib) = (self.address.shown(), MOST_LIST_MIB);
                    return Err(Missing::Failed(ServerError::LongList { server, most_mib }));
                }
                Ok(Some(body)) if !body.trim_start_matches('\u{feff}').trim_start().starts_with('<') => {
                    return self.names(&body).map_err(Missing::Failed);
                }
                Ok(Some(page)) => (CompletionFailure::page(&page).message, true),
                Err((_, refusal)) if refusal.is_lost() => (refusal.into_failure().message, false),
                Err((status, refusal)) => return Err(self.no_list(status, refusal)),
            };
            if !self.address.moves(&url, MODELS) {
                let (server, reason) = (self.address.shown(), self.hidden(lost));
                return Err(Missing::Failed(ServerError::Path { server, reason, is_page }));
            }
        }
    }

    fn no_list(&self, status: StatusCode, refusal: Refusal) -> Missing {
        let server = self.address.shown();
        let failure = refusal.into_failure();
        let reason = self.hidden(failure.message);
        match failure.kind {
            FailureKind::NotReady | FailureKind::RateLimited => Missing::NotReady(reason, failure.retry_after_ms),
            FailureKind::Authentication => Missing::Failed(ServerError::KeyRefused { server, reason }),
            _ if status.is_server_error() => Missing::Failed(ServerError::Unreachable { server, reason }),
            _ => Missing::Failed(ServerError::Models { server, reason }),
        }
    }

    fn names(&self, body: &str) -> Result<Vec<String>, ServerError> {
        let unlisted =
            |reason: String| ServerError::Models { server: self.address.shown(), reason: self.hidden(reason) };
        let list: Value =
            serde_json::from_str(body.trim_start_matches('\u{feff}')).map_err(|error| unlisted(error.to_string()))?;
        let rows = ROWS.iter().find_map(|name| list.get(name)).unwrap_or(&list);
        let rows = rows.as_array().ok_or_else(|| unlisted("what it sent is no list".to_owned()))?;
        let name = |row: &Value| {
            row.as_str().or_else(|| NAMES.iter().find_map(|name| row.get(name)?.as_str())).map(str::to_owned)
        };
        let names: Vec<String> = rows.iter().filter_map(name).map(|name| self.hidden(name)).collect();
        if names.is_empty() { Err(unlisted("its list is empty".to_owned())) } else { Ok(names) }
    }
}
