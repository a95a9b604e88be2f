//! Serves a worker's services over HTTP/2.
//!
//! The SDK's own server keeps the HTTP library's default window. That also bounds how many small frames may lie unread, and a run of some
//! thousand agents that is taken over comes as more of them at once: the connection was closed for it (`ENHANCE_YOUR_CALM`), each time anew.

use std::io;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use restate_sdk::endpoint::Endpoint;
use restate_sdk::hyper::HyperEndpoint;
use tokio::net::TcpListener;
use tracing::warn;

/// Bytes that may be on their way in one connection, and for one run. The library bounds unread frames by half of the first, less 256
/// bytes for each: enough for runs of 10,000 agents.
const CONNECTION_WINDOW: u32 = 256 << 20;
const STREAM_WINDOW: u32 = 16 << 20;

/// The pause after a connection that was not accepted. It may have broken off before; or the process has too many files, and each attempt
/// fails at once until one is closed.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop`. Nothing has to be finished then: what is under way is gone on with elsewhere.
pub async fn serve(endpoint: Endpoint, listener: TcpListener, stop: impl Future<Output = ()>) {
    let endpoint = HyperEndpoint::new(endpoint);
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            stream = next(async || listener.accept().await.map(|(stream, _)| stream)) => stream,
            () = &mut stop => return,
        };
        let connection = http2::Builder::new(TokioExecutor::new())
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .serve_connection(TokioIo::new(stream), endpoint.clone());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                warn!("a connection broke off: {error:?}");
            }
        });
    }
}

/// The next connection that is accepted.
async fn next<S>(mut accept: impl AsyncFnMut() -> io::Result<S>) -> S {
    loop {
        match accept().await {
            Ok(stream) => return stream,
            Err(error) => {
                warn!("a connection was not accepted: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_worker_without_room_for_connections_pauses_before_it_takes_the_next_one() {
        let begin = tokio::time::Instant::now();
        let mut room = [false, false, true].into_iter();
        next(async || match room.next() {
            Some(false) => Err(io::Error::other("too many open files")),
            _ => Ok(()),
        })
        .await;
        assert!(begin.elapsed() >= 2 * BREATH, "{:?}", begin.elapsed());
    }
}
