//! The end-to-end run: the packaged plugin inside a real OpenClaw gateway.

#[cfg(unix)]
pub mod bench;
#[cfg(unix)]
pub mod fanout;
#[cfg(unix)]
mod packaging;
#[cfg(unix)]
mod restart;
#[cfg(unix)]
mod review;
#[cfg(unix)]
mod tools;

use anyhow::Result;
#[cfg(unix)]
use serde_json::json;

use crate::npm::Tools;

/// Installs the tools and, unless only they are wanted, runs the plugin in a gateway.
///
/// # Errors
/// If a tool cannot be installed or the run does not end as it should.
pub fn run(setup_only: bool) -> Result<()> {
    let tools = Tools::ensure()?;
    if setup_only {
        for (name, path) in
            [("node", &tools.node), ("openclaw", &tools.openclaw), ("jco", &tools.jco), ("typescript", &tools.tsc)]
        {
            eprintln!("{name}: {}", path.display());
        }
        return Ok(());
    }
    in_a_gateway(tools)
}

/// Every group of scenarios. A gateway takes half a minute to install and start, so groups share one where they can.
#[cfg(unix)]
fn in_a_gateway(tools: Tools) -> Result<()> {
    let begin = std::time::Instant::now();
    let bench = bench::Bench::prepare(tools)?;
    let (none, code_mode) = (json!({}), json!({ "tools": { "codeMode": { "enabled": true, "timeoutMs": 60_000 } } }));
    review::run(&bench)?;
    let completions = json!({ "completionsForToolFree": true });
    bench.gateway("programs", &code_mode, &completions, tools::from_programs)?;
    bench.gateway("fan-out", &fanout::limits(), &none, |gateway| fanout::run(gateway))?;
    bench.gateway("turns", &none, &none, |gateway| {
        restart::run(gateway)?;
        tools::from_turns(gateway)?;
        packaging::run(gateway, &bench.archive)
    })?;
    eprintln!("All of it holds in a real gateway. {} s", begin.elapsed().as_secs());
    Ok(())
}

/// Fails: a step that checks nothing must not look like one that passed.
#[cfg(not(unix))]
fn in_a_gateway(_tools: Tools) -> Result<()> {
    anyhow::bail!("the run in a real gateway needs a Unix system; `cargo xtask test --skip-e2e` runs everything else")
}
