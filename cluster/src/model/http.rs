//! How calls come in and answers go out.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::draw::strikes;
use super::gateway::Gateway;
use super::reply::Reply;

/// The largest request that is read, as in OpenClaw.
const MAX_BYTES: usize = 2 * 1024 * 1024;

const TOOL: &str = "parallel_agents_door";

/// How often it is looked whether the line still is silent.
const SILENCE: Duration = Duration::from_millis(20);

/// After a connection that could not be taken, for example since the process has too many files.
const BREATH: Duration = Duration::from_millis(50);

/// The connection is closed without an answer.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl std::error::Error for Cut {}

type Answer = Response<Full<Bytes>>;

/// Answers until it is dropped.
pub(super) async fn serve(gateway: Arc<Gateway>, listener: TcpListener) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(Arc::clone(&gateway), stream))),
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}

async fn connection(gateway: Arc<Gateway>, stream: TcpStream) {
    let service = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.handle(request).await }
    });
    // It ends with an error if a program goes away or an answer is meant to be lost.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Gateway {
    async fn handle(self: &Arc<Self>, request: Request<Incoming>) -> Result<Answer, Cut> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/stats") => Ok(answer(StatusCode::OK, &self.stats())),
            (&Method::POST, "/tools/invoke") => self.invoke(request).await,
            (_, "/tools/invoke") => {
                Ok(refusal(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", "Method Not Allowed"))
            }
            _ => Ok(refusal(StatusCode::NOT_FOUND, "not_found", "Not Found")),
        }
    }

    async fn invoke(self: &Arc<Self>, request: Request<Incoming>) -> Result<Answer, Cut> {
        self.heard().await;
        let number = self.requests.fetch_add(1, Relaxed);
        let authorized = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if authorized.and_then(|value| value.strip_prefix("Bearer ")) != Some(self.args.token.as_str()) {
            return Ok(refusal(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized"));
        }
        if strikes(self.args.faults.refuse, self.args.sessions.seed, "refuse", &number.to_string()) {
            return Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the gateway is being restarted"));
        }
        let body = match Limited::new(request.into_body(), MAX_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Ok(refusal(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "Payload too large"));
            }
            Err(_) => return Err(Cut),
        };
        let args = match self.args_in(&body) {
            Ok(args) => args,
            Err(refused) => return Ok(*refused),
        };
        let reply = self.call(args).await;
        self.heard().await;
        match reply {
            Reply::Lost => Err(Cut),
            Reply::Details(details) => {
                let content = json!([{ "type": "text", "text": "See details." }]);
                let result = json!({ "ok": true, "result": { "content": content, "details": details } });
                Ok(answer(StatusCode::OK, &result))
            }
        }
    }

    /// The arguments of a call of this door.
    fn args_in(&self, body: &[u8]) -> Result<serde_json::Map<String, Value>, Box<Answer>> {
        let Ok(Value::Object(mut call)) = serde_json::from_slice(body) else {
            return Err(Box::new(refusal(StatusCode::BAD_REQUEST, "invalid_request", "the body is no JSON object")));
        };
        let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
        let tool = if text("name").is_empty() { text("tool") } else { text("name") };
        if tool != TOOL || text("sessionKey") != self.args.session {
            let message = format!("Tool not available: {tool}");
            return Err(Box::new(refusal(StatusCode::NOT_FOUND, "not_found", &message)));
        }
        match call.remove("args") {
            Some(Value::Object(args)) => Ok(args),
            _ => Ok(serde_json::Map::new()),
        }
    }

    /// Comes back when nothing keeps the line silent.
    async fn heard(&self) {
        if let Some(file) = &self.args.faults.silent_while {
            while file.exists() {
                tokio::time::sleep(SILENCE).await;
            }
        }
    }
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Answer {
    answer(status, &json!({ "ok": false, "error": { "type": kind, "message": message } }))
}

fn answer(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
