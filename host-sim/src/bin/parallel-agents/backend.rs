//! Sets up what answers the component, by the options of a call.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use gateway_sim::clock::Clock;
use gateway_sim::observed::{AnyBackend, Observed};
use gateway_sim::options::SimulationOptions;
use gateway_sim::recording::MODEL_SERVER;
use gateway_sim::script::{Script, ScriptError};
use gateway_sim::simulation;
use gateway_sim::spawns_sessions;
use host_sim::live::{ApiKey, Live, LiveOptions, ModelServer, ServerError};
use host_sim::quirks;
use parallel_agents_engine::host::EventKind;
use rand::Rng;

use crate::args::{BackendKind, Cast, ClockKind, ResumeArguments, ServerArguments, Simulation};
use crate::fault::Fault;
use crate::journal::Journal;
use crate::outcome::Failure;
use crate::text::{shell_word, shown};
use crate::ui::Ui;

/// What answers the component, and by which clock.
pub struct Stage {
    pub backend: AnyBackend,
    pub clock: Clock,
    pub seed: u64,
    pub kind: BackendKind,
    pub journal: Option<Journal>,
}

/// What a journal says about the call that goes on.
#[derive(Default)]
pub struct Past {
    pub function: String,
    pub arguments: String,
    /// Which host answered it so far. None: none has.
    host: Option<String>,
    /// The last time on its clock.
    last_ms: Option<u64>,
    /// Lines of the journal; no two lives of a call begin with the same number.
    lines: u64,
}

impl Past {
    /// Reads a journal. What cannot be read will be refused by the component, in its own words, and has no past.
    pub fn read(text: &str) -> Self {
        let Ok(journal) = parallel_agents_engine::journal::read(text) else { return Self::default() };
        let host = journal.steps.iter().find_map(|step| match &step.event.what {
            EventKind::Opened(facts) => Some(facts.name.clone()),
            _ => None,
        });
        Self {
            function: journal.header.function,
            arguments: journal.header.arguments,
            host,
            last_ms: journal.steps.last().map(|step| step.event.at_ms),
            lines: text.lines().count() as u64,
        }
    }

    /// Whether it was answered by a model server. None: by nobody yet.
    fn kind(&self) -> Option<BackendKind> {
        let is_live = self.host.as_deref()? == MODEL_SERVER;
        Some(if is_live { BackendKind::Openai } else { BackendKind::Script })
    }
}

impl Stage {
    /// A stage for one call.
    ///
    /// `output`: where the lines of a run over many items go.
    pub async fn set(
        ui: &Ui,
        simulation: &Simulation,
        function: &str,
        arguments: &str,
        output: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let server = &simulation.backend.server;
        check_address(server)?;
        let asked = || simulation.journal.as_deref().map(Journal::create).transpose();
        match server.kind() {
            BackendKind::Script => {
                let seed = simulation.cast.seed();
                let script = script_for(&simulation.cast, function)?;
                let gateway = simulation::Simulation::new(script, seed, SimulationOptions::default());
                of_gateway(ui, gateway, clock(simulation.course.clock), seed, asked()?)
            }
            BackendKind::Openai => {
                let live = Asked::of(ui, server).await?;
                let journal = match asked()? {
                    None if !simulation.no_journal && spawns_sessions(function, arguments) => {
                        Journal::spare(ui, function)
                    }
                    asked => asked,
                };
                if let Some(journal) = &journal {
                    ui.note(&going_on(journal.path(), server, output.as_deref()));
                }
                live.stage(ui, &simulation.cast, server, journal, None)
            }
        }
    }

    /// A stage for a call that goes on: the gateway of its first part, which knows none of its sessions any more.
    pub async fn reset(ui: &Ui, arguments: &ResumeArguments, past: &Past, journal: Journal) -> Result<Self, Failure> {
        let ResumeArguments { cast, server, course, journal_file, .. } = arguments;
        check_address(server)?;
        check_kind(journal_file, server, past)?;
        match server.kind() {
            BackendKind::Script => {
                // The checker knows nothing of what the call did before, so it cannot hold it to anything.
                let options =
                    SimulationOptions { stops_at_violation: false, life: past.lines, ..SimulationOptions::default() };
                let script = script_for(cast, &past.function)?;
                let gateway = simulation::Simulation::new(script, cast.seed(), options);
                of_gateway(ui, gateway, clock(course.clock), cast.seed(), Some(journal))
            }
            BackendKind::Openai => {
                let live = Asked::of(ui, server).await?;
                ui.note(&going_on(journal.path(), server, arguments.output.as_deref()));
                live.stage(ui, cast, server, Some(journal), past.last_ms)
            }
        }
    }
}

fn of_gateway(
    ui: &Ui,
    mut gateway: simulation::Simulation,
    clock: Clock,
    seed: u64,
    journal: Option<Journal>,
) -> Result<Stage, Failure> {
    if let Some(journal) = &journal {
        gateway.host_mut().keep_journal(journal.sink(ui).map_err(|error| unusable(journal, error))?);
    }
    Ok(Stage { backend: gateway.boxed(), clock, seed, kind: BackendKind::Script, journal })
}

fn unusable(journal: &Journal, error: std::io::Error) -> Failure {
    Failure::file(journal.path(), anyhow::Error::from(error).context("cannot write the journal"))
}

/// A server's address without a server is a mistake.
fn check_address(server: &ServerArguments) -> Result<(), Failure> {
    if server.kind() == BackendKind::Openai {
        return Ok(());
    }
    let given = [
        ("--base-url", server.base_url.is_some()),
        ("--model", server.model.is_some()),
        ("--host-cap", server.host_cap.is_some()),
    ];
    if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        let message = format!("{option} is for a server, and scripted agents ask none");
        let fault = Fault::new(option, message).hint("leave it out, or take a server with --backend openai");
        return Err(Failure::Bad { code: "E_BASE_URL", error: fault.into() });
    }
    Ok(())
}

/// A call goes on where it began: real answers and scripted ones in one report would be worth nothing.
fn check_kind(journal: &Path, server: &ServerArguments, past: &Past) -> Result<(), Failure> {
    let fault = match (past.kind(), server.kind()) {
        (Some(BackendKind::Openai), BackendKind::Script) => {
            let message = format!("{} is the journal of a run on a model server", journal.display());
            Fault::new("--base-url", message).hint("name the server's address again with --base-url URL")
        }
        (Some(BackendKind::Script), BackendKind::Openai) => {
            let message = format!("{} is the journal of a simulated run", journal.display());
            Fault::new("--base-url", message).hint("leave --base-url out")
        }
        _ => return Ok(()),
    };
    Err(Failure::Bad { code: "E_BASE_URL", error: fault.into() })
}

/// The clock that the options name, for simulated sessions.
pub fn clock(kind: ClockKind) -> Clock {
    match kind {
        ClockKind::Virtual => Clock::virtual_time(),
        ClockKind::Real => Clock::real_time(),
    }
}

/// A model server that was asked for its models.
struct Asked {
    server: ModelServer,
    model: String,
}

impl Asked {
    async fn of(ui: &Ui, options: &ServerArguments) -> Result<Self, Failure> {
        let Some(base_url) = &options.base_url else {
            let fault =
                Fault::new("--base-url", "nobody said which server it is").hint("name its address with --base-url URL");
            return Err(Failure::Bad { code: "E_BASE_URL", error: fault.into() });
        };
        let key = if options.sends_key { env::var_os(ApiKey::VARIABLE) } else { None };
        let server = ModelServer::new(base_url, ApiKey::new(&key.unwrap_or_default().to_string_lossy())?)?;
        if server.shows_its_key() {
            ui.note(&format!("warning: {} goes to this server unencrypted", ApiKey::VARIABLE));
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

    fn stage(
        self,
        ui: &Ui,
        cast: &Cast,
        options: &ServerArguments,
        journal: Option<Journal>,
        start_ms: Option<u64>,
    ) -> Result<Stage, Failure> {
        // The codes in prompts come from it, so nobody may be able to tell it beforehand.
        let seed = cast.seed.unwrap_or_else(|| rand::rng().next_u64());
        let clock = Clock::real_time();
        let live = LiveOptions { model: self.model, seed, host_cap: options.host_cap, start_ms };
        let mut live = Live::new(self.server, live, clock.bell());
        if let Some(journal) = &journal {
            live.keep_journal(journal.sink(ui).map_err(|error| unusable(journal, error))?);
        }
        let backend = Observed::of(live).boxed();
        Ok(Stage { backend, clock, seed, kind: BackendKind::Openai, journal })
    }
}

/// Where the journal is, and the command that goes on from it: in lines that fit into a terminal and can be copied.
fn going_on(journal: &Path, options: &ServerArguments, output: Option<&Path>) -> String {
    let path = shown(&journal.to_string_lossy());
    let base_url = shell_word(options.base_url.as_deref().unwrap_or_default());
    let mut command = format!("parallel-agents resume \\\n    {} \\\n    --base-url {base_url}", shell_word(&path));
    if let Some(model) = &options.model {
        command.push_str(&format!(" --model {}", shell_word(model)));
    }
    if let Some(output) = output {
        command.push_str(&format!(" \\\n    --output {}", shell_word(&shown(&output.to_string_lossy()))));
    }
    format!("journal: {path}\n  if the run is cut off: {command}")
}

/// The same for a call of a function. A gateway on which nobody has set anything has no room for a run over many items.
fn script_for(cast: &Cast, function: &str) -> Result<Script, Failure> {
    match &cast.script {
        None if function == "map_tasks" => Ok(Script::bundled().with_room()),
        _ => script(cast),
    }
}

/// The script that the options name, or the bundled one.
pub fn script(cast: &Cast) -> Result<Script, Failure> {
    cast.script.as_deref().map_or_else(|| Ok(Script::bundled()), script_at)
}

/// The script in a file.
pub fn script_at(path: &Path) -> Result<Script, Failure> {
    let bad = |error| Failure::Bad { code: "E_SCRIPT", error };
    let checked = |script: Script| quirks::check(&script).map(|()| script);
    Script::load(path).and_then(checked).map_err(|error| match error {
        // These two name the file themselves.
        ScriptError::Read { .. } | ScriptError::Extension { .. } => bad(error.into()),
        ScriptError::Toml(_) | ScriptError::Json(_) | ScriptError::Invalid(_) => {
            bad(anyhow::Error::from(error).context(format!("cannot use the script {}", path.display())))
        }
    })
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Address { .. } | ServerError::Path { .. } => {
                Self::Bad { code: "E_BASE_URL", error: anyhow!(error) }
            }
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
