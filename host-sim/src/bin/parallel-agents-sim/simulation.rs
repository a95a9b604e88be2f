//! Runs one call as the options say, and writes what they ask for.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;
use host_sim::clock::{Clock, StopSwitch};
use host_sim::component::{self, ComponentHost};
use host_sim::ledger::Violation;
use host_sim::outside::Outside;
use host_sim::recording::Recorder;
use host_sim::script::{Script, ScriptError};
use host_sim::watch::Watched;
use host_sim::world::{World, WorldOptions};
use host_sim::{Called, native};
use parallel_agents::documents::DocumentReply;
use serde_json::{Map, Value, json};

use crate::afterwards::{Afterwards, Spans};
use crate::args::{
    BackendArguments, BackendKind, Cast, ClockKind, Course, EngineKind, Guest, ResumeArguments, Simulation,
};
use crate::backend::{self, Stage};
use crate::board::Board;
use crate::fault::Fault;
use crate::journal;
use crate::outcome::Failure;
use crate::request;
use crate::ui::Ui;
use crate::view::View;

/// A reply of the component that is not a refusal.
pub struct Reply {
    /// The document, byte for byte.
    pub text: String,
    /// The document, read.
    pub document: Value,
    /// What is to be sent once the document was shown.
    pub spans: Spans,
}

/// The code that is called, loaded once for all calls of a command.
pub enum Engine {
    /// The component under wasmtime.
    Wasm(Box<ComponentHost>),
    /// The engine that is compiled into this program.
    Native,
}

impl Engine {
    /// Loads what the options name.
    pub async fn load(guest: &Guest) -> Result<Self, Failure> {
        match (guest.engine, &guest.component) {
            (EngineKind::Native, _) => Ok(Self::Native),
            (EngineKind::Wasm, Some(path)) => Ok(Self::Wasm(Box::new(ComponentHost::load(path).await?))),
            (EngineKind::Wasm, None) => Ok(Self::Wasm(Box::new(ComponentHost::load(&component::find()?).await?))),
        }
    }

    /// Calls a function on what the options name, with progress for whoever looks.
    pub async fn call(
        &self,
        ui: &Ui,
        simulation: &Simulation,
        function: &str,
        arguments: &str,
    ) -> Result<Reply, Failure> {
        let arguments = &with_tiers(arguments, &simulation.backend);
        let course = &simulation.course;
        check_writable([&course.trace, &course.report, &simulation.backend.record])?;
        let Stage { outside, clock, seed } = Stage::set(ui, simulation).await?;
        let is_real = simulation.backend.backend == BackendKind::Openai || course.clock == ClockKind::Real;
        let view = View::new(ui, course.progress, is_real, Board::new(function, arguments));
        let recorder = Arc::new(Mutex::new(Recorder::default()));
        let afterwards = Afterwards::new();
        let mut outside = outside.by(view.board()).by(afterwards.watcher());
        if simulation.backend.record.is_some() {
            outside = outside.by(recorder.clone());
        }
        let called = self.enter(function, arguments, outside, &clock.with_stop(stop_on_interrupt())).await;
        view.close();
        if let Some(path) = &simulation.backend.record {
            let reply = called.result.as_ref().ok().map(|reply| read(document_text(reply))).transpose()?;
            let recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
            write(path, &recorder.finish(function, arguments, reply).text())?;
        }
        let violations = called.world.ledger().violations();
        let reply = self.keep(course, seed, function, called, &afterwards)?;
        let spans = afterwards.spans(function, &reply.1, simulation.backend.backend.provider());
        if violations.is_empty() {
            return Ok(Reply { spans, ..accept(reply)? });
        }
        // A reply that the host's own account contradicts is not worth showing.
        spans.send(ui).await;
        Err(broken_promises(Some(seed), &violations))
    }

    /// Goes on with a call, in a gateway that knows none of its sessions any more.
    pub async fn resume(&self, ui: &Ui, arguments: &ResumeArguments, text: &str, file: File) -> Result<Reply, Failure> {
        let ResumeArguments { cast, course, .. } = arguments;
        check_writable([&course.trace, &course.report])?;
        // The ledger knows nothing of what the call did before, so it cannot hold it to anything.
        let options = WorldOptions { stops_at_violation: false, ..WorldOptions::default() };
        let mut world = World::new(script(cast)?, cast.seed(), options);
        world.keep_journal(journal::writer(file));
        // A journal that cannot be read is refused by the component, in its own words.
        let header = parallel_agents::journal::read(text).map(|journal| journal.header);
        let (function, asked) = header.map(|header| (header.function, header.arguments)).unwrap_or_default();
        let view = View::new(ui, course.progress, course.clock == ClockKind::Real, Board::new(&function, &asked));
        let afterwards = Afterwards::new();
        let outside = Watched::new(world).by(view.board()).by(afterwards.watcher());
        let clock = backend::clock(course.clock).with_stop(stop_on_interrupt());
        let called = match self {
            Self::Wasm(host) => host.resume(text, outside, &clock).await,
            Self::Native => native::resume(text, outside, &clock).await,
        };
        view.close();
        let reply = self.keep(course, cast.seed(), &function, called, &afterwards)?;
        let spans = afterwards.spans(&function, &reply.1, BackendKind::Script.provider());
        Ok(Reply { spans, ..accept(reply)? })
    }

    /// Writes the files that are asked for of every call. The reply, and its document.
    fn keep(
        &self,
        course: &Course,
        seed: u64,
        function: &str,
        called: Called<DocumentReply, Watched>,
        afterwards: &Afterwards,
    ) -> Result<(DocumentReply, Value), Failure> {
        if let Some(path) = &course.trace {
            write(path, called.world.trace().text())?;
        }
        let account = json!({
            "seed": seed,
            "engine": self.name(),
            "fuel_used": called.fuel_used,
            "ledger": called.world.ledger().summary(),
        });
        let reply = called.result?;
        let document = read(document_text(&reply))?;
        afterwards.write_report(course.report.as_deref(), function, &document, account)?;
        Ok((reply, document))
    }

    /// Goes through a journal again.
    pub async fn replay(&self, text: &str) -> Result<Reply, Failure> {
        accept(with_document(match self {
            Self::Wasm(host) => host.replay(text).await?,
            Self::Native => native::replay(text).await?,
        })?)
    }

    /// Calls a function that spawns nothing.
    pub async fn ask(&self, function: &str, arguments: &Value) -> Result<Reply, Failure> {
        let world = World::new(Script::bundled(), 0, WorldOptions::default());
        let called = self.enter(function, &arguments.to_string(), world, &Clock::virtual_time()).await;
        accept(with_document(called.result?)?)
    }

    /// Calls a function on a recorded or simulated host.
    pub async fn play(&self, function: &str, arguments: &str, world: World) -> Result<Reply, Failure> {
        let called = self.enter(function, arguments, world, &Clock::virtual_time()).await;
        let violations = called.world.ledger().violations();
        let reply = called.result?;
        if violations.is_empty() { accept(with_document(reply)?) } else { Err(broken_promises(None, &violations)) }
    }

    async fn enter<O: Outside>(
        &self,
        function: &str,
        arguments: &str,
        world: O,
        clock: &Clock,
    ) -> Called<DocumentReply, O> {
        match self {
            Self::Wasm(host) => host.call(function, arguments, world, clock).await,
            Self::Native => native::call(function, arguments, world, clock).await,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Wasm(_) => "wasm",
            Self::Native => "native",
        }
    }
}

/// The request with the models of the options.
fn with_tiers(arguments: &str, options: &BackendArguments) -> String {
    if options.tiers.is_empty() {
        return arguments.to_owned();
    }
    let models: Map<String, Value> =
        options.tiers.iter().map(|(tier, model)| (tier.name().to_owned(), Value::from(model.as_str()))).collect();
    request::with_field(arguments, "models", &Value::Object(models))
}

/// The script that the options name, or the bundled one.
pub fn script(cast: &Cast) -> Result<Script, Failure> {
    cast.script.as_deref().map_or_else(|| Ok(Script::bundled()), script_at)
}

/// The script in a file.
pub fn script_at(path: &Path) -> Result<Script, Failure> {
    let bad = |error| Failure::Bad { code: "E_SCRIPT", error };
    Script::load(path).map_err(|error| match error {
        // These two name the file themselves.
        ScriptError::Read { .. } | ScriptError::Extension { .. } => bad(error.into()),
        ScriptError::Toml(_) | ScriptError::Json(_) | ScriptError::Invalid(_) => {
            bad(anyhow::Error::from(error).context(format!("cannot use the script {}", path.display())))
        }
    })
}

fn with_document(reply: DocumentReply) -> Result<(DocumentReply, Value), Failure> {
    let document = read(document_text(&reply))?;
    Ok((reply, document))
}

fn accept((reply, document): (DocumentReply, Value)) -> Result<Reply, Failure> {
    match reply {
        DocumentReply::Answer(text) => Ok(Reply { text, document, spans: Spans::default() }),
        DocumentReply::Refused(_) => Err(Failure::Refused(document)),
    }
}

fn broken_promises(seed: Option<u64>, violations: &[Violation]) -> Failure {
    let all: Vec<String> = violations.iter().map(ToString::to_string).collect();
    let seed = seed.map(|seed| format!(" with seed {seed}")).unwrap_or_default();
    let error = anyhow!("the component broke its promises{seed}: {}", all.join("; "));
    Failure::Broken { code: "E_GUEST_PROMISE", error }
}

fn document_text(reply: &DocumentReply) -> &str {
    match reply {
        DocumentReply::Answer(text) | DocumentReply::Refused(text) => text,
    }
}

fn read(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::reply(format!("it is not JSON: {error}")))
}

/// Finds out before a run is paid for whether its files can be written. What is in them stays until they are.
fn check_writable<'a>(paths: impl IntoIterator<Item = &'a Option<PathBuf>>) -> Result<(), Failure> {
    for path in paths.into_iter().flatten() {
        File::options().create(true).append(true).open(path).map_err(|error| not_written(path, error))?;
    }
    Ok(())
}

/// Writes a file that somebody asked for.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| not_written(path, error))
}

fn not_written(path: &Path, error: std::io::Error) -> Failure {
    let fault = Fault::new(path.display(), format!("cannot write {}", path.display()));
    Failure::output(anyhow::Error::from(error).context(fault))
}

/// The first interrupt asks the component to stop, which gives a report; the second one ends the program.
fn stop_on_interrupt() -> StopSwitch {
    let stop = StopSwitch::new();
    let switch = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            switch.throw("interrupted at the keyboard");
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    stop
}
