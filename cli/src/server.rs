//! Sets up a model server as what answers the component.

use std::env;

use anyhow::anyhow;
use gateway_sim::clock::Clock;
use gateway_sim::observed::Observed;
use host_sim::live::{KEY_VARIABLE, Live, LiveOptions, ModelServer, ServerError};
use parallel_agents_door::Token;

use crate::args::{BackendKind, ServerArguments};
use crate::fault::Fault;
use crate::journal::Journal;
use crate::outcome::Failure;
use crate::prepared::{PreparedBackend, sink};
use crate::ui::Ui;

/// A model server that was asked for its models.
pub struct Asked {
    server: ModelServer,
    model: String,
}

impl Asked {
    /// Asks the server that the options name for its models, unless they name one.
    pub async fn of(ui: &Ui, options: &ServerArguments) -> Result<Self, Failure> {
        let Some(base_url) = &options.base_url else {
            let fault =
                Fault::new("--base-url", "nobody said which server it is").hint("name its address with --base-url URL");
            return Err(Failure::Bad { code: "E_BASE_URL", error: fault.into() });
        };
        let key = if options.sends_key { env::var_os(KEY_VARIABLE) } else { None };
        let key = Token::new(&key.unwrap_or_default().to_string_lossy()).map_err(ServerError::from)?;
        let server = ModelServer::new(base_url, key)?;
        if server.shows_its_key() {
            ui.note(&format!("warning: {} goes to this server unencrypted", KEY_VARIABLE));
        }
        let model = match &options.model {
            Some(model) => model.clone(),
            None => server.only_model(|words| ui.note(words)).await?,
        };
        if let Some(address) = server.corrected_address() {
            ui.note(&format!("the server is at {address}"));
        }
        Ok(Self { server, model })
    }

    /// The backend of one call.
    pub fn prepare(
        self,
        ui: &Ui,
        seed: u64,
        options: &ServerArguments,
        journal: Option<Journal>,
        start_ms: Option<u64>,
    ) -> Result<PreparedBackend, Failure> {
        let clock = Clock::real_time();
        let live = LiveOptions { model: self.model, seed, host_cap: options.host_cap, start_ms };
        let mut live = Live::new(self.server, live, clock.bell());
        if let Some(sink) = sink(ui, journal.as_ref())? {
            live.keep_journal(sink);
        }
        let backend = Observed::of(live).boxed();
        Ok(PreparedBackend { backend, clock, seed, kind: BackendKind::Openai, journal })
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Address { .. } | ServerError::Path { .. } => {
                Self::Bad { code: "E_BASE_URL", error: anyhow!(error) }
            }
            ServerError::Key | ServerError::KeyRefused { .. } => Self::Bad { code: "E_API_KEY", error: anyhow!(error) },
            ServerError::Models { .. } | ServerError::LongList { .. } | ServerError::Choice { .. } => {
                Self::Bad { code: "E_MODEL_NAME", error: anyhow!(error) }
            }
            ServerError::Unreachable { .. } | ServerError::Client(_) => {
                Self::Broken { code: "E_HOST", error: anyhow!(error) }
            }
        }
    }
}
