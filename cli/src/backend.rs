//! Sets up what answers the component, by the options of a call.

use std::path::{Path, PathBuf};

use gateway_sim::clock::Clock;
use gateway_sim::options::SimulationOptions;
use gateway_sim::recording::MODEL_SERVER;
use gateway_sim::script::{Script, ScriptError};
use gateway_sim::simulation;
use gateway_sim::spawns_sessions;
use host_sim::openclaw::OPENCLAW;
use host_sim::quirks;
use parallel_agents_engine::host::EventKind;
use rand::Rng;

use crate::args::{AgentArguments, BackendKind, ClockKind, ResumeArguments, ServerArguments, Simulation};
use crate::fault::Fault;
use crate::gateway::Entered;
use crate::journal::Journal;
use crate::outcome::Failure;
use crate::prepared::{PreparedBackend, sink};
use crate::server::Asked;
use crate::text::{shell_word, shown};
use crate::ui::Ui;

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

    /// By what it was answered. None: by nobody yet.
    fn kind(&self) -> Option<BackendKind> {
        Some(match self.host.as_deref()? {
            MODEL_SERVER => BackendKind::Openai,
            OPENCLAW => BackendKind::Openclaw,
            _ => BackendKind::Script,
        })
    }
}

impl PreparedBackend {
    /// The backend of one call.
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
                let seed = simulation.agent_arguments.seed();
                let script = script_for(&simulation.agent_arguments, function)?;
                let gateway = simulation::Simulation::new(script, seed, SimulationOptions::default());
                of_gateway(ui, gateway, clock(simulation.run_options.clock), seed, asked()?)
            }
            kind => {
                let real = Real::of(ui, server, kind).await?;
                let journal = match asked()? {
                    None if !simulation.no_journal && spawns_sessions(function, arguments) => {
                        Journal::spare(ui, function)
                    }
                    asked => asked,
                };
                if let Some(journal) = &journal {
                    ui.note(&resume_command(journal.path(), server, output.as_deref()));
                }
                real.prepare(ui, &simulation.agent_arguments, server, journal, None)
            }
        }
    }

    /// The backend of a call that goes on: the gateway of its first part, which knows none of its sessions any more.
    pub async fn reset(ui: &Ui, arguments: &ResumeArguments, past: &Past, journal: Journal) -> Result<Self, Failure> {
        let ResumeArguments { agent_arguments, server, run_options, journal_file, .. } = arguments;
        check_address(server)?;
        check_kind(journal_file, server, past)?;
        match server.kind() {
            BackendKind::Script => {
                // The checker knows nothing of what the call did before, so it cannot hold it to anything.
                let options =
                    SimulationOptions { stops_at_violation: false, life: past.lines, ..SimulationOptions::default() };
                let script = script_for(agent_arguments, &past.function)?;
                let gateway = simulation::Simulation::new(script, agent_arguments.seed(), options);
                of_gateway(ui, gateway, clock(run_options.clock), agent_arguments.seed(), Some(journal))
            }
            kind => {
                let real = Real::of(ui, server, kind).await?;
                ui.note(&resume_command(journal.path(), server, arguments.output.as_deref()));
                real.prepare(ui, agent_arguments, server, Some(journal), past.last_ms)
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
) -> Result<PreparedBackend, Failure> {
    if let Some(sink) = sink(ui, journal.as_ref())? {
        gateway.host_mut().keep_journal(sink);
    }
    Ok(PreparedBackend { backend: gateway.boxed(), clock, seed, kind: BackendKind::Script, journal })
}

/// An address of something that is not asked is a mistake.
fn check_address(server: &ServerArguments) -> Result<(), Failure> {
    let kind = server.kind();
    let given: [(&str, bool, &[BackendKind]); 5] = [
        ("--base-url", server.base_url.is_some(), &[BackendKind::Openai]),
        ("--gateway", server.gateway.is_some(), &[BackendKind::Openclaw]),
        ("--door", server.door.is_some(), &[BackendKind::Openclaw]),
        ("--model", server.model.is_some(), &[BackendKind::Openai, BackendKind::Openclaw]),
        ("--host-cap", server.host_cap.is_some(), &[BackendKind::Openai, BackendKind::Openclaw]),
    ];
    let wrong = given.into_iter().find(|(_, is_given, kinds)| *is_given && !kinds.contains(&kind));
    let Some((option, _, kinds)) = wrong else { return Ok(()) };
    let fault = if kinds.contains(&BackendKind::Openai) {
        let asked = if kind == BackendKind::Script { "scripted agents ask none" } else { "a gateway is asked here" };
        Fault::new(option, format!("{option} is for a server, and {asked}"))
            .hint("leave it out, or take a server with --backend openai")
    } else {
        Fault::new(option, format!("{option} is for a gateway, and none is asked"))
            .hint("leave it out, or take a gateway with --backend openclaw")
    };
    Err(Failure::Bad { code: "E_BASE_URL", error: fault.into() })
}

/// A call goes on where it began: real answers and scripted ones in one report would be worth nothing.
fn check_kind(journal: &Path, server: &ServerArguments, past: &Past) -> Result<(), Failure> {
    let (Some(was), is) = (past.kind(), server.kind()) else { return Ok(()) };
    if was == is {
        return Ok(());
    }
    let (option, what, hint) = match was {
        BackendKind::Openai => (
            "--base-url",
            "is the journal of a run on a model server",
            "name the server's address again with --base-url URL",
        ),
        BackendKind::Openclaw => {
            ("--gateway", "is the journal of a run on a gateway", "name the gateway's address again with --gateway URL")
        }
        BackendKind::Script if is == BackendKind::Openclaw => {
            ("--gateway", "is the journal of a simulated run", "leave --gateway out")
        }
        BackendKind::Script => ("--base-url", "is the journal of a simulated run", "leave --base-url out"),
    };
    let fault = Fault::new(option, format!("{} {what}", journal.display())).hint(hint);
    Err(Failure::Bad { code: "E_BASE_URL", error: fault.into() })
}

/// The clock that the options name, for simulated sessions.
pub fn clock(kind: ClockKind) -> Clock {
    match kind {
        ClockKind::Virtual => Clock::virtual_time(),
        ClockKind::Real => Clock::real_time(),
    }
}

/// What runs real sessions, once it was asked what it is.
enum Real {
    Server(Asked),
    Gateway(Entered),
}

impl Real {
    async fn of(ui: &Ui, options: &ServerArguments, kind: BackendKind) -> Result<Self, Failure> {
        Ok(match kind {
            BackendKind::Openclaw => Self::Gateway(Entered::of(ui, options).await?),
            BackendKind::Script | BackendKind::Openai => Self::Server(Asked::of(ui, options).await?),
        })
    }

    fn prepare(
        self,
        ui: &Ui,
        agent_arguments: &AgentArguments,
        options: &ServerArguments,
        journal: Option<Journal>,
        start_ms: Option<u64>,
    ) -> Result<PreparedBackend, Failure> {
        // The codes in prompts come from it, so nobody may be able to tell it beforehand.
        let seed = agent_arguments.seed.unwrap_or_else(|| rand::rng().next_u64());
        match self {
            Self::Server(asked) => asked.prepare(ui, seed, options, journal, start_ms),
            Self::Gateway(entered) => entered.prepare(ui, seed, options, journal, start_ms),
        }
    }
}

/// Where the journal is, and the command that goes on from it: in lines that fit into a terminal and can be copied.
fn resume_command(journal: &Path, options: &ServerArguments, output: Option<&Path>) -> String {
    let path = shown(&journal.to_string_lossy());
    let (option, address) = match &options.gateway {
        Some(gateway) => ("--gateway", gateway.as_str()),
        None => ("--base-url", options.base_url.as_deref().unwrap_or_default()),
    };
    let (journal, address) = (shell_word(&path), shell_word(address));
    let mut command = format!("parallel-agents resume \\\n    {journal} \\\n    {option} {address}");
    if let Some(door) = &options.door {
        command.push_str(&format!(" --door {}", shell_word(door)));
    }
    if let Some(model) = &options.model {
        command.push_str(&format!(" --model {}", shell_word(model)));
    }
    if let Some(output) = output {
        command.push_str(&format!(" \\\n    --output {}", shell_word(&shown(&output.to_string_lossy()))));
    }
    format!("journal: {path}\n  if the run is cut off: {command}")
}

/// The same for a call of a function. A gateway on which nobody has set anything has no room for a run over many items.
fn script_for(agent_arguments: &AgentArguments, function: &str) -> Result<Script, Failure> {
    match &agent_arguments.script {
        None if function == "map_tasks" => Ok(Script::bundled().with_room()),
        _ => script(agent_arguments),
    }
}

/// The script that the options name, or the bundled one.
pub fn script(agent_arguments: &AgentArguments) -> Result<Script, Failure> {
    agent_arguments.script.as_deref().map_or_else(|| Ok(Script::bundled()), script_at)
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
