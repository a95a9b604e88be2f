//! The deliberate defects of the engine, and how many seeds it takes to find each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use futures::executor::block_on;
use parallel_agents_engine::canary;

use crate::component::ComponentHost;
use gateway_sim::engine::{Engine, Native};
use gateway_sim::error::SimError;
use gateway_sim::explore::{Cut, Explorer, Options, Perturbation, Perturbations, Tally};
use gateway_sim::script::Script;

/// Seeds within which every defect has to be found.
pub const MOST_SEEDS: u64 = 5_000;

/// One deliberate defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// By which the code asks for it.
    pub name: &'static str,
    /// What it does wrong.
    pub breaks: &'static str,
    /// The promise that has to be found broken.
    pub promise: &'static str,
    /// Tasks of one run at the most: some things happen only in larger ones.
    pub tasks: u32,
    /// The script of its gateway. None: a drawn one.
    pub day: Option<&'static str>,
    /// What has to be done to a run so that it can be seen.
    pub perturbation: Option<Perturbation>,
    /// It is a defect of the host, so that the component has to run in it.
    pub needs_component: bool,
}

/// What became of one defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunted {
    /// The defect that was switched on.
    pub canary: Canary,
    /// Seeds that were run until it was found. None: it was not.
    pub seeds: Option<u64>,
    /// What gave it away.
    pub found: String,
}

const fn engine(name: &'static str, promise: &'static str, breaks: &'static str) -> Canary {
    Canary { name, breaks, promise, tasks: 12, day: None, perturbation: None, needs_component: false }
}

/// What happens only in large runs, and seldom on an ordinary day.
const fn large(day: &'static str, canary: Canary) -> Canary {
    Canary { tasks: 40, day: Some(day), ..canary }
}

/// Some sessions take much longer than the others.
const SLOW_DAY: &str = r#"
version = 1
[host]
max_concurrent = 10
[[answers]]
odds = { late = 100 }
latency = { lognormal = { median_ms = 5000 } }
template = '{"verdict": "yes", "file": "part.txt"}'
"#;

/// The provider does not accept most sessions.
const LOCKED_DAY: &str = r#"
version = 1
[[answers]]
odds = { failing = 600 }
failures = [{ kind = "authentication" }]
template = '{"verdict": "yes", "file": "part.txt"}'
"#;

/// All of them.
pub const CANARIES: &[Canary] = &[
    engine("off-by-one-cap", "I1", "one session more than the cap is alive"),
    engine(
        "count-at-acknowledgement",
        "I1",
        "a session counts from the answer to its spawn call on, not from the call",
    ),
    engine("double-settle", "I1", "a session gives its place back twice"),
    engine("dependency-ignored", "I3", "a task starts before those that it depends on"),
    engine("spawn-after-stop", "I4", "what waits is started although the run was stopped"),
    engine("deadline-ignored", "I4", "the run does not stop at its deadline"),
    engine("budget-reserved-too-low", "I5", "half of what a session may write is reserved for it"),
    engine("retry-budget-ignored", "I6", "the run makes more retries than it may"),
    engine("retry-on-forbidden", "I6", "a failure that would come again is tried again"),
    engine("retry-before-retry-after", "I7", "a task comes back before the host wants to be asked again"),
    engine("no-jitter-bound", "I7", "a pause is drawn from a thousand times its bound"),
    engine("timer-forgotten", "I7", "a task that pauses is not woken"),
    engine("skipped-dependants-forgotten", "I7", "what depends on a failed task waits for ever"),
    engine("other-key-when-asked-again", "I8", "a spawn call whose answer was lost is repeated under another key"),
    large(SLOW_DAY, engine("hedge-loser-not-cancelled", "I8", "the twin of a session that answered goes on")),
    engine("late-completion-overwrites", "I14", "an end that is told again ends its task again"),
    engine("progress-gap", "I14", "a number is left out in the progress"),
    large(LOCKED_DAY, engine("breaker-never-opens", "I15", "what is refused again and again is asked for again")),
    engine("nonce-reused", "I16", "all inputs are framed with the same code"),
    engine("request-number-reused", "H2", "two requests have one number"),
    engine("wrong-order-of-results", "E1", "the results come in another order than the tasks"),
    engine("last-object-wins", "E1", "of several answers the last one is taken"),
    engine("clamped-score", "E1", "a score beyond the scale is clamped instead of refused"),
    engine("lost-cancel", "E2", "a session is not cancelled"),
    engine("leaked-session-not-named", "E2", "a session that would not stop is not named"),
    engine("cleanup-forgotten", "E2", "sessions are not deleted"),
    engine("usage-counted-twice", "E3", "the tokens of each session are added twice"),
    Canary {
        perturbation: Some(Perturbation::Again),
        ..engine("unordered-map", "E5", "ready tasks are taken in the order of a hash map")
    },
    Canary {
        perturbation: Some(Perturbation::Again),
        needs_component: true,
        ..engine("reused-instance", "E5", "the host calls the same instance again")
    },
];

/// Hunts all of them on several threads. They come back in the order of the table.
///
/// # Errors
/// The component does not list its functions.
pub fn hunt(component: &ComponentHost, threads: usize) -> Result<Vec<Hunted>, SimError> {
    let next = AtomicUsize::new(0);
    let hunted = Mutex::new(Vec::new());
    let work = || -> Result<(), SimError> {
        while let Some(canary) = CANARIES.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = block_on(hunt_one(*canary, component))?;
            hunted.lock().unwrap_or_else(PoisonError::into_inner).push(found);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(worked) => worked,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let mut hunted = hunted.into_inner().unwrap_or_else(PoisonError::into_inner);
    hunted.sort_by_key(|found| CANARIES.iter().position(|canary| canary.name == found.canary.name));
    Ok(hunted)
}

async fn hunt_one(canary: Canary, component: &ComponentHost) -> Result<Hunted, SimError> {
    let engine: &dyn Engine = if canary.needs_component { component } else { &Native };
    let perturbations: Perturbations = canary.perturbation.into_iter().collect();
    let day = canary.day.map(|day| Script::from_toml(day).map(Arc::new)).transpose();
    let script = day.unwrap_or_else(|error| unreachable!("the days are valid scripts: {error}"));
    let options = Options { tasks: canary.tasks, script, cut: Cut::default(), perturbations };
    let explorer = Explorer::new(engine, options).await?;
    canary::select(Some(canary.name));
    let mut caught = Hunted { canary, seeds: None, found: String::new() };
    for seed in 0..MOST_SEEDS {
        let mut tally = Tally::default();
        explorer.run(seed, &mut tally).await;
        let findings = tally.failed_runs.iter().flat_map(|failed_run| &failed_run.what);
        let promise = canary.promise;
        if let Some(finding) = findings.into_iter().find(|finding| finding.code.split(' ').next() == Some(promise)) {
            caught.seeds = Some(seed + 1);
            caught.found = finding.to_string();
            break;
        }
    }
    canary::select(None);
    Ok(caught)
}
