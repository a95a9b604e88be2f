//! All tests, in the order in which they need each other.

use anyhow::Result;

use crate::{component, e2e, process, workspace};

/// Builds the component, runs the tests of the workspace, then the end-to-end run.
///
/// # Errors
/// Those of the first step that fails.
pub fn run(skip_e2e: bool) -> Result<()> {
    // First, because the conformance and command line tests load the component.
    component::build()?;
    // Without --all-targets, which would leave out the documentation's examples.
    process::run(workspace::cargo().args(["test", "--workspace"]), "")?;
    if skip_e2e {
        eprintln!("The end-to-end run was left out (--skip-e2e).");
        return Ok(());
    }
    e2e::run(false)
}
