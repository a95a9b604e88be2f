//! The client of a Restate server: runs are started, asked and told things through its ingress, and listed through its admin address.

use std::time::Duration;

use reqwest::{Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use parallel_agents_door::http;
use parallel_agents_engine::text::head;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may take that nothing has to happen for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of an error's words that are repeated.
const MOST_WORDS: usize = 500;

/// Why Restate did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RestateError {
    /// Nobody answers there, or not in time.
    #[error("Restate at {at} cannot be reached: {reason}")]
    Unreachable {
        /// The address at which it was asked.
        at: String,
        /// What went wrong.
        reason: String,
    },
    /// It does not answer in time.
    #[error("Restate at {at} does not answer")]
    Late {
        /// The address at which it was asked.
        at: String,
    },
    /// It has taken what was asked, which no worker has done yet.
    #[error(
        "Restate at {at} answers, and no worker does; what was asked is kept, and will be done when a worker is back"
    )]
    NoWorker {
        /// The address at which it was asked.
        at: String,
    },
    /// It says no.
    #[error("Restate at {at} refuses (HTTP {status}): {words}")]
    Refused {
        /// The address at which it was asked.
        at: String,
        /// Its status code.
        status: u16,
        /// Its words, shortened.
        words: String,
    },
    /// Its answer makes no sense.
    #[error("Restate at {at} gave an answer of another form: {reason}")]
    Form {
        /// The address at which it was asked.
        at: String,
        /// What is wrong.
        reason: String,
    },
}

impl RestateError {
    /// Whether the same may be answered after a while.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Late { .. } | Self::NoWorker { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Form { .. } => false,
        }
    }
}

/// A Restate server. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Restate {
    http: reqwest::Client,
    ingress: Url,
    admin: Url,
    /// How long an answer may take.
    patience: Duration,
}

impl Restate {
    /// A server by its two addresses. Nothing is sent yet.
    ///
    /// # Errors
    /// The client cannot be set up; in words.
    pub fn new(ingress: Url, admin: Url) -> Result<Self, String> {
        let http =
            http::client(&ingress).connect_timeout(CONNECT_TIMEOUT).build().map_err(|error| error.to_string())?;
        Ok(Self { http, ingress, admin, patience: ANSWER_TIMEOUT })
    }

    /// Starts a run. False: there is one with this key.
    ///
    /// # Errors
    /// As all requests.
    pub async fn start(&self, key: &str, input: &impl Serialize) -> Result<bool, RestateError> {
        let url = self.at(&self.ingress, &["Run", key, "run", "send"]);
        let told: Value = self.post(url, input).await?;
        Ok(told.get("status").and_then(Value::as_str) != Some("PreviouslyAccepted"))
    }

    /// Calls another handler of a run.
    ///
    /// # Errors
    /// As all requests.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        key: &str,
        handler: &str,
        input: Option<&impl Serialize>,
    ) -> Result<T, RestateError> {
        let url = self.at(&self.ingress, &["Run", key, handler]);
        let answer = match input {
            Some(input) => self.post(url, input).await,
            None => {
                let request = self.http.post(url.clone()).timeout(self.patience);
                self.read(&url, request.send().await).await
            }
        };
        answer.map_err(of_worker)
    }

    /// Has another handler of a run called, whenever a worker is there.
    ///
    /// # Errors
    /// As all requests.
    pub async fn send(&self, key: &str, handler: &str, input: &impl Serialize) -> Result<(), RestateError> {
        self.post::<Value>(self.at(&self.ingress, &["Run", key, handler, "send"]), input).await.map(drop)
    }

    /// Says whether a gateway gets new sessions.
    ///
    /// # Errors
    /// As all requests.
    pub async fn drain(&self, gateway: &str, is_drained: bool) -> Result<(), RestateError> {
        let url = self.at(&self.ingress, &["Operator", gateway, "drain"]);
        self.post::<Value>(url, &is_drained).await.map(drop).map_err(of_worker)
    }

    /// The output of a run, for which it is waited. None: there is no such run.
    ///
    /// # Errors
    /// As all requests.
    pub async fn attach<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, RestateError> {
        let url = self.at(&self.ingress, &["restate", "workflow", "Run", key, "attach"]);
        self.found(&url, self.http.get(url.clone()).send().await, StatusCode::NOT_FOUND).await
    }

    /// The output of a run that has ended. None: it has not, or there is no such run.
    ///
    /// # Errors
    /// As all requests.
    pub async fn output<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, RestateError> {
        let url = self.at(&self.ingress, &["restate", "workflow", "Run", key, "output"]);
        let answer = self.http.get(url.clone()).timeout(self.patience).send().await;
        match &answer {
            // "Not ready" has a status code of its own.
            Ok(response) if response.status().as_u16() == 470 => Ok(None),
            _ => self.found(&url, answer, StatusCode::NOT_FOUND).await,
        }
    }

    /// Resolves an awakeable.
    ///
    /// # Errors
    /// As all requests.
    pub async fn resolve(&self, awakeable: &str, value: &impl Serialize) -> Result<(), RestateError> {
        self.post::<Value>(self.at(&self.ingress, &["restate", "awakeables", awakeable, "resolve"]), value)
            .await
            .map(drop)
    }

    /// Tells Restate where a worker is.
    ///
    /// # Errors
    /// As all requests.
    pub async fn register(&self, worker: &str) -> Result<(), RestateError> {
        self.post::<Value>(self.at(&self.admin, &["deployments"]), &json!({ "uri": worker, "force": true }))
            .await
            .map(drop)
    }

    /// All runs that Restate knows: their keys, and whether each has ended.
    ///
    /// # Errors
    /// As all requests.
    pub async fn runs(&self) -> Result<Vec<(String, String)>, RestateError> {
        const QUERY: &str = "SELECT target_service_key, status FROM sys_invocation WHERE target_service_name = 'Run' AND \
            target_handler_name = 'run' ORDER BY created_at";
        let url = self.at(&self.admin, &["query"]);
        let request = self.http.post(url.clone()).timeout(self.patience).header("accept", "application/json");
        let told: Value = self.read(&url, request.json(&json!({ "query": QUERY })).send().await).await?;
        let rows = told.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(rows.iter().map(|row| (text(row, "target_service_key"), text(row, "status"))).collect())
    }

    fn at(&self, base: &Url, parts: &[&str]) -> Url {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        url
    }

    async fn post<T: DeserializeOwned>(&self, url: Url, body: &impl Serialize) -> Result<T, RestateError> {
        let request = self.http.post(url.clone()).timeout(self.patience).json(body);
        self.read(&url, request.send().await).await
    }

    async fn found<T: DeserializeOwned>(
        &self,
        url: &Url,
        answer: reqwest::Result<Response>,
        absent: StatusCode,
    ) -> Result<Option<T>, RestateError> {
        match &answer {
            Ok(response) if response.status() == absent => Ok(None),
            _ => self.read(url, answer).await.map(Some),
        }
    }

    async fn read<T: DeserializeOwned>(&self, url: &Url, answer: reqwest::Result<Response>) -> Result<T, RestateError> {
        let at = url.origin().ascii_serialization();
        let unreachable = |error: reqwest::Error| match error.is_timeout() && !error.is_connect() {
            true => RestateError::Late { at: at.clone() },
            false => RestateError::Unreachable { at: at.clone(), reason: words(&error) },
        };
        let response = answer.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        if !status.is_success() {
            let said = serde_json::from_str::<Value>(&text).ok();
            let said = said.as_ref().and_then(|said| said.get("message")?.as_str()).unwrap_or(&text);
            return Err(RestateError::Refused {
                at,
                status: status.as_u16(),
                words: head(said, MOST_WORDS).to_owned(),
            });
        }
        let text = if text.trim().is_empty() { "null" } else { &text };
        serde_json::from_str(text).map_err(|error| RestateError::Form { at, reason: error.to_string() })
    }
}

/// Why a request has no answer that a worker has to give: Restate takes such a request at once, and waits for one.
fn of_worker(error: RestateError) -> RestateError {
    match error {
        RestateError::Late { at } => RestateError::NoWorker { at },
        other => other,
    }
}

/// An error with what lies behind it.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words = format!("{words}: {error}");
        source = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::messages::Control;

    #[tokio::test]
    async fn a_server_without_workers_is_told_from_one_that_is_not_there() {
        // It takes connections and says nothing, as Restate does while no worker answers.
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let url = |port: u16| Url::parse(&format!("http://127.0.0.1:{port}")).expect("an address");
        let here = url(listener.local_addr().expect("an address").port());
        let patience = Duration::from_millis(200);
        let restate = Restate { patience, ..Restate::new(here.clone(), here).expect("a client") };
        let stop = Control::Stop("enough".to_owned());
        let cancel = restate.ask::<Option<()>>("k", "control", Some(&stop)).await.expect_err("no answer");
        let status = restate.ask::<Value>("k", "status", None::<&()>).await.expect_err("no answer");
        let drain = restate.drain("a", true).await.expect_err("no answer");
        for error in [cancel, status, drain] {
            assert!(matches!(error, RestateError::NoWorker { .. }) && error.may_pass(), "{error}");
            assert!(error.to_string().contains("no worker") && error.to_string().contains("kept"), "{error}");
        }
        // What Restate answers itself says nothing of workers.
        assert!(matches!(restate.runs().await, Err(RestateError::Late { .. })));
        let nobody = Restate::new(url(1), url(1)).expect("a client");
        let error = nobody.ask::<Value>("k", "status", None::<&()>).await.expect_err("nobody is there");
        assert!(matches!(error, RestateError::Unreachable { .. }), "{error}");
    }
}
