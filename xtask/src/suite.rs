//! All tests, in the order in which they need each other.

use anyhow::Result;

use crate::npm::PluginTools;
use crate::{browser, component, e2e, engines, process, simulator, workspace};

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
    e2e::run(false, &e2e::Choice::default())
}
