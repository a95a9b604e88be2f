//! Two engines, each before a simulation of its own from the same seed: replies and what comes of them have to be the same bytes.

use std::collections::BTreeMap;

use parallel_agents::documents::DocumentReply;
use serde::Serialize;

use crate::component::ComponentHost;
use crate::foreign::ForeignEngine;
use gateway_sim::call::Called;
use gateway_sim::clock::Clock;
use gateway_sim::error::SimError;
use gateway_sim::explore::Explorer;
use gateway_sim::options::SimulationOptions;

/// Characters of a line that a difference shows.
const SHOWN: usize = 400;

/// The component under wasmtime beside another engine.
pub struct Engines<'a> {
    host: &'a ComponentHost,
    other: ForeignEngine,
    explorer: Explorer<'a>,
}

/// What all comparisons together found.
#[derive(Debug, Default, Serialize)]
pub struct Compared {
    /// Runs, each in both engines.
    pub runs: u64,
    /// How often each function was called.
    pub functions: BTreeMap<String, u64>,
    /// Commands, waits and events of the component under wasmtime.
    pub lines: u64,
    /// How often each kind of command and event occurred in what was compared.
    pub kinds: BTreeMap<String, u64>,
    /// Sessions that it spawned.
    pub sessions: u64,
    /// Runs that were not the same.
    pub differences: Vec<Difference>,
}

/// The first place in which two runs differ.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Repeats the run.
    pub seed: u64,
    /// Where: a line of the trace, or the reply.
    pub place: String,
    /// The line as it was under wasmtime.
    pub here: String,
    /// The same line in the other engine.
    pub there: String,
}

impl<'a> Engines<'a> {
    /// `explorer` draws the runs.
    pub fn new(host: &'a ComponentHost, other: ForeignEngine, explorer: Explorer<'a>) -> Self {
        Self { host, other, explorer }
    }

    /// Makes the run of a seed in both and enters it.
    ///
    /// # Errors
    /// If the other engine is lost.
    pub async fn run(&mut self, seed: u64, compared: &mut Compared) -> Result<(), SimError> {
        let case = self.explorer.case(seed);
        let (function, request, clock) = (case.function, case.request.to_string(), Clock::virtual_time());
        let simulation = || self.explorer.simulation_with(&case, seed, SimulationOptions::default());
        let here = self.host.call(function, &request, simulation(), &clock).await;
        let simulation = simulation();
        let there = self.other.call(function, &request, simulation, &clock).await;
        if let Err(error @ SimError::Engine { .. }) = there.result {
            return Err(error);
        }
        compared.runs += 1;
        compared.lines += here.backend.trace().lines();
        compared.sessions += u64::from(here.backend.checker().summary().sessions);
        for kind in here.backend.trace().text().lines().filter_map(kind) {
            *compared.kinds.entry(kind.to_owned()).or_default() += 1;
        }
        *compared.functions.entry(function.to_owned()).or_default() += 1;
        compared.differences.extend(difference(seed, &here, &there));
        Ok(())
    }
}

/// What a line of a trace is about: `spawn`, `answered`, …
fn kind(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip(2);
    match words.next()? {
        // The number of the event comes first.
        "<" => words.nth(1),
        _ => words.next(),
    }
}

/// None: they are the same.
fn difference(seed: u64, here: &Called<DocumentReply>, there: &Called<DocumentReply>) -> Option<Difference> {
    let differ = |place: String, here: &str, there: &str| {
        let shown = |text: &str| text.chars().take(SHOWN).collect();
        Difference { seed, place, here: shown(here), there: shown(there) }
    };
    let (left, right) = (here.backend.trace().text(), there.backend.trace().text());
    if left != right {
        let (mut left, mut right) = (left.lines(), right.lines());
        for number in 1_u64.. {
            match (left.next(), right.next()) {
                (left, right) if left == right && left.is_some() => {}
                (left, right) => {
                    return Some(differ(
                        format!("line {number}"),
                        left.unwrap_or("(the end)"),
                        right.unwrap_or("(the end)"),
                    ));
                }
            }
        }
    }
    let (left, right) = (reply(here), reply(there));
    if left == right {
        return None;
    }
    let equal = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    let rest = |text: &str| -> String { text.chars().skip(equal).collect() };
    Some(differ(format!("character {equal} of the reply"), &rest(&left), &rest(&right)))
}

/// The reply's bytes. Engines word a broken-off call each in their own way, so only its kind counts.
fn reply(called: &Called<DocumentReply>) -> String {
    match &called.result {
        Ok(DocumentReply::Answer(text)) => format!("answer {text}"),
        Ok(DocumentReply::Refused(text)) => format!("refused {text}"),
        Err(error) => error.code().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_sim::native;
    use gateway_sim::script::Script;
    use gateway_sim::simulation::Simulation;

    async fn called(seed: u64, request: &str) -> Called<DocumentReply> {
        let simulation = Simulation::new(Script::bundled(), seed, SimulationOptions::default());
        native::call("run_tasks", request, simulation, &Clock::virtual_time()).await
    }

    #[test]
    fn a_line_is_about_something() {
        for (line, expected) in [
            ("    1        +0 > wait", "wait"),
            ("    2        +0 < #0 opened host=\"simulator\"", "opened"),
            ("  310    +2_000 > spawn 1 label=\"a b\"", "spawn"),
        ] {
            assert_eq!(kind(line), Some(expected));
        }
    }

    #[tokio::test]
    async fn the_first_line_that_differs_is_named() {
        let request = |task: &str| {
            let task = serde_json::json!({ "agent_type": "code_reviewer", "task_description": task });
            serde_json::json!({ "tasks": [task] }).to_string()
        };
        let one = called(1, &request("one")).await;
        assert_eq!(difference(1, &one, &called(1, &request("one")).await), None);
        let other = difference(1, &one, &called(1, &request("two")).await).expect("the prompts differ");
        assert!(other.here.contains("> spawn") && other.there.contains("> spawn"), "{other:?}");
        assert_ne!(other.here, other.there);
    }

    #[tokio::test]
    async fn replies_are_compared_when_traces_are_the_same() {
        let same = |text: &str| {
            let simulation = Simulation::new(Script::bundled(), 1, SimulationOptions::default());
            Called::close(Ok(DocumentReply::Answer(text.to_owned())), None, simulation)
        };
        let found = difference(3, &same("abcdef"), &same("abcxyz")).expect("the replies differ");
        assert_eq!((found.seed, found.place.as_str()), (3, "character 10 of the reply"));
        assert_eq!((found.here.as_str(), found.there.as_str()), ("def", "xyz"));
    }
}
