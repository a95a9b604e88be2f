//! Fan-outs in a real gateway: the plugin beside OpenClaw's own Swarm, and beside the bare calls that both rest on.
//!
//! Fan-outs leave records that slow later ones down, so each has a gateway and a state of its own. All of them are programs
//! of Code Mode that take the time inside the gateway.

mod page;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::e2e::bench::{Bench, Gateway, STEADY, step};
use crate::e2e::fanout;
use crate::npm::Tools;
use crate::workspace;

/// The page that a full run is written to.
const PAGE: &str = "docs/performance-gateway.md";
const PROGRAM: &str = include_str!("../../fanout/program.js");
/// A round of all ways and numbers of agents takes 16 minutes.
const ROUNDS: usize = 2;
/// What a gateway still does for a fan-out after its result is there.
const SETTLE: Duration = Duration::from_secs(2);

/// The ways, as the program calls them. The first is what the others are compared with.
pub const WAYS: [&str; 8] = [
    "swarm",
    "plugin",
    "bare",
    "plugin_tool_free",
    "bare_tool_free",
    "sub_agents",
    "plugin_completions",
    "completions",
];

/// Agents that were started at once by one way, and what that took.
pub struct Measure {
    round: usize,
    way: &'static str,
    agents: usize,
    /// From the first call to the last result, inside the gateway.
    wall_ms: f64,
    /// Calls of the model under way at once.
    peak: f64,
    /// Processor time of the gateway for each agent, without that of an empty turn.
    cpu_ms: f64,
}

/// Measures all ways, or those that are named. A quick run has one round; that and a part of the ways leave the page alone.
///
/// # Errors
/// If there is no such way, a gateway cannot be started, or an agent does not complete.
pub fn run(quick: bool, ways: &[String], rounds: Option<usize>, json: Option<PathBuf>) -> Result<()> {
    if let Some(other) = ways.iter().find(|way| !WAYS.contains(&way.as_str())) {
        bail!("there is no way {other}; there are {}", WAYS.join(", "));
    }
    let bench = Bench::prepare(Tools::ensure()?)?;
    let wanted = |way: &str| ways.is_empty() || ways.iter().any(|one| one == way);
    let mut measures = Vec::new();
    for round in 0..rounds.unwrap_or(if quick { 1 } else { ROUNDS }) {
        for agents in fanout::AT_ONCE {
            for way in WAYS.into_iter().filter(|way| wanted(way)) {
                measures.push(measure(&bench, round, way, agents)?);
                // All of them take an hour, and what has been measured is not lost with the rest.
                if let Some(file) = &json {
                    keep(&measures, file)?;
                }
            }
        }
    }
    let table = page::table(&measures);
    eprintln!("{table}");
    if !quick && ways.is_empty() {
        let text = page::text(&measures);
        std::fs::write(workspace::root().join(PAGE), text).with_context(|| format!("cannot write {PAGE}"))?;
    }
    Ok(())
}

fn keep(measures: &[Measure], file: &Path) -> Result<()> {
    let rows: Vec<Value> = measures.iter().map(Measure::row).collect();
    let document = json!({ "conditions": page::conditions(), "measures": rows });
    std::fs::write(file, format!("{document:#}\n")).with_context(|| format!("cannot write {}", file.display()))
}

/// The limits of the end-to-end run, and Code Mode with all the calls at once that it can have.
fn config() -> Value {
    let mut config = fanout::limits();
    config["tools"]["codeMode"] = json!({ "enabled": true, "timeoutMs": 60_000, "maxPendingToolCalls": 128 });
    config
}

fn measure(bench: &Bench, round: usize, way: &'static str, agents: usize) -> Result<Measure> {
    let name = format!("{way}-{agents}-{}", round + 1);
    let mut measured = None;
    let plugin = json!({ "completionsForToolFree": way == "plugin_completions" });
    bench.gateway(&name, &config(), &plugin, |gateway| {
        gateway.play(&workspace::root().join(STEADY))?;
        gateway.install(&workspace::root().join("xtask/fanout/plugin"))?;
        gateway.program(&program(way, 2)).context("cannot warm up")?;
        let empty = fan_out(gateway, "nothing", 0)?.cpu;
        let done = step(&format!("{way}, {agents} agents"), || fan_out(gateway, way, agents))?;
        let cpu = done.cpu.saturating_sub(empty).as_secs_f64() * 1_000.0 / agents as f64;
        measured = Some(Measure { round, way, agents, wall_ms: done.wall_ms, peak: done.peak, cpu_ms: cpu });
        Ok(())
    })?;
    measured.context("nothing was measured")
}

struct Done {
    wall_ms: f64,
    peak: f64,
    cpu: Duration,
}

fn fan_out(gateway: &Gateway, way: &str, agents: usize) -> Result<Done> {
    gateway.models()?.count_anew()?;
    let before = gateway.load()?;
    let value = gateway.program(&program(way, agents))?;
    thread::sleep(SETTLE);
    let cpu = gateway.load()?.saturating_sub(before);
    let counts = gateway.models()?.count_anew()?;
    ensure!(value.get("completed") == Some(&json!(agents)), "{way}: not all of {agents} are completed: {value:#}");
    let number = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_f64).with_context(|| format!("no {name} in {value:#}"))
    };
    Ok(Done { wall_ms: number(&value, "ms")?, peak: number(&counts, "peak_live")?, cpu })
}

fn program(way: &str, agents: usize) -> String {
    format!("const way = '{way}', count = {agents};\n{PROGRAM}")
}

impl Measure {
    fn row(&self) -> Value {
        json!({
            "round": self.round, "way": self.way, "agents": self.agents, "wall_ms": self.wall_ms,
            "peak_model_calls": self.peak, "cpu_ms_per_agent": self.cpu_ms,
        })
    }
}
