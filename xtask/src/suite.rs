//! All tests, in the order in which they need each other.

use anyhow::Result;

use crate::npm::PluginTools;
use crate::{browser, component, e2e, engines, process, simulator, workspace};

/// What the deliberate defects are built with.
pub const CANARIES: [&str; 2] = ["--features", "canary-bugs"];

/// The same when the packages are not named one by one.
const CANARIES_OF_ALL: [&str; 2] = ["--features", "parallel-agents-host-sim/canary-bugs"];

/// Hunts each deliberate defect and prints how many seeds it took to find it.
///
/// # Errors
/// Something does not build, or a defect was not found.
pub fn canaries() -> Result<()> {
    component::build()?;
    let run = ["run", "--quiet", "--package", "parallel-agents-host-sim", "--bin", "parallel-agents"];
    process::run(workspace::cargo().args(run).args(CANARIES).args(["--", "canaries"]), "")
}

/// The same as a document.
///
/// # Errors
/// As [`canaries`].
pub fn hunted() -> Result<serde_json::Value> {
    let run = ["run", "--quiet", "--package", "parallel-agents-host-sim", "--bin", "parallel-agents"];
    let printed = process::read(workspace::cargo().args(run).args(CANARIES).args(["--", "canaries", "--json"]), "")?;
    Ok(serde_json::from_str(&printed)?)
}

/// Builds the component, runs the tests of the workspace, those of the page in a browser, compares the engines, then the
/// end-to-end run.
///
/// # Errors
/// Those of the first step that fails.
pub fn run(skip_e2e: bool, skip_browser: bool) -> Result<()> {
    // First, because the conformance and command line tests load the component.
    component::build()?;
    component::build_hostile()?;
    // Without --all-targets, which would leave out the documentation's examples.
    process::run(workspace::cargo().args(["test", "--workspace"]), "")?;
    simulator::built_with_tests();
    // With the engine's deliberate defects, which nothing else is built with; for the whole workspace, because for one
    // package cargo would compile the dependencies again, with other features.
    process::run(workspace::cargo().args(["test", "--workspace", "--test", "canaries"]).args(CANARIES_OF_ALL), "")?;
    if skip_browser || skip_e2e {
        eprintln!("The tests in a browser were left out.");
    } else {
        browser::run()?;
    }
    if skip_e2e {
        match PluginTools::installed() {
            Some(tools) => engines::run(&tools, engines::RUNS)?,
            None => {
                eprintln!("The engines were not compared: Node, jco and TypeScript are not installed (--skip-e2e).")
            }
        }
        eprintln!("The end-to-end run was left out (--skip-e2e).");
        return Ok(());
    }
    engines::run(&PluginTools::ensure()?, engines::RUNS)?;
    e2e::run(false, &[], None)
}
