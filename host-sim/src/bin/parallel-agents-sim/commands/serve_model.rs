//! `serve-model`: the scripted answers behind an address.

use anyhow::Context;
use host_sim::model_server;
use serde_json::json;
use tokio::net::TcpListener;

use crate::args::ServeModelArguments;
use crate::backend;
use crate::fault::Fault;
use crate::outcome::{Failure, Finish};
use crate::ui::Ui;

pub async fn carry_out(ui: &Ui, arguments: ServeModelArguments) -> Result<Finish, Failure> {
    if !arguments.listen.ip().is_loopback() {
        let address = arguments.listen;
        let fault =
            Fault::new("--listen", format!("{address} is not a loopback address, and the server asks for no key"))
                .got(address)
                .limit("a loopback address")
                .hint("127.0.0.1:0 takes a free port");
        return Err(Failure::Bad { code: "E_LISTEN", error: fault.into() });
    }
    let script = backend::script(&arguments.cast)?;
    let broken = |error| Failure::Broken { code: "E_LISTEN", error };
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| Fault::new("--listen", format!("cannot listen on {}", arguments.listen)).got(arguments.listen))
        .map_err(broken)?;
    let address = listener.local_addr().context("the system gave the server no address").map_err(broken)?;
    ui.print(&format!("{}\n", json!({ "address": address, "base_url": format!("http://{address}/v1") })))?;
    let server = model_server::serve(listener, script, arguments.cast.seed(), 1.0 / arguments.speed);
    tokio::select! {
        served = server => served.context("the server failed").map_err(broken)?,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for an interrupt").map_err(broken)?,
    }
    Ok(Finish::Complete)
}
