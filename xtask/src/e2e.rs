//! The end-to-end run: the packaged plugin inside a real OpenClaw gateway.

#[cfg(unix)]
mod approval;
#[cfg(unix)]
pub mod bench;
#[cfg(unix)]
mod caps;
#[cfg(unix)]
mod cluster;
#[cfg(unix)]
mod cluster_handoff;
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

/// What is run, and how much of it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Choice {
    /// Only this group of scenarios; may be given again. A name that is none is answered with all of them.
    #[arg(long, value_name = "GROUP")]
    only: Vec<String>,
    /// How often the group `kills` kills the gateway, each time in a run of its own. 2 if nothing is said.
    #[arg(long, value_name = "N")]
    kills: Option<u32>,
    /// Items of the group `items` (60 if nothing is said), and agents of each run of the groups `cluster` (20), `cluster-costs` (100)
    /// and `cluster-completions` (2,000). The last two run only where they are named.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=2_000))]
    agents: Option<u32>,
}

/// Installs the tools and, unless only they are wanted, runs the plugin in a gateway: the groups of scenarios that are named, or
/// all but those that run only where they are named.
///
/// # Errors
/// If a tool cannot be installed, there is no such group, or the run does not end as it should.
pub fn run(setup_only: bool, choice: &Choice) -> Result<()> {
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
    in_a_gateway(tools, choice)
}

#[cfg(unix)]
fn in_a_gateway(tools: Tools, choice: &Choice) -> Result<()> {
    groups::run(tools, choice)
}

/// Fails: a step that checks nothing must not look like one that passed.
#[cfg(not(unix))]
fn in_a_gateway(_tools: Tools, _choice: &Choice) -> Result<()> {
    anyhow::bail!("the run in a real gateway needs a Unix system; `cargo xtask test --skip-e2e` runs everything else")
}
