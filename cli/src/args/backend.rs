//! What answers the component, and what is asked of a recording.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use parallel_agents_engine::task::{MAX_CONCURRENT, Tier};

/// What runs the sessions.
#[derive(Debug, Args)]
pub struct BackendArguments {
    #[command(flatten)]
    pub server: ServerArguments,

    /// The model of a tier: economy, standard or premium; several times
    ///
    /// In place of the request's own models.
    #[arg(long = "tier", value_name = "TIER=NAME", value_parser = tier_model)]
    pub tiers: Vec<(Tier, String)>,

    /// Do not ask before a run on a server that may cost money
    #[arg(long)]
    pub yes: bool,

    /// Write the run to a file, for `dev what-if`, once the result was shown
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// Scripted agents, a model server or a gateway, and what is asked of it.
#[derive(Debug, Args)]
pub struct ServerArguments {
    /// script: at no cost; openai: a server; openclaw: a gateway (help models)
    ///
    /// Scripted agents in a simulated gateway, or real completions on an OpenAI-compatible server, which is what --base-url
    /// asks for by itself, or sessions of an OpenClaw gateway, which is what --gateway asks for. Without --base-url a server
    /// is looked for. A server's key is read from OPENAI_API_KEY, a gateway's token from OPENCLAW_GATEWAY_TOKEN.
    #[arg(long, value_enum)]
    pub backend: Option<BackendKind>,

    /// The server's base address, such as http://127.0.0.1:8080/v1
    #[arg(long, value_name = "URL", conflicts_with_all = ["script", "clock"])]
    pub base_url: Option<String>,

    /// An OpenClaw gateway that has a door, such as http://127.0.0.1:18789
    ///
    /// The sessions of the run are spawned there (docs/door.md).
    #[arg(long, value_name = "URL", conflicts_with_all = ["script", "clock", "base_url"])]
    pub gateway: Option<String>,

    /// The session that is the gateway's door (agent:main:door)
    #[arg(long, value_name = "SESSION")]
    pub door: Option<String>,

    /// The server's model; needed if it has more than one
    ///
    /// It is for sessions that name none. Without it they have the one of `--tier standard=NAME`.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,

    /// Sessions that the server runs at once; without it as many as the request asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONCURRENT)))]
    pub host_cap: Option<u32>,

    /// Whether the server may be sent the key: not one that only answered on a usual port.
    #[arg(skip = true)]
    pub sends_key: bool,
}

impl ServerArguments {
    /// What runs the sessions.
    pub fn kind(&self) -> BackendKind {
        let named = match (&self.base_url, &self.gateway) {
            (Some(_), _) => BackendKind::Openai,
            (None, Some(_)) => BackendKind::Openclaw,
            (None, None) => BackendKind::Script,
        };
        self.backend.unwrap_or(named)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendKind {
    /// Scripted agents in a simulated gateway
    Script,
    /// Completions on an OpenAI-compatible server
    Openai,
    /// Sessions of an OpenClaw gateway
    Openclaw,
}

impl BackendKind {
    /// Who runs its models, in the words of the GenAI conventions: whose protocol it is, whoever the server belongs to.
    /// None: the models' names say it.
    pub fn provider(self) -> Option<&'static str> {
        match self {
            Self::Script | Self::Openclaw => None,
            Self::Openai => Some("openai"),
        }
    }
}

fn tier_model(text: &str) -> Result<(Tier, String), String> {
    let (name, model) = text.split_once('=').ok_or("it has the form TIER=NAME")?;
    let tier = Tier::ALL.into_iter().find(|tier| tier.name() == name.trim());
    match (tier, model.trim()) {
        (Some(_), "") => Err("the model has no name".to_owned()),
        (Some(tier), model) => Ok((tier, model.to_owned())),
        (None, _) => Err("the tiers are economy, standard and premium".to_owned()),
    }
}
