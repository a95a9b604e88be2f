//! What every task passes through: the prompt, the engine's steps, the journal, the answer.

#![allow(missing_docs, reason = "criterion's macros make a function without words")]

use std::collections::VecDeque;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::executor::block_on;
use parallel_agents::answer::extract;
use parallel_agents::host::{
    Command, Completion, Event, Happening, Host, HostFacts, Receipt, Reply, SessionEnd, SessionOutcome,
};
use parallel_agents::ids::SessionKey;
use parallel_agents::plan::{self, Plan};
use parallel_agents::problem::CallError;
use parallel_agents::prompt::{self, Codes};
use parallel_agents::task::{OutputFormat, RunSpec, TaskSpec};
use parallel_agents::{documents, run_tasks};
use serde_json::json;

/// Tasks of one run.
const TASKS: usize = 200;

/// An answer as models like to give it.
const ANSWER: &str = "Here is what I found.\n\n```json\n{\"summary\": \"fine\", \"score\": 8.5, \"issues\": [{\"line\": 3, \
                      \"text\": \"a name says nothing\"}, {\"line\": 9, \"text\": \"an error is dropped\"}]}\n```\n\nThat is all.";

criterion_group!(hot, prompts, answers, runs);
criterion_main!(hot);

fn prompts(criterion: &mut Criterion) {
    let plan = plan();
    let codes = Codes::new(7);
    criterion.bench_function("prompt", |bencher| {
        bencher.iter(|| prompt::for_task(black_box(&plan.tasks[0]), &codes));
    });
}

fn answers(criterion: &mut Criterion) {
    criterion.bench_function("extraction", |bencher| bencher.iter(|| extract::extract(black_box(ANSWER))));
}

/// Whole runs, where every task takes three steps of the engine.
fn runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.throughput(Throughput::Elements(TASKS as u64));
    for (name, keeps_journal) in [("steps", false), ("steps and journal", true)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                spec,
                |spec| block_on(run_tasks(spec, &mut Instantly::new(keeps_journal))),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn spec() -> RunSpec {
    let task = TaskSpec {
        agent_type: "code_reviewer".to_owned(),
        task_description: "Review the function.".to_owned(),
        input_data: Some(json!({ "code": "fn add(a: i32, b: i32) -> i32 { a - b }" })),
        output_format: Some(OutputFormat::Json),
        output_schema: Some(json!({ "type": "object", "required": ["summary"] })),
        ..TaskSpec::default()
    };
    RunSpec { tasks: vec![task; TASKS], max_concurrent: Some(50), ..RunSpec::default() }
}

fn plan() -> Plan {
    let request = serde_json::to_value(spec()).expect("a request is JSON");
    plan::plan(&documents::run_schema(), request).expect("the request is in order")
}

/// A host whose sessions answer at once.
struct Instantly {
    happened: VecDeque<Happening>,
    seq: u64,
    journal: usize,
}

impl Instantly {
    fn new(keeps_journal: bool) -> Self {
        let facts =
            HostFacts { name: "bench".to_owned(), seed: 7, max_concurrent: None, reports_starts: true, keeps_journal };
        Self { happened: VecDeque::from([Happening::Opened(facts)]), seq: 0, journal: 0 }
    }
}

impl Host for Instantly {
    fn perform(&mut self, command: Command) {
        let Command::Spawn(request, options) = command else { return };
        let session = SessionKey::new(format!("agent:main:subagent:{request}"));
        let receipt = Receipt {
            session_key: session.clone(),
            run_id: String::new(),
            applied_model: None,
            tool_free: options.tool_free,
        };
        let completion = Some(Completion { text: ANSWER.to_owned(), truncated: false });
        let outcome = SessionOutcome::Completed;
        let end = SessionEnd { session: session.clone(), outcome, completion, usage: None, model: None };
        self.happened.extend([
            Happening::Answered { request, outcome: Ok(Reply::Spawned(receipt)) },
            Happening::SessionStarted(session),
            Happening::SessionEnded(end),
        ]);
    }

    async fn next_event(&mut self, _: Option<u64>) -> Result<Event, CallError> {
        let what = self.happened.pop_front().unwrap_or(Happening::Woke);
        let seq = self.seq;
        self.seq += 1;
        Ok(Event { seq, at_ms: seq, what })
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        self.journal += lines.len();
        Ok(())
    }
}
