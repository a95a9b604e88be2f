//! Runs one call as the options say, and notes what is to be made of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;
use gateway_sim::Called;
use gateway_sim::backend::Backend;
use gateway_sim::checker::Violation;
use gateway_sim::clock::Clock;
use gateway_sim::engine;
use gateway_sim::native;
use gateway_sim::observed::AnyBackend;
use gateway_sim::options::SimulationOptions;
use gateway_sim::recording::Recorder;
use gateway_sim::script::Script;
use gateway_sim::simulation;
use host_sim::component::ComponentHost;
use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};

use crate::args::{BackendKind, ClockKind, EngineKind, InstanceArguments, ResumeArguments, RunOptions, Simulation};
use crate::backend::Past;
use crate::board::Board;
use crate::component;
use crate::hints;
use crate::journal::Journal;
use crate::live_page::LivePage;
use crate::outcome::Failure;
use crate::prepared::PreparedBackend;
use crate::reply::{Noted, Outputs, Reply, Sessions};
use crate::results::Results;
use crate::signals::{Interrupt, stop_on_signal};
use crate::ui::Ui;
use crate::view::View;

/// The code that is called, loaded once for all calls of a command.
pub enum Engine {
    /// The component under wasmtime.
    Wasm(Box<ComponentHost>),
    /// The engine that is compiled into this program.
    Native,
}

impl Engine {
    /// For calls that are made in virtual time, on a gateway.
    pub fn in_virtual_time(&self) -> &dyn engine::Engine {
        match self {
            Self::Wasm(host) => &**host,
            Self::Native => &engine::Native,
        }
    }

    /// Loads what the options name.
    pub async fn load(ui: &Ui, instance: &InstanceArguments) -> Result<Self, Failure> {
        match instance.engine {
            EngineKind::Native => Ok(Self::Native),
            EngineKind::Wasm => Ok(Self::Wasm(Box::new(component::load(ui, &instance.component).await?))),
        }
    }

    /// Calls a function on what the options name, once these passed [`crate::planned_files::check`]. Whoever looks is shown the
    /// progress meanwhile.
    pub async fn call(
        &self,
        ui: &Ui,
        simulation: &Simulation,
        function: &str,
        arguments: &str,
    ) -> Result<Reply, Failure> {
        self.call_telling(ui, simulation, function, arguments, None).await
    }

    /// The same, with what becomes of items written down as it is told.
    pub async fn call_telling(
        &self,
        ui: &Ui,
        simulation: &Simulation,
        function: &str,
        arguments: &str,
        results: Option<Arc<Mutex<Results>>>,
    ) -> Result<Reply, Failure> {
        let run_options = &simulation.run_options;
        let sessions = Sessions::default();
        // Before a journal is made, which would be in the way of the next try if there is no page.
        let page = served(run_options, function, simulation.backend.server.kind(), &sessions).await?;
        let PreparedBackend { backend, clock, seed, kind, journal } =
            PreparedBackend::set(ui, simulation, function, arguments, output_of(results.as_ref())).await?;
        let view = View::new(ui, run_options.progress, is_real(kind, run_options), Board::new(function, arguments));
        let recorder = Arc::new(Mutex::new(Recorder::default()));
        let noted = Noted::of(sessions);
        let mut backend = noted.watching(backend.by(view.board()), run_options);
        if let Some(page) = &page {
            ui.note(&format!("page: {}\n  it stays until Ctrl-C", page.url()));
            backend = backend.by(page.watcher());
        }
        if let Some(results) = results {
            backend = backend.by(results);
        }
        if simulation.backend.record.is_some() {
            backend = backend.by(recorder.clone());
        }
        let interrupt = stop_on_signal();
        let called = self.enter(function, arguments, backend, &clock.with_stop(interrupt.switch())).await;
        view.close();
        let page = page.map(|page| (page, interrupt));
        let mut call = Call { ui, run_options, function, seed, kind, noted: &noted, page, rest: Outputs::default() };
        if let Some(path) = &simulation.backend.record {
            // Of a reply that is no JSON the rest of the recording is still worth something.
            let document = called.result.as_ref().ok().and_then(|reply| read(document_text(reply)).ok());
            let (recorder, function, arguments) = (recorder.clone(), function.to_owned(), arguments.to_owned());
            call.rest.file(Some(path), move || {
                let recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                recorder.finish(&function, &arguments, document).text()
            });
        }
        let violations = called.backend.checker().violations();
        // What is true of a gateway that does not answer nobody here knows, so that its account is none to hold a call to.
        if !violations.is_empty() && kind != BackendKind::Openclaw {
            call.rest.contradicted(broken_invariants(Some(seed), &violations));
        }
        if let Some(hint) =
            called.result.as_ref().ok().and_then(|reply| hints::of_server(simulation, document_text(reply)))
        {
            call.rest.note(hint);
        }
        let reply = call.finish(self.name(), called).await;
        if let Some(journal) = journal {
            journal.close();
        }
        reply
    }

    /// Resumes a call on a host that knows none of its sessions any more. The options have to have passed
    /// [`crate::planned_files::check_resumed`] before, as nothing is looked at here.
    pub async fn resume(
        &self,
        ui: &Ui,
        arguments: &ResumeArguments,
        text: &str,
        journal: Journal,
        results: Option<Arc<Mutex<Results>>>,
    ) -> Result<Reply, Failure> {
        let run_options = &arguments.run_options;
        let past = Past::read(text);
        let sessions = Sessions::default();
        let page = served(run_options, &past.function, arguments.server.kind(), &sessions).await?;
        let PreparedBackend { backend, clock, seed, kind, journal } =
            PreparedBackend::reset(ui, arguments, &past, journal).await?;
        let view = View::new(
            ui,
            run_options.progress,
            is_real(kind, run_options),
            Board::new(&past.function, &past.arguments),
        );
        let noted = Noted::of(sessions);
        let mut backend = noted.watching(backend.by(view.board()), run_options);
        if let Some(page) = &page {
            ui.note(&format!("page: {}\n  it stays until Ctrl-C", page.url()));
            backend = backend.by(page.watcher());
        }
        if let Some(results) = results {
            backend = backend.by(results);
        }
        let interrupt = stop_on_signal();
        let clock = clock.with_stop(interrupt.switch());
        let called = match self {
            Self::Wasm(host) => host.resume(text, backend, &clock).await,
            Self::Native => native::resume(text, backend, &clock).await,
        };
        view.close();
        let function = &past.function;
        let page = page.map(|page| (page, interrupt));
        let call = Call { ui, run_options, function, seed, kind, noted: &noted, page, rest: Outputs::default() };
        let reply = call.finish(self.name(), called).await;
        // Until here nobody else may write it.
        drop(journal);
        reply
    }

    /// Goes through a journal again.
    pub async fn replay(&self, text: &str) -> Result<Reply, Failure> {
        accept(match self {
            Self::Wasm(host) => host.replay(text).await?,
            Self::Native => native::replay(text).await?,
        })
    }

    /// Calls a function that spawns nothing.
    pub async fn ask(&self, function: &str, arguments: &Value) -> Result<Reply, Failure> {
        let gateway = simulation::Simulation::new(Script::bundled(), 0, SimulationOptions::default());
        let called = self.enter(function, &arguments.to_string(), gateway, &Clock::virtual_time()).await;
        accept(called.result?)
    }

    /// Calls a function on a recorded or simulated host.
    pub async fn play(
        &self,
        function: &str,
        arguments: &str,
        gateway: simulation::Simulation,
    ) -> Result<Reply, Failure> {
        let called = self.enter(function, arguments, gateway, &Clock::virtual_time()).await;
        let violations = called.backend.checker().violations();
        let reply = called.result?;
        if violations.is_empty() { accept(reply) } else { Err(broken_invariants(None, &violations)) }
    }

    async fn enter<O: Backend>(
        &self,
        function: &str,
        arguments: &str,
        backend: O,
        clock: &Clock,
    ) -> Called<DocumentReply, O> {
        match self {
            Self::Wasm(host) => host.call(function, arguments, backend, clock).await,
            Self::Native => native::call(function, arguments, backend, clock).await,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Wasm(_) => "wasm",
            Self::Native => "native",
        }
    }
}

/// A call that came back, and what is to be made of it.
struct Call<'a> {
    ui: &'a Ui,
    run_options: &'a RunOptions,
    function: &'a str,
    seed: u64,
    kind: BackendKind,
    noted: &'a Noted,
    page: Option<(LivePage, Interrupt)>,
    rest: Outputs,
}

impl Call<'_> {
    /// The reply, with what is to be done once it was shown; that is done at once if there is nothing to be shown.
    async fn finish(
        mut self,
        engine: &'static str,
        called: Called<DocumentReply, AnyBackend>,
    ) -> Result<Reply, Failure> {
        let account = json!({
            "seed": self.seed,
            "engine": engine,
            "fuel_used": called.fuel_used,
            "checker": called.backend.checker().summary(),
        });
        let backend = called.backend;
        self.rest.file(self.run_options.trace.as_ref(), move || backend.trace().text().to_owned());
        let outcome = called.result.map_err(Failure::from).and_then(|reply| {
            let document = read(document_text(&reply))?;
            if let Some(path) = &self.run_options.report {
                self.rest.file(Some(path), self.noted.report(path, self.function, &document, account));
                if self.run_options.open {
                    self.rest.open(path);
                }
            }
            self.rest.spans(self.noted.spans(self.function, &document, self.kind.provider()));
            if let Some((page, interrupt)) = self.page.take() {
                page.done(&document);
                self.rest.stay(page, interrupt);
            }
            match reply {
                // Nobody has paid for a simulated reply that the simulator's own account contradicts.
                DocumentReply::Answer(_) if self.kind == BackendKind::Script => match self.rest.contradiction() {
                    Some(failure) => Err(failure),
                    None => accept(reply),
                },
                reply => accept(reply),
            }
        });
        match outcome {
            Ok(reply) => Ok(Reply { rest: self.rest, ..reply }),
            Err(failure) => {
                // Whoever is told of a failure does not wait for a page.
                self.rest.leave();
                self.rest.finish(self.ui).await;
                Err(failure)
            }
        }
    }
}

/// The page that the options ask for.
async fn served(
    run_options: &RunOptions,
    function: &str,
    kind: BackendKind,
    sessions: &Sessions,
) -> Result<Option<LivePage>, Failure> {
    let Some(port) = run_options.serve else { return Ok(None) };
    LivePage::serve(port, function, is_real(kind, run_options), sessions.clone()).await.map(Some)
}

/// Where the lines of a wide run go.
fn output_of(results: Option<&Arc<Mutex<Results>>>) -> Option<PathBuf> {
    results.map(|results| results.lock().unwrap_or_else(PoisonError::into_inner).output().to_owned())
}

/// Whether a call takes real time.
fn is_real(kind: BackendKind, run_options: &RunOptions) -> bool {
    kind != BackendKind::Script || run_options.clock == ClockKind::Real
}

fn accept(reply: DocumentReply) -> Result<Reply, Failure> {
    let document = read(document_text(&reply))?;
    match reply {
        DocumentReply::Answer(text) => Ok(Reply::alone(text, document)),
        DocumentReply::Refused(_) => Err(Failure::Refused(document)),
    }
}

fn broken_invariants(seed: Option<u64>, violations: &[Violation]) -> Failure {
    let all: Vec<String> = violations.iter().map(ToString::to_string).collect();
    let seed = seed.map(|seed| format!(" with seed {seed}")).unwrap_or_default();
    let error = anyhow!("the component broke an invariant{seed}: {}", all.join("; "));
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
