//! The end-to-end run: the packaged plugin inside a real OpenClaw gateway.

#[cfg(unix)]
mod approval;
#[cfg(unix)]
pub mod bench;
#[cfg(unix)]
mod caps;
#[cfg(unix)]
mod door;
#[cfg(unix)]
mod fallback;
#[cfg(unix)]
pub mod fanout;

#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod groups;
#[cfg(unix)]
mod items;
#[cfg(unix)]
mod kills;
#[cfg(unix)]
mod notices;
#[cfg(unix)]
mod packaging;
#[cfg(unix)]
mod pages;
#[cfg(unix)]
mod parity;
#[cfg(unix)]
mod publishing;
#[cfg(unix)]
mod restart;
#[cfg(unix)]
mod saved;
#[cfg(unix)]
mod tools;
#[cfg(unix)]
mod tracks;

use anyhow::Result;

use crate::npm::Tools;

/// Installs the tools and, unless only they are wanted, runs the plugin in a gateway: all groups of scenarios, or `only`
/// those that are named. `kills`: how often the gateway is killed while a run is under way. None: twice.
///
/// # Errors
/// If a tool cannot be installed, there is no such group, or the run does not end as it should.
pub fn run(setup_only: bool, only: &[String], kills: Option<u32>) -> Result<()> {
    let tools = Tools::ensure()?;
    if setup_only {
        let plugin = &tools.plugin;
        for (name, path) in
            [("node", &plugin.node), ("openclaw", &tools.openclaw), ("jco", &plugin.jco), ("typescript", &plugin.tsc)]
        {
            eprintln!("{name}: {}", path.display());
        }
        return Ok(());
    }
    in_a_gateway(tools, only, kills)
}

#[cfg(unix)]
fn in_a_gateway(tools: Tools, only: &[String], kills: Option<u32>) -> Result<()> {
    groups::run(tools, only, kills.unwrap_or(kills::FEW))
}

/// Fails: a step that checks nothing must not look like one that passed.
#[cfg(not(unix))]
fn in_a_gateway(_tools: Tools, _only: &[String], _kills: Option<u32>) -> Result<()> {
    anyhow::bail!("the run in a real gateway needs a Unix system; `cargo xtask test --skip-e2e` runs everything else")
}
