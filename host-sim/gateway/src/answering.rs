//! Calls on the simulated gateway whose sessions say what a function makes of their prompts, held to every invariant.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::executor::block_on;
use parallel_agents::documents::{self, DocumentReply};
use parallel_agents_engine::host::{Command, Event, Host, ItemResult, JournalError, SpawnOptions};
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::task::Usage;

use crate::call::hold_to_request;
use crate::clock::Clock;
use crate::label::id_of;
use crate::native::{self, NativeHost};
use crate::options::SimulationOptions;
use crate::script::{HostProfile, Script, Scripted, ScriptedOutcome, SessionSource};
use crate::simulation::Simulation;

const SEED: u64 = 7;

/// How long the first session takes. Each later one takes a millisecond more, so that sessions end in the order of their spawns.
const LATENCY_MS: u64 = 1_000;

/// What a call came back with, and what it asked for on the way.
#[derive(Debug)]
pub struct Answered {
    /// As a host gets it: an answer, or a refusal of the request.
    pub reply: DocumentReply,
    /// The options of all sessions, in the order of the spawns.
    pub prompts: Vec<SpawnOptions>,
    /// What was told of items.
    pub items: Vec<ItemResult>,
}

/// Calls a function with a JSON object. Each session answers what `answer` makes of its task id and its prompt, a second after its
/// spawn; the gateway has room for all of them, and tells neither starts nor usage.
///
/// # Panics
/// The call violates an invariant, or does not come back.
pub fn call(function: &str, arguments: &str, answer: impl FnMut(&str, &str) -> String) -> Answered {
    let said = Arc::new(Said::default());
    let script = Script::of_source(roomy(), Arc::clone(&said) as Arc<dyn SessionSource>);
    let options = SimulationOptions { announces_width: false, keep_trace: false, ..SimulationOptions::default() };
    let mut gateway = Simulation::new(script, SEED, options);
    hold_to_request(&mut gateway, function, arguments);
    let (mut prompts, mut items) = (Vec::new(), Vec::new());
    let called = block_on(native::enter(gateway, &Clock::virtual_time(), async |host| {
        let mut host = Answering { host, answer, said: &said, prompts: &mut prompts, items: &mut items };
        documents::call_named(function, arguments.to_owned(), &mut host).await
    }))
    .noting_leaks();
    let reply = called.result.unwrap_or_else(|error| panic!("{function}: {error}"));
    assert_eq!(called.backend.checker().violations(), [], "{function}");
    Answered { reply, prompts, items }
}

/// A gateway that is in nobody's way.
fn roomy() -> HostProfile {
    HostProfile {
        max_concurrent: 1_000,
        max_children: 10_000,
        max_total: 100_000,
        completion_chars: 1_000_000,
        reports_starts: false,
        reports_usage: false,
        reports_model: false,
        ..HostProfile::default()
    }
}

/// What the sessions of each task say, in the order of their spawns, each with its latency.
#[derive(Debug, Default)]
struct Said(Mutex<BTreeMap<String, VecDeque<(u64, String)>>>);

impl Said {
    fn by_task(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<(u64, String)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionSource for Said {
    fn applied_model(&self, requested: Option<&str>) -> String {
        requested.unwrap_or("test/model").to_owned()
    }

    fn play(&self, _: &str, task_id: &str, _: &str, _: u32) -> Scripted {
        let (latency_ms, outcome) = match self.by_task().get_mut(task_id).and_then(VecDeque::pop_front) {
            Some((latency_ms, text)) => (latency_ms, ScriptedOutcome::Answer(text)),
            None => unreachable!("{task_id} has no answer: it was not spawned"),
        };
        let usage = Usage { input_tokens: 0, output_tokens: 0 };
        Scripted { latency_ms, outcome, usage, cost_micro_usd: 0, tools: Vec::new(), fault: None }
    }
}

/// Hears each spawn before the gateway does.
struct Answering<'a, F> {
    host: &'a mut NativeHost<Simulation>,
    answer: F,
    said: &'a Said,
    prompts: &'a mut Vec<SpawnOptions>,
    items: &'a mut Vec<ItemResult>,
}

impl<F: FnMut(&str, &str) -> String> Host for Answering<'_, F> {
    fn perform(&mut self, command: Command) {
        match &command {
            Command::Spawn(_, options) => {
                let id = id_of(&options.label);
                let text = (self.answer)(id, &options.task);
                let latency_ms = LATENCY_MS + self.prompts.len() as u64;
                self.said.by_task().entry(id.to_owned()).or_default().push_back((latency_ms, text));
                self.prompts.push(SpawnOptions::clone(options));
            }
            Command::Item(item) => self.items.push(item.clone()),
            _ => {}
        }
        self.host.perform(command);
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        self.host.next_event(until_ms).await
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.host.append(lines)
    }
}
