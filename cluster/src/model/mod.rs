//! The model of a gateway over HTTP: what a program sees of an OpenClaw gateway with an open door, in real time.
//!
//! Its sessions answer by the simulator's own script and cost nothing, and it fails as it is told to; `docs/door.md` says how
//! the door speaks. It is for tests and trials on one machine, and listens on loopback only.
//!
//! | module    | what it does                                                        |
//! |-----------|---------------------------------------------------------------------|
//! | `args`    | the command line's arguments                                        |
//! | `http`    | calls come in, answers go out, or are lost                          |
//! | `request` | what a call wants                                                   |
//! | `reply`   | what it is answered                                                 |
//! | `spawn`   | spawns sessions, one for a key                                      |
//! | `gateway` | runs, ends, cancels and deletes them                                |
//! | `wait`    | waits for news of sessions                                          |
//! | `table`   | what is known of all keys                                           |
//! | `note`    | the lines of the file of keys                                       |
//! | `log`     | reads that file, adds to it, and puts it on the disk                |
//! | `draw`    | chance by name                                                      |
//! | `stats`   | what the process has used                                           |
//! | `error`   | why the model cannot serve, and what the door refuses               |

mod args;
mod draw;
mod error;
mod gateway;
mod http;
mod log;
mod note;
mod reply;
mod request;
mod spawn;
mod stats;
mod table;
#[cfg(test)]
mod tests;
mod wait;

use std::net::SocketAddr;

use tokio::net::TcpListener;

pub use args::{FaultArgs, ModelArgs, SessionArgs, Span};
pub use error::ModelError;

use gateway::Gateway;

/// Serves until the process is asked to end. `ready` is called with the address once programs can connect.
///
/// # Errors
/// The address is not loopback or cannot be had, or the file of keys cannot be used.
pub async fn serve(args: ModelArgs, ready: impl FnOnce(SocketAddr)) -> Result<(), ModelError> {
    let listener = listen(args.listen).await?;
    let address = listener.local_addr().map_err(|source| ModelError::Listen { address: args.listen, source })?;
    let end = end_asked_for().map_err(ModelError::Signals)?;
    let gateway = Gateway::open(args)?;
    ready(address);
    tokio::select! {
        never = http::serve(gateway, listener) => match never {},
        () = end => Ok(()),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ModelError> {
    if !address.ip().is_loopback() {
        return Err(ModelError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|source| ModelError::Listen { address, source })
}

/// Comes back when the process is to end.
#[cfg(unix)]
fn end_asked_for() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn end_asked_for() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to hear of it, the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
