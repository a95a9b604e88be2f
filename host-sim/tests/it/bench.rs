//! A simulation on the bench: commands go in by hand, events are read one by one.

use gateway_sim::backend::{Backend, Next};
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents_engine::host::{
    AnswerForm, Command, Event, EventKind, HistoryQuery, HostError, ListFilter, Reply, SessionEnd, SpawnOptions,
};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::Cleanup;

/// Agents whose task names what they do; everybody else says `done` after a second.
const AGENTS: &str = r#"
[models."sim/standard"]

[[answers]]
task_contains = "hang"
odds = { good = 0, hanging = 1000 }

[[answers]]
task_contains = "fail"
odds = { good = 0, failing = 1000 }
latency = { constant_ms = 300 }
failures = [{ kind = "rejected", message = "the model was not found" }]

[[answers]]
task_contains = "slow"
latency = { constant_ms = 60000 }
template = "done at last"

[[answers]]
task_contains = "long"
latency = { constant_ms = 1000 }
template = "{{ 'abcdefghij' * 1000 }}"

[[answers]]
latency = { constant_ms = 1000 }
tokens = { input = 100, output = 7 }
template = "done"
"#;

/// The gateway of [`Bench::new`]: round numbers, everything allowed.
pub const HOST: &str = "spawn_latency_ms = 10\nanswer_latency_ms = 5\ncancel_latency_ms = 20\ndelete_latency_ms = 50\n";

/// The time at which a bench's simulation opens.
pub const START_MS: u64 = 5_000;

pub struct Bench {
    pub simulation: Simulation,
    requests: u64,
}

impl Bench {
    /// A simulation with a gateway that differs from [`HOST`] by some lines of TOML. It has opened already.
    pub fn new(host: &str) -> Self {
        Self::with_seed(host, 1)
    }

    pub fn with_seed(host: &str, seed: u64) -> Self {
        let text = format!("version = 1\ndefault_model = \"sim/standard\"\n[host]\n{HOST}{host}\n{AGENTS}");
        let script = Script::from_toml(&text).expect("the bench's script is valid");
        let options =
            SimulationOptions { start_ms: START_MS, stops_at_violation: false, ..SimulationOptions::default() };
        let mut bench = Self { simulation: Simulation::new(script, seed, options), requests: 0 };
        let opened = bench.next();
        assert!(matches!(opened.what, EventKind::Opened(_)), "{opened:?}");
        bench
    }

    /// Gives a command with the next request number.
    pub fn ask(&mut self, command: impl FnOnce(RequestId) -> Command) -> RequestId {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.simulation.perform(command(request));
        request
    }

    /// Spawns a session whose task, label and idempotency key are one word.
    pub fn spawn(&mut self, task: &str) -> RequestId {
        self.ask(|request| Command::Spawn(request, options(task).into()))
    }

    /// Spawns a session and waits for its receipt; other events until then are lost.
    pub fn spawned(&mut self, task: &str) -> SessionKey {
        let request = self.spawn(task);
        match self.answer(request) {
            Ok(Reply::Spawned(receipt)) => receipt.session_key,
            other => panic!("{task} was not spawned: {other:?}"),
        }
    }

    pub fn cancel(&mut self, key: &SessionKey) -> RequestId {
        self.ask(|request| Command::Cancel(request, key.clone()))
    }

    pub fn delete(&mut self, key: &SessionKey) -> RequestId {
        self.ask(|request| Command::Delete(request, key.clone()))
    }

    pub fn history(&mut self, key: &SessionKey) -> Result<Reply, HostError> {
        let query = HistoryQuery { session_key: key.clone(), offset: 0, limit: 50, include_tools: false };
        let request = self.ask(|request| Command::History(request, query));
        self.answer(request)
    }

    pub fn list(&mut self, search: Option<&str>, offset: u32, limit: u32) -> Result<Reply, HostError> {
        let filter = ListFilter { search: search.map(str::to_owned), spawned_by: None, offset, limit };
        let request = self.ask(|request| Command::List(request, filter));
        self.answer(request)
    }

    /// The next event, however long it takes.
    pub fn next(&mut self) -> Event {
        self.next_until(None).expect("something is under way")
    }

    /// The next event until a time after the start; None if the simulation is stuck.
    pub fn next_until(&mut self, until_ms: Option<u64>) -> Option<Event> {
        let until_ms = until_ms.map(|ms| START_MS + ms);
        let mut now_ms = 0;
        loop {
            match self.simulation.poll(now_ms, until_ms) {
                Next::Event(event) => return Some(event),
                Next::SleepUntil(at_ms) => now_ms = at_ms,
                Next::Stuck(_) => return None,
            }
        }
    }

    /// The answer to a request; events before it are lost.
    pub fn answer(&mut self, request: RequestId) -> Result<Reply, HostError> {
        loop {
            match self.next().what {
                EventKind::Answered { request: answered, outcome } if answered == request => return outcome,
                _ => {}
            }
        }
    }

    /// The end of a session; events before it are lost.
    pub fn end(&mut self, key: &SessionKey) -> SessionEnd {
        loop {
            match self.next().what {
                EventKind::SessionEnded(end) if end.session == *key => return end,
                _ => {}
            }
        }
    }

    /// Everything until nothing is under way any more.
    pub fn rest(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next_until(None)).collect()
    }

    /// Milliseconds since the start.
    pub fn elapsed(&self) -> u64 {
        self.simulation.now_ms() - START_MS
    }
}

/// A spawn whose task, label and idempotency key are one word.
pub fn options(task: &str) -> SpawnOptions {
    SpawnOptions {
        task: format!("Agent type: tester\nTask id: {task}\nOutput format: text\n\n# Task\n\n{task}\n"),
        label: task.to_owned(),
        task_name: task.to_owned(),
        agent_id: None,
        model: None,
        thinking: None,
        run_timeout_seconds: 120,
        cleanup: Cleanup::Keep,
        tool_free: true,
        form: AnswerForm::Text,
        max_output_tokens: None,
        idempotency_key: task.to_owned(),
    }
}
