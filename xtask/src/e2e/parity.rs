//! The same requests in the simulator and in a real gateway, with the same script and the same seed: both results have to be
//! the same but for the few fields that `compare` names. The gateway runs the component, the simulator the same engine
//! natively, which `host-sim`'s conformance tests hold to the component.

mod cases;
mod compare;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::workspace;

use super::bench::{Bench, Gateway, SCRIPT, SEED, Started, tell};
use cases::Case;

/// Fewer would say little.
const LEAST: usize = 20;

/// Tasks that are not completed are a result like any other.
const ENDED: [i32; 2] = [0, 1];

/// Runs every case on both sides.
///
/// # Errors
/// All differences of all cases.
pub fn run(bench: &Bench, gateway: &mut Gateway) -> Result<()> {
    let cases = cases::all()?;
    ensure!(cases.len() >= LEAST, "only {} cases", cases.len());
    let place = bench.place("simulator")?;
    let mut broken = Vec::new();
    for case in &cases {
        let begin = Instant::now();
        let found = compared(bench, gateway, case, &place).unwrap_or_else(|error| vec![format!("{error:#}")]);
        let verdict = if found.is_empty() { "equal" } else { "NOT EQUAL" };
        tell(begin.elapsed(), &format!("{verdict} in gateway and simulator: {}: {}", case.name, case.title));
        broken.extend(found.into_iter().map(|difference| format!("{}: {difference}", case.name)));
    }
    gateway.play(&workspace::root().join(SCRIPT))?;
    gateway.check_idle()?;
    if broken.is_empty() { Ok(()) } else { bail!("the gateway and the simulator disagree:\n{}", broken.join("\n")) }
}

/// Runs a case on both sides; where they differ.
fn compared(bench: &Bench, gateway: &mut Gateway, case: &Case, place: &Path) -> Result<Vec<String>> {
    let script = script(case, place)?;
    let expected = simulate(bench, case, &script, place)?;
    gateway.play(&script)?;
    let report = ask(gateway, case)?;
    if case.deletes() {
        gateway.check_deleted(&report)?;
    }
    Ok(compare::differences(&report, &expected, case.follows_up()))
}

/// The file with a case's script.
fn script(case: &Case, place: &Path) -> Result<PathBuf> {
    let Some(script) = &case.script else { return Ok(workspace::root().join(SCRIPT)) };
    let file = place.join("script.json");
    fs::write(&file, script.to_string()).context("cannot write a script")?;
    Ok(file)
}

fn simulate(bench: &Bench, case: &Case, script: &Path, place: &Path) -> Result<Value> {
    let request = place.join("request.json");
    fs::write(&request, case.request.to_string()).context("cannot write a request")?;
    let mut command = Command::new(&bench.simulator);
    // Compiling the component anew would take seconds for each case.
    command.args(["call", &case.function, "--engine", "native", "--json", "--seed", SEED]);
    command.arg(request).arg("--script").arg(script);
    let simulator = Started::start("simulator", command.current_dir(workspace::root()), place)?;
    let printed = simulator.finish_with(Duration::from_secs(120), &ENDED)?;
    serde_json::from_str(&printed).context("the simulator printed no JSON")
}

/// The whole result, which is longer than a conversation takes and stands where the plugin keeps results.
fn ask(gateway: &Gateway, case: &Case) -> Result<Value> {
    let (tool, mut arguments) = case.call();
    if let Some(arguments) = arguments.as_object_mut() {
        arguments.extend([("timeoutSeconds".to_owned(), json!(300)), ("max_chars".to_owned(), json!(1_000))]);
    }
    let session = format!("parity-{}", case.name);
    let reply = gateway.call_in(&session, tool, &arguments)?;
    ensure!(reply.get("state") == Some(&json!("done")), "{tool} brought {reply:#}");
    let run = reply.get("run_id").and_then(Value::as_str).with_context(|| format!("no run: {reply:#}"))?;
    gateway.kept_result(run)
}
