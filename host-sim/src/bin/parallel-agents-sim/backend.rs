//! Sets up what answers the component, by the options of a call.

use std::env;

use anyhow::anyhow;
use host_sim::clock::Clock;
use host_sim::live::{ApiKey, Live, LiveOptions, ModelServer, ServerError};
use host_sim::outside::Outside;
use host_sim::watch::Watched;
use host_sim::world::{World, WorldOptions};
use rand::Rng;

use crate::args::{BackendKind, ClockKind, Simulation};
use crate::fault::Fault;
use crate::journal;
use crate::outcome::Failure;
use crate::simulation;
use crate::ui::Ui;

/// What answers the component, and by which clock.
pub struct Stage {
    pub outside: Watched,
    pub clock: Clock,
    pub seed: u64,
}

impl Stage {
    /// A stage for one call.
    pub async fn set(ui: &Ui, simulation: &Simulation) -> Result<Self, Failure> {
        match simulation.backend.backend {
            BackendKind::Script if simulation.backend.base_url.is_some() => {
                let message = "--base-url is the address of a server, and --backend script asks none";
                let fault = Fault::new("--base-url", message).hint("leave one of the two out");
                Err(Failure::Bad { code: "E_BASE_URL", error: fault.into() })
            }
            BackendKind::Script => {
                let seed = simulation.cast.seed();
                let mut world = World::new(simulation::script(&simulation.cast)?, seed, WorldOptions::default());
                if let Some(path) = &simulation.journal {
                    world.keep_journal(journal::writer(journal::create(path)?));
                }
                Ok(Self::of(world, clock(simulation.course.clock), seed))
            }
            BackendKind::Openai if simulation.journal.is_some() => {
                let message = "a run on a model server keeps no journal: its sessions end with this program";
                let fault = Fault::new("--journal", message).hint("leave --journal out");
                Err(Failure::Bad { code: "E_JOURNAL_FILE", error: fault.into() })
            }
            BackendKind::Openai => live(ui, simulation).await,
        }
    }

    fn of(outside: impl Outside, clock: Clock, seed: u64) -> Self {
        Self { outside: Watched::new(outside), clock, seed }
    }
}

/// The clock that the options name, for simulated sessions.
pub fn clock(kind: ClockKind) -> Clock {
    match kind {
        ClockKind::Virtual => Clock::virtual_time(),
        ClockKind::Real => Clock::real_time(),
    }
}

async fn live(ui: &Ui, simulation: &Simulation) -> Result<Stage, Failure> {
    let options = &simulation.backend;
    let key = ApiKey::new(&env::var_os(ApiKey::VARIABLE).unwrap_or_default().to_string_lossy())?;
    let server = ModelServer::new(options.base_url.as_deref().unwrap_or_default(), key)?;
    if server.shows_its_key() {
        ui.note(&format!("warning: {} goes to this server unencrypted", ApiKey::VARIABLE));
    }
    let model = match &options.model {
        Some(model) => model.clone(),
        None => server.only_model().await?,
    };
    // The codes in prompts come from it, so nobody may be able to tell it beforehand.
    let seed = simulation.cast.seed.unwrap_or_else(|| rand::rng().next_u64());
    let clock = Clock::real_time();
    let live = Live::new(server, LiveOptions { model, seed, host_cap: options.host_cap }, clock.bell());
    Ok(Stage::of(live, clock, seed))
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Address { .. } => Self::Bad { code: "E_BASE_URL", error: anyhow!(error) },
            ServerError::Key | ServerError::KeyRefused { .. } => Self::Bad { code: "E_API_KEY", error: anyhow!(error) },
            ServerError::Models { .. } | ServerError::Choice { .. } => {
                Self::Bad { code: "E_MODEL_NAME", error: anyhow!(error) }
            }
            ServerError::Unreachable { .. } | ServerError::Client(_) => {
                Self::Broken { code: "E_HOST", error: anyhow!(error) }
            }
        }
    }
}
