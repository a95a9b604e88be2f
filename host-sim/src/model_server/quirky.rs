//! Plays the habits of other servers.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use futures::stream;
use serde_json::Value;
use tokio::time::Instant;

use super::Server;
use crate::quirks::{Part, Reply, Scene};

/// The time after which bytes are surely on the wire.
const FLUSH: Duration = Duration::from_millis(20);

impl Server {
    /// What is sent in place of the usual answer.
    pub(super) fn odd(&self, request: &Value, nth: u32, answer: &str) -> Option<Reply> {
        let quirk = self.quirk?;
        let first_asked = *self.first_asked.get_or_init(Instant::now);
        let since_first_ms = u64::try_from(first_asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        (quirk.play)(&Scene { request, nth, answer, since_first_ms })
    }

    /// What is sent in place of the list of models.
    pub(super) fn odd_list(&self) -> Option<Reply> {
        self.quirk.filter(|quirk| quirk.expected.has_list).and_then(|_| self.odd(&Value::Null, 1, ""))
    }
}

impl Reply {
    /// As a response; `guards` are kept until its last byte is out.
    pub(super) fn respond<G: Send + 'static>(self, guards: G) -> Response {
        let parts = stream::unfold((self.parts.into_iter(), guards), async move |(mut parts, guards)| {
            let piece: io::Result<Bytes> = match parts.next()? {
                Part::Bytes(bytes) => Ok(Bytes::from(bytes)),
                Part::Pause(pause) => {
                    tokio::time::sleep(pause).await;
                    Ok(Bytes::new())
                }
                Part::Cut => {
                    // What was sent before has to be out.
                    tokio::time::sleep(FLUSH).await;
                    Err(io::Error::other("the quirk cuts the answer off"))
                }
                Part::Hang => match std::future::pending::<Infallible>().await {},
            };
            Some((piece, (parts, guards)))
        });
        let mut response = Response::builder().status(StatusCode::from_u16(self.status).unwrap_or_default());
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        // A header that makes no sense is a mistake in the table, which a test would see.
        response.body(Body::from_stream(parts)).unwrap_or_default()
    }
}
