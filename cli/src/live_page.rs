//! `--serve`: a run in a browser while it lasts.
//!
//! It listens on loopback only. The address has a key, since other users of this machine reach loopback too, and a request by
//! another name of the host is refused, since a page elsewhere could have that name point here.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gateway_sim::host::Delivery;
use gateway_sim::observer::Observer;
use gateway_sim::session_log::{SessionLog, SessionRecord};
use gateway_sim::task_log::TaskLog;
use host_sim::page;
use parallel_agents_engine::host::Command;
use rand::Rng as _;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::signals::Interrupt;

/// Words of one search; more are not looked at.
const MOST_WORDS: usize = 16;

/// The revision of a call that came back.
const ENDED: &str = "ended";

/// The page of one run, served until this is dropped.
pub struct LivePage {
    url: String,
    shown: Arc<Shown>,
    server: JoinHandle<()>,
}

/// What there is to see.
struct Shown {
    key: String,
    function: String,
    watched: Arc<Mutex<Watched>>,
    sessions: Arc<Mutex<SessionLog>>,
    /// The run's last document.
    done: Mutex<Option<Value>>,
}

/// A watcher of the tasks that also knows when it heard of them.
pub struct Watched {
    tasks: TaskLog,
    /// When the last thing happened, if time passes by the real clock.
    heard: Option<Instant>,
    is_real: bool,
}

impl LivePage {
    /// Serves the page of a call at this port of loopback; 0 takes a free one. Needs a Tokio runtime.
    pub async fn serve(
        port: u16,
        function: &str,
        is_real: bool,
        sessions: Arc<Mutex<SessionLog>>,
    ) -> Result<Self, Failure> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let fault = || Fault::new("--serve", format!("cannot listen on {wanted}")).got(port);
        let broken = |error| Failure::Broken { code: "E_LISTEN", error };
        let listener = TcpListener::bind(wanted)
            .await
            .with_context(|| fault().hint("--serve without a port takes a free one"))
            .map_err(broken)?;
        let address = listener.local_addr().with_context(fault).map_err(broken)?;
        let key = format!("{:016x}{:016x}", rand::rng().next_u64(), rand::rng().next_u64());
        let url = format!("http://{address}/{key}/");
        let watched = Watched { tasks: TaskLog::default(), heard: None, is_real };
        let watched = Arc::new(Mutex::new(watched));
        let shown = Arc::new(Shown { key, function: function.to_owned(), watched, sessions, done: Mutex::new(None) });
        let router = router(shown.clone());
        let server = tokio::spawn(async move {
            // A listener that fails ends the page and not the run.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, shown, server })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What has to watch the call.
    pub fn watcher(&self) -> Arc<Mutex<Watched>> {
        self.shown.watched.clone()
    }

    /// Shows from now on what came of the call.
    pub fn done(&self, report: &Value) {
        let document = page::document(&self.shown.function, report, locked(&self.shown.sessions).records());
        *locked(&self.shown.done) = Some(document);
    }

    /// Stays until somebody wants the program to end. If somebody did so during the run already, it does not stay.
    pub async fn stay(self, mut interrupt: Interrupt) {
        interrupt.heard().await;
    }
}

impl Drop for LivePage {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Watched {
    fn heard(&mut self) {
        self.heard = self.is_real.then(Instant::now);
    }

    fn now_ms(&self) -> u64 {
        let passed = self.heard.map(|heard| heard.elapsed()).unwrap_or_default();
        self.tasks.now_ms().saturating_add(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Observer for Watched {
    fn command(&mut self, at_ms: u64, command: &Command) {
        self.tasks.command(at_ms, command);
    }

    fn event(&mut self, delivery: &Delivery) {
        self.tasks.event(delivery);
        self.heard();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn router(shown: Arc<Shown>) -> Router {
    Router::new()
        .route("/{key}/", get(whole))
        .route("/{key}/data", get(data))
        .route("/{key}/text", get(text))
        .route("/{key}/find", get(find))
        .with_state(shown)
}

type Asked = (Path<String>, State<Arc<Shown>>, HeaderMap, RawQuery);

async fn whole((key, shown, headers, _): Asked) -> Response {
    if let Some(refusal) = refusal(&key, &shown, &headers) {
        return refusal;
    }
    let template = parallel_agents_page::template();
    let feed = json!({ "format": 1, "feed": { "url": "data?", "texts": "text?", "find": "find?" } });
    let policy = format!("{}; frame-ancestors 'none'", parallel_agents_page::policy(&template));
    let page = parallel_agents_page::with_document(&template, &feed.to_string());
    answer("text/html; charset=utf-8", page, &[(header::CONTENT_SECURITY_POLICY.as_str(), &policy)])
}

async fn data((key, shown, headers, query): Asked) -> Response {
    if let Some(refusal) = refusal(&key, &shown, &headers) {
        return refusal;
    }
    let seen = field(&query, "rev");
    let watched = locked(&shown.watched);
    let now_ms = watched.now_ms();
    let news = match &*locked(&shown.done) {
        Some(_) if seen.as_deref() == Some(ENDED) => None,
        Some(document) => Some(json!({ "now_ms": now_ms, "revision": ENDED, "document": document })),
        None => page::news(&shown.function, &watched.tasks, &locked(&shown.sessions), now_ms, seen.as_deref()),
    };
    let next = news.unwrap_or_else(|| json!({ "now_ms": now_ms }));
    answer("application/json", next.to_string(), &[])
}

async fn text((key, shown, headers, query): Asked) -> Response {
    if let Some(refusal) = refusal(&key, &shown, &headers) {
        return refusal;
    }
    let sessions = locked(&shown.sessions);
    let label = field(&query, "session");
    let record = sessions.records().iter().find(|record| Some(&record.label) == label.as_ref());
    let part: fn(&SessionRecord) -> Option<&str> = match field(&query, "part").as_deref() {
        Some("prompt") => |record| Some(&record.prompt),
        Some("answer") => |record| record.answer.as_deref(),
        _ => |_| None,
    };
    match record.and_then(part) {
        Some(text) => answer("text/plain; charset=utf-8", text.to_owned(), &[]),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn find((key, shown, headers, query): Asked) -> Response {
    if let Some(refusal) = refusal(&key, &shown, &headers) {
        return refusal;
    }
    let words: Vec<String> = fields(&query, "word").into_iter().take(MOST_WORDS).collect();
    let found = json!({ "sessions": page::sessions_with(locked(&shown.sessions).records(), &words) });
    answer("application/json", found.to_string(), &[])
}

/// Why somebody is told nothing.
fn refusal(key: &str, shown: &Shown, headers: &HeaderMap) -> Option<Response> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "localhost"].contains(&name) {
        return Some(StatusCode::MISDIRECTED_REQUEST.into_response());
    }
    (key != shown.key).then(|| StatusCode::NOT_FOUND.into_response())
}

/// A field of a query.
fn field(query: &RawQuery, name: &str) -> Option<String> {
    fields(query, name).into_iter().next()
}

/// All fields of this name.
fn fields(RawQuery(query): &RawQuery, name: &str) -> Vec<String> {
    let Ok(url) = Url::parse(&format!("http://localhost/?{}", query.as_deref().unwrap_or_default())) else {
        return Vec::new();
    };
    url.query_pairs().filter(|(field, _)| field == name).map(|(_, value)| value.into_owned()).collect()
}

fn answer(kind: &str, body: String, more: &[(&str, &str)]) -> Response {
    let always = [
        (header::CONTENT_TYPE.as_str(), kind),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (header::REFERRER_POLICY.as_str(), "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff"),
    ];
    let mut response = body.into_response();
    for (name, value) in always.iter().chain(more) {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(*name), header::HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
