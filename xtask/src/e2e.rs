//! The end-to-end run: the packaged plugin inside a real OpenClaw gateway.

#[cfg(unix)]
mod bench;
#[cfg(unix)]
mod packaging;
#[cfg(unix)]
mod restart;
#[cfg(unix)]
mod review;
#[cfg(unix)]
mod tools;

use anyhow::Result;

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

/// Every group of scenarios, each in a gateway of its own, whose state it may spoil.
#[cfg(unix)]
fn in_a_gateway(tools: Tools) -> Result<()> {
    let begin = std::time::Instant::now();
    let bench = bench::Bench::prepare(tools)?;
    review::run(&bench)?;
    tools::from_turns(&bench)?;
    tools::from_programs(&bench)?;
    restart::run(&bench)?;
    packaging::run(&bench)?;
    eprintln!("All of it holds in a real gateway. {} s", begin.elapsed().as_secs());
    Ok(())
}

/// Fails: a step that checks nothing must not look like one that passed.
#[cfg(not(unix))]
fn in_a_gateway(_tools: Tools) -> Result<()> {
    anyhow::bail!("the run in a real gateway needs a Unix system; `cargo xtask test --skip-e2e` runs everything else")
}
