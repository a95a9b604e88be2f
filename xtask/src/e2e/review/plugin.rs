//! The plugin: built, tested by itself, packed as it is published.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::npm::Tools;
use crate::workspace;

use super::started::Started;

/// The tool that the plugin registers.
pub const TOOL: &str = "parallel_agents_call";

const PATIENCE: Duration = Duration::from_secs(180);

/// Makes `skill/dist` from the component and from the plugin's own code.
pub fn build(tools: &Tools, component: &Path, place: &Path) -> Result<()> {
    let mut command = Command::new(&tools.node);
    command.arg("build.mjs").args([component, &tools.jco, &tools.tsc, &tools.types]);
    Started::start("plugin-build", command.current_dir(directory()), place)?.finish(PATIENCE)?;
    Ok(())
}

/// Runs the plugin's own tests, which need no gateway.
pub fn test(tools: &Tools, place: &Path) -> Result<()> {
    let mut command = Command::new(&tools.node);
    command.args(["--test", "test/*.test.ts"]).current_dir(directory());
    Started::start("plugin-tests", &mut command, place)?.finish(PATIENCE)?;
    Ok(())
}

/// Packs what is published and returns the path of the archive.
pub fn pack(place: &Path) -> Result<PathBuf> {
    let mut command = Command::new("npm");
    command.args(["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination"]).arg(place);
    Started::start("plugin-pack", command.current_dir(directory()), place)?.finish(PATIENCE)?;
    let archive = fs::read_dir(place)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"));
    archive.context("npm packed nothing")
}

fn directory() -> PathBuf {
    workspace::root().join("skill")
}
