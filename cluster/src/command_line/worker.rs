//! `serve`: a worker.

use std::time::Duration;

use clap::Args;
use restate_sdk::prelude::Endpoint;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{Failure, say};
use crate::config::Config;
use crate::gateways::Gateways;
use crate::operator::Operator;
use crate::restate::Restate;
use crate::run::Run;
use crate::runs::Runs;
use crate::serving;
use crate::session::Session;

/// The pause before a worker tries again to register.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(super) struct Serve {
    /// Where to listen, instead of the configuration's `worker.listen`
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Do not tell Restate where this worker is: another one has done so, or a balancer stands before it
    #[arg(long)]
    no_register: bool,
}

/// Has what the SDK says written to standard error: errors, since it warns of each suspension; or what `RUST_LOG` asks for.
fn tell_of_the_sdk() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,restate_sdk=error"));
    // Fails only if somebody else was first, which is as good.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).try_init();
}

pub(super) async fn serve(what: Serve, config: Config) -> Result<(), Failure> {
    tell_of_the_sdk();
    let runs = Runs::new(config.terms());
    let listen = what.listen.unwrap_or(config.listen);
    let cannot = |error: std::io::Error| Failure::Wrong { code: "E_LISTEN", words: format!("{listen}: {error}") };
    let listener = TcpListener::bind(&listen).await.map_err(cannot)?;
    let at = listener.local_addr().map_err(cannot)?;
    say(&format!("worker at http://{at}"));
    let gateways = Gateways::new(config.gateways, &config.restate);
    let endpoint = Endpoint::builder().bind(Run).bind(runs).bind(Session::new(gateways)).bind(Operator).build();
    if !what.no_register {
        let address = config.address.unwrap_or_else(|| format!("http://{at}"));
        tokio::spawn(register(config.restate, address));
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    serving::serve(endpoint, listener, stop).await;
    Ok(())
}

/// Until Restate knows it.
async fn register(restate: Restate, address: String) {
    let mut is_first = true;
    loop {
        match restate.register(&address).await {
            Ok(()) => return say(&format!("registered as {address}")),
            Err(error) if is_first => say(&format!("not registered yet: {error}")),
            Err(_) => {}
        }
        is_first = false;
        tokio::time::sleep(PAUSE).await;
    }
}
