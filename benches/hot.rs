//! What every task passes through: the prompt, the engine's steps, the journal, the answer; and all of them in a run.

#![allow(missing_docs, reason = "criterion's macros make a function without words")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::executor::block_on;
use parallel_agents::catalogue::BUILT_IN;
use parallel_agents::documents::{self, Function};
use parallel_agents_bench_native::{ANSWER, Extent, Instantly, spec};
use parallel_agents_engine::answer::extract::{self, Surroundings};
use parallel_agents_engine::engine::Engine;
use parallel_agents_engine::host::{Command, Event, EventKind, Host, JournalError};
use parallel_agents_engine::journal::Recorder;
use parallel_agents_engine::plan::{self, Plan};
use parallel_agents_engine::problem::CallError;
use parallel_agents_engine::prompt::{self, Nonces};
use parallel_agents_engine::workflow::AsPlanned;

/// Tasks of one run.
const TASKS: usize = 200;

/// Sessions at once.
const SLOTS: u32 = 50;

criterion_group!(hot, prompts, answers, steps, appends, runs);
criterion_main!(hot);

fn prompts(criterion: &mut Criterion) {
    let plan = plan();
    let nonces = Nonces::new(7);
    criterion.bench_function("prompt", |bencher| {
        bencher.iter(|| prompt::for_task(black_box(&plan.tasks[0]), &nonces));
    });
}

fn answers(criterion: &mut Criterion) {
    criterion.bench_function("extraction", |bencher| {
        bencher.iter(|| extract::extract(black_box(ANSWER), Surroundings::Prose))
    });
}

/// What the engine does when a session has ended well: its task is settled and the next one starts.
fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schedule");
    group.throughput(Throughput::Elements(SLOTS as u64));
    group.bench_function("step", |bencher| {
        bencher.iter_batched(
            all_slots_taken,
            |(mut engine, ends)| {
                for end in ends {
                    black_box(engine.step(end, &mut AsPlanned));
                }
                engine
            },
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// An engine with a session in each slot, and the ends of these sessions.
fn all_slots_taken() -> (Engine, Vec<Event>) {
    let (mut engine, mut host) = (Engine::new(plan()), Instantly::new(Extent::Bare));
    let mut ends = Vec::new();
    while let Some(what) = host.happens() {
        let event = host.event(what);
        if matches!(event.what, EventKind::SessionEnded(_)) {
            ends.push(event);
            continue;
        }
        engine.step(event, &mut AsPlanned).into_iter().for_each(|command| host.perform(command));
    }
    assert_eq!(ends.len(), SLOTS as usize, "every slot is taken, and no session has ended");
    // They come after all that was told.
    ends.iter_mut().for_each(|end| *end = host.event(end.what.clone()));
    (engine, ends)
}

/// One line of the journal: an event, and the mark of a command that carries a whole prompt.
fn appends(criterion: &mut Criterion) {
    let mut host = Instantly::new(Extent::Full);
    let opened = host.happens().expect("it begins with that");
    let spawn = Engine::new(plan()).step(host.event(opened.clone()), &mut AsPlanned).swap_remove(0);
    let mut journal = Recorder::new(Paper(Some(opened)), "run_tasks", "{}".to_owned());
    block_on(journal.next_event(None)).expect("it opens");
    criterion.bench_function("journal append", |bencher| {
        bencher.iter(|| {
            journal.perform(black_box(spawn.clone()));
            block_on(journal.next_event(None))
        });
    });
}

/// A host that opens and then takes lines millions of times, of which it keeps none.
struct Paper(Option<EventKind>);

impl Host for Paper {
    fn perform(&mut self, _: Command) {}

    async fn next_event(&mut self, _: Option<u64>) -> Result<Event, CallError> {
        Ok(Event { seq: 0, at_ms: 0, what: self.0.take().unwrap_or(EventKind::TimerFired) })
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        black_box(lines);
        Ok(())
    }
}

/// Whole runs, where every task takes three steps of the engine.
fn runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.throughput(Throughput::Elements(TASKS as u64));
    for (name, extent) in [("steps", Extent::Bare), ("steps and journal", Extent::Full)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || serde_json::to_string(&spec(TASKS, SLOTS)).expect("a request is JSON"),
                |request| block_on(documents::call(Function::RunTasks, request, &mut Instantly::new(extent))),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn plan() -> Plan {
    let request = serde_json::to_value(spec(TASKS, SLOTS)).expect("a request is JSON");
    plan::plan(documents::run_schema(), BUILT_IN, request).expect("the request is in order")
}
