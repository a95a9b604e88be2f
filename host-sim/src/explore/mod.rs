//! Random runs: requests and faults drawn from a seed, run, and held to what every run promises.
//!
//! | module     | what it does                                                              |
//! |------------|---------------------------------------------------------------------------|
//! | `request`  | a random run of tasks: graph, caps, budgets, retries, waits, proofs        |
//! | `workflow` | a random workflow or team                                                  |
//! | `faults`   | a random subset of faults, each at a random rate                           |
//! | `calm`     | runs whose results do not depend on what comes first                       |
//! | `case`     | one run, and what is left of it when it is shrunk                          |
//! | `deeds`    | what is done to a run: once more, cancelled, dropped or cut off            |
//! | `check`    | what a report has to be, whatever happened                                 |
//! | `answers`  | what a report says that agents said                                        |
//! | `shrink`   | the smallest case that still fails                                         |
//! | `regress`  | runs that once broke a promise                                             |
//! | `canaries` | deliberate defects, and how many seeds it takes to find each               |
//! | `tally`    | what all runs together did                                                 |
//!
//! A seed and the options name one run exactly; nothing here knows the time of day.

mod answers;
mod calm;
#[cfg(feature = "canary-bugs")]
pub mod canaries;
mod case;
mod check;
mod deeds;
mod draws;
mod faults;
pub mod regress;
mod request;
mod shrink;
mod tally;
#[cfg(test)]
mod tests;
mod workflow;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use futures::executor::block_on;
use parallel_agents::documents::{self, DocumentReply, FunctionInfo};
use serde_json::Value;

use crate::call::Called;
use crate::clock::Clock;
use crate::component::ComponentHost;
use crate::error::SimError;
use crate::ledger::Excuses;
use crate::native;
use crate::script::Script;
use crate::world::{World, WorldOptions};
use draws::Draws;

pub use case::{Case, Cut};
pub use check::Finding;
pub use deeds::{Deed, Deeds, Places};
pub use tally::{Counters, Excused, Tally, Trouble};

/// Of a hundred runs, how many are a workflow or a team.
const WORKFLOWS: u64 = 20;

/// What is drawn from, and what is done to it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Tasks of one run at the most, 1 to 200.
    pub tasks: u32,
    /// A gateway and answers for every run, in place of drawn ones.
    pub script: Option<Arc<Script>>,
    /// What is left of every run.
    pub cut: Cut,
    /// What is done to every run.
    pub deeds: Deeds,
}

/// Which code is explored.
pub enum Subject<'a> {
    /// The component under wasmtime.
    Component(&'a ComponentHost),
    /// The engine that is compiled into this program.
    Native,
}

/// Draws runs of one subject.
pub struct Explorer<'a> {
    subject: Subject<'a>,
    options: Options,
    /// The JSON Schemas of the requests, as the subject publishes them: what it does not know is not drawn.
    schemas: BTreeMap<String, Value>,
}

impl<'a> Explorer<'a> {
    /// Asks the subject what it knows.
    pub async fn new(subject: Subject<'a>, options: Options) -> Result<Self, SimError> {
        let functions = match &subject {
            Subject::Component(host) => host.functions().await?,
            Subject::Native => documents::functions(),
        };
        let schemas = functions.iter().map(|function| (function.name.clone(), schema_of(function))).collect();
        Ok(Self { subject, options, schemas })
    }

    /// The run of a seed, with all of its parts.
    pub fn case(&self, seed: u64) -> Case {
        let mut draws = Draws::new(seed);
        let size = self.options.tasks.clamp(1, 200);
        let (mut kind, mut of_request) = (draws.branch(), draws.branch());
        let is_workflow = kind.happens(WORKFLOWS);
        let (function, mut request) = if is_workflow {
            workflow::draw(&mut of_request, size)
        } else {
            ("run_tasks", request::draw(&mut of_request, size))
        };
        let is_calm = !is_workflow && !self.options.cut.no_calm && kind.happens(calm::CALM);
        if is_calm {
            calm::calm_down(&mut request);
        }
        if let Some(schema) = self.schemas.get(function) {
            request::keep_known(&mut request, schema);
        }
        let script = match &self.options.script {
            Some(script) => script.clone(),
            None => {
                let drawn = faults::script(&mut draws.branch(), is_calm);
                Arc::new(if is_workflow { workflow::script(&mut kind, drawn) } else { drawn })
            }
        };
        let mut stops = request::stops(&mut draws.branch(), &request);
        if is_calm {
            stops.clear();
        }
        Case { function, request, script, stops }
    }

    /// Runs many seeds, several at a time, and calls `done` after each. The result does not depend on the number of threads.
    pub fn explore(&self, seeds: Range<u64>, threads: usize, done: impl Fn() + Sync) -> Tally {
        let next = AtomicU64::new(seeds.start);
        let work = || {
            let mut tally = Tally::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return tally;
                }
                block_on(self.run(seed, &mut tally));
                done();
            }
        };
        let mut tally = Tally::default();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                match worker.join() {
                    Ok(part) => tally.add(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        tally
    }

    /// Runs the run of a seed, does to it what is to be done, and enters everything that is wrong with it.
    pub async fn run(&self, seed: u64, tally: &mut Tally) {
        self.carry_out(seed, &self.options.cut, tally).await;
    }

    /// Runs the run of a seed once, and gives all of it as text: its request, its stops, then all commands and events.
    pub async fn traced(&self, seed: u64) -> String {
        let case = self.case(seed).cut(&self.options.cut);
        let mut world = self.world(&case, seed);
        world.keep_trace();
        let called = self.call(&case, world).await;
        let faults = serde_json::to_value(case.script.faults()).unwrap_or_default();
        let host = serde_json::to_value(case.script.host()).unwrap_or_default();
        let stops = &case.stops;
        let mut text = format!("{} {:#}\nstops {stops:?}\nhost {host}\nfaults {faults}\n", case.function, case.request);
        text.push_str(called.world.trace().text());
        for finding in check::check(&case, &called, &mut Excuses::default()) {
            text.push_str(&format!("{finding}\n"));
        }
        text
    }

    async fn carry_out(&self, seed: u64, cut: &Cut, tally: &mut Tally) {
        let case = self.case(seed).cut(cut);
        let called = self.call(&case, self.world(&case, seed)).await;
        tally.seeds += 1;
        tally.calm_runs += u64::from(calm::is_calm(&case));
        tally.count(&called);
        let plain = deeds::Plain { seed, case, called };
        // First, since what is not the same twice says nothing about anything else.
        if self.options.deeds.contains(&Deed::Again) {
            Deed::Again.carry_out(self, &plain, tally).await;
        }
        tally.enter(&plain.called);
        let found = check::check(&plain.case, &plain.called, &mut tally.excuses);
        tally.note(seed, "", found);
        for deed in self.options.deeds.iter().filter(|deed| **deed != Deed::Again) {
            deed.carry_out(self, &plain, tally).await;
        }
    }

    /// The gateway of a case before its call.
    fn world(&self, case: &Case, seed: u64) -> World {
        let options = WorldOptions { keep_trace: self.options.deeds.contains(&Deed::Again), ..WorldOptions::default() };
        self.world_with(case, seed, options)
    }

    /// The same on a host that keeps a journal.
    fn world_with_journal(&self, case: &Case, seed: u64) -> World {
        let options = WorldOptions { keep_trace: false, keeps_journal: true, ..WorldOptions::default() };
        self.world_with(case, seed, options)
    }

    pub(crate) fn world_with(&self, case: &Case, seed: u64, options: WorldOptions) -> World {
        let start_ms = options.start_ms;
        let mut world = World::new(case.script.clone(), seed, options);
        for (at_ms, task) in &case.stops {
            world.request_stop_at(start_ms.saturating_add(*at_ms), task.clone(), "a stop at a random time");
        }
        world
    }

    async fn resume(&self, journal: &str, world: World) -> Called<DocumentReply> {
        let clock = Clock::virtual_time();
        match &self.subject {
            Subject::Component(host) => host.resume(journal, world, &clock).await,
            Subject::Native => native::resume(journal, world, &clock).await,
        }
    }

    async fn call(&self, case: &Case, world: World) -> Called<DocumentReply> {
        let (clock, request) = (Clock::virtual_time(), case.request.to_string());
        match &self.subject {
            Subject::Component(host) => host.call(case.function, &request, world, &clock).await,
            Subject::Native => native::call(case.function, &request, world, &clock).await,
        }
    }
}

fn schema_of(function: &FunctionInfo) -> Value {
    serde_json::from_str(&function.parameters).unwrap_or_default()
}
