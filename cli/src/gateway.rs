//! Sets up a real gateway as what answers the component.

use std::env;

use anyhow::anyhow;
use gateway_sim::clock::Clock;
use gateway_sim::observed::Observed;
use host_sim::openclaw::{OpenClaw, OpenClawOptions};
use parallel_agents_door::{Door, DoorError, Facts};

use crate::args::{BackendKind, ServerArguments};
use crate::fault::Fault;
use crate::journal::Journal;
use crate::outcome::Failure;
use crate::prepared::{PreparedBackend, sink};
use crate::text::shown;
use crate::ui::Ui;

/// The session that is looked for where nobody names one.
const SESSION: &str = "agent:main:door";

/// A gateway whose door has answered.
pub struct Entered {
    door: Door,
    facts: Facts,
}

impl Entered {
    /// Asks the gateway that the options name what it is and allows.
    pub async fn of(ui: &Ui, options: &ServerArguments) -> Result<Self, Failure> {
        let Some(gateway) = &options.gateway else {
            let fault =
                Fault::new("--gateway", "nobody said which gateway it is").hint("name its address with --gateway URL");
            return Err(Failure::Bad { code: "E_GATEWAY_ADDRESS", error: fault.into() });
        };
        let token = env::var_os(Door::TOKEN_VARIABLE).unwrap_or_default();
        let session = options.door.as_deref().unwrap_or(SESSION);
        let door = Door::new(gateway, &token.to_string_lossy(), session)?;
        if door.shows_its_token() {
            ui.note(&format!("warning: {} goes to this gateway unencrypted", Door::TOKEN_VARIABLE));
        }
        let facts = door.facts().await?;
        match &facts.versions.plugin {
            Some(plugin) if plugin != env!("CARGO_PKG_VERSION") => {
                let (plugin, own) = (shown(plugin), env!("CARGO_PKG_VERSION"));
                ui.note(&format!("warning: the gateway's plugin is of version {plugin}, this program of {own}"));
            }
            _ => {}
        }
        Ok(Self { door, facts })
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
        let chosen = OpenClawOptions { model: options.model.clone(), seed, host_cap: options.host_cap, start_ms };
        let mut host = OpenClaw::new(self.door, self.facts, chosen, clock.bell());
        if let Some(sink) = sink(ui, journal.as_ref())? {
            host.keep_journal(sink);
        }
        Ok(PreparedBackend { backend: Observed::of(host).boxed(), clock, seed, kind: BackendKind::Openclaw, journal })
    }
}

impl From<DoorError> for Failure {
    fn from(error: DoorError) -> Self {
        match error.code() {
            Some(code) => Self::Bad { code, error: anyhow!(error) },
            None => Self::Broken { code: "E_HOST", error: anyhow!(error) },
        }
    }
}
