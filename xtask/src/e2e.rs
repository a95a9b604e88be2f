//! The end-to-end run: the packaged plugin inside a real OpenClaw gateway.

#[cfg(unix)]
pub mod bench;
#[cfg(unix)]
mod fallback;
#[cfg(unix)]
pub mod fanout;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod packaging;
#[cfg(unix)]
mod parity;
#[cfg(unix)]
mod restart;
#[cfg(unix)]
mod tools;

use anyhow::Result;
#[cfg(unix)]
use serde_json::json;

use crate::npm::Tools;

/// The groups of scenarios, in their order.
#[cfg(unix)]
const GROUPS: [&str; 6] = ["faults", "parity", "programs", "turns", "fan-out", "fallback"];

/// Installs the tools and, unless only they are wanted, runs the plugin in a gateway: all groups of scenarios, or `only`
/// those that are named.
///
/// # Errors
/// If a tool cannot be installed, there is no such group, or the run does not end as it should.
pub fn run(setup_only: bool, only: &[String]) -> Result<()> {
    let tools = Tools::ensure()?;
    if setup_only {
        for (name, path) in
            [("node", &tools.node), ("openclaw", &tools.openclaw), ("jco", &tools.jco), ("typescript", &tools.tsc)]
        {
            eprintln!("{name}: {}", path.display());
        }
        return Ok(());
    }
    in_a_gateway(tools, only)
}

/// The plugin's own tests, and the groups of scenarios.
#[cfg(unix)]
fn in_a_gateway(tools: Tools, only: &[String]) -> Result<()> {
    let begin = std::time::Instant::now();
    if let Some(name) = only.iter().find(|name| !GROUPS.contains(&name.as_str())) {
        anyhow::bail!("there is no group {name}; there are {}", GROUPS.join(", "));
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
    let bench = bench::Bench::prepare(tools)?;
    std::thread::scope(|scope| {
        // They leave one of two processors to the gateway, which starts meanwhile.
        let tests = scope.spawn(|| bench.test_plugin());
        let held = groups(&bench, &wanted);
        // A broken plugin fails both, and its own tests say it better.
        tests.join().map_err(|_| anyhow::anyhow!("the plugin's tests broke off"))??;
        held
    })?;
    let what = if only.is_empty() { "All of it".to_owned() } else { only.join(" and ") };
    eprintln!("{what} holds in a real gateway. {} s", begin.elapsed().as_secs());
    Ok(())
}

/// The groups that are wanted. A gateway takes half a minute to install and start, so groups share one where they can.
#[cfg(unix)]
fn groups(bench: &bench::Bench, wanted: &dyn Fn(&str) -> bool) -> Result<()> {
    let none = json!({});
    if wanted("parity") || wanted("faults") {
        // Prompts repeat only with the seed that the simulator has.
        let seeded = json!({ "seed": bench::SEED.parse::<u64>()? });
        bench.gateway("parity", &none, &seeded, |gateway| {
            if wanted("faults") {
                faults::run(gateway)?;
            }
            if wanted("parity") { parity::run(bench, gateway) } else { Ok(()) }
        })?;
    }
    if wanted("programs") {
        let code_mode = json!({ "tools": { "codeMode": { "enabled": true, "timeoutMs": 60_000 } } });
        let completions = json!({ "completionsForToolFree": true });
        bench.gateway("programs", &code_mode, &completions, tools::from_programs)?;
    }
    if ["turns", "fan-out", "fallback"].into_iter().any(wanted) {
        bench.gateway("turns", &fanout::limits(), &none, |gateway| {
            if wanted("turns") {
                restart::run(gateway)?;
                tools::from_turns(gateway)?;
            }
            if wanted("fan-out") {
                fanout::run(gateway)?;
            }
            if wanted("turns") {
                packaging::run(gateway, &bench.archive)?;
            }
            if wanted("fallback") { fallback::run(gateway) } else { Ok(()) }
        })?;
    }
    Ok(())
}

/// Fails: a step that checks nothing must not look like one that passed.
#[cfg(not(unix))]
fn in_a_gateway(_tools: Tools, _only: &[String]) -> Result<()> {
    anyhow::bail!("the run in a real gateway needs a Unix system; `cargo xtask test --skip-e2e` runs everything else")
}
