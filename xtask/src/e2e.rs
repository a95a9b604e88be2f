//! The end-to-end run: the packaged skill inside a real OpenClaw gateway.

#[cfg(unix)]
mod review;

use anyhow::Result;

use crate::npm::Tools;

/// Installs the tools and, unless only they are wanted, runs the skill in a gateway.
///
/// # Errors
/// If a tool cannot be installed or the run does not end as it should.
pub fn run(setup_only: bool) -> Result<()> {
    let tools = Tools::ensure()?;
    if setup_only {
        for (name, path) in
            [("node", &tools.node), ("openclaw", &tools.openclaw()?), ("jco", &tools.jco), ("typescript", &tools.tsc)]
        {
            eprintln!("{name}: {}", path.display());
        }
        return Ok(());
    }
    in_a_gateway(&tools)
}

#[cfg(unix)]
fn in_a_gateway(tools: &Tools) -> Result<()> {
    review::run(tools)
}

/// Fails: a step that checks nothing must not look like one that passed.
#[cfg(not(unix))]
fn in_a_gateway(_tools: &Tools) -> Result<()> {
    anyhow::bail!("the run in a real gateway needs a Unix system; `cargo xtask test --skip-e2e` runs everything else")
}
