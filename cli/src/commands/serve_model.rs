//! `serve-model`: the scripted answers behind an address.

use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;
use host_sim::model_server;
use host_sim::quirks::{self, Quirk};
use parallel_agents_engine::text;
use serde_json::json;
use tokio::net::TcpListener;

use crate::args::AgentArguments;
use crate::backend;
use crate::fault::Fault;
use crate::outcome::{Failure, Finish};
use crate::ui::Ui;

#[derive(Debug, Args)]
pub struct ServeModelArguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// How many times faster the answers come than the script says
    ///
    /// Below 1 they come later.
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = speed)]
    pub speed: f64,

    /// Answer as some servers do: one of the habits that --list-quirks names
    #[arg(long, value_name = "NAME")]
    pub quirk: Option<String>,

    /// Show the habits of servers that --quirk plays, and leave
    #[arg(long)]
    pub list_quirks: bool,

    #[command(flatten)]
    pub agent_arguments: AgentArguments,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(factor),
        _ => Err("it has to be a number above 0".to_owned()),
    }
}

pub async fn carry_out(ui: &Ui, arguments: ServeModelArguments) -> Result<Finish, Failure> {
    if arguments.list_quirks {
        ui.print(&quirks::all().map(row).collect::<String>())?;
        return Ok(Finish::Complete);
    }
    if !arguments.listen.ip().is_loopback() {
        let address = arguments.listen;
        let fault =
            Fault::new("--listen", format!("{address} is not a loopback address, and the server asks for no key"))
                .got(address)
                .limit("a loopback address")
                .hint("127.0.0.1:0 takes a free port");
        return Err(Failure::Bad { code: "E_LISTEN", error: fault.into() });
    }
    let mut script = backend::script(&arguments.agent_arguments)?;
    if let Some(name) = &arguments.quirk {
        script = script.with_quirk(quirks::find(name).ok_or_else(|| unknown(name))?.name);
    }
    let broken = |error| Failure::Broken { code: "E_LISTEN", error };
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| Fault::new("--listen", format!("cannot listen on {}", arguments.listen)).got(arguments.listen))
        .map_err(broken)?;
    let address = listener.local_addr().context("the system gave the server no address").map_err(broken)?;
    ui.print(&format!("{}\n", json!({ "address": address, "base_url": format!("http://{address}/v1") })))?;
    let server = model_server::serve(listener, script, arguments.agent_arguments.seed(), 1.0 / arguments.speed);
    tokio::select! {
        served = server => served.context("the server failed").map_err(broken)?,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for an interrupt").map_err(broken)?,
    }
    Ok(Finish::Complete)
}

fn row(quirk: &Quirk) -> String {
    format!("{:<28} {} ({})\n", quirk.name, quirk.sent, quirk.servers)
}

fn unknown(name: &str) -> Failure {
    let near = text::nearest(name, quirks::all().map(|quirk| quirk.name));
    let hint = if near.is_empty() {
        "--list-quirks names them".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    let fault = Fault::new("--quirk", format!("no quirk is named {name:?}")).got(name).hint(hint);
    Failure::Bad { code: "E_QUIRK", error: fault.into() }
}
