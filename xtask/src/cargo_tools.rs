//! Cargo's subcommands that are no part of it, each in one version.

use std::path::PathBuf;

use anyhow::Result;

use crate::cache::Cache;
use crate::{process, workspace};

/// The program of a subcommand, compiled into the cache if it is not there yet. `name` is that of the package and of its program.
///
/// # Errors
/// If it does not compile, or its package cannot be fetched.
pub fn ensure(name: &str, version: &str) -> Result<PathBuf> {
    let recipe = format!("{name}@{version}");
    let place = Cache::open()?.ensure(&format!("{name}-{version}"), &recipe, |directory| {
        let mut install = workspace::cargo();
        install.args(["install", "--quiet", "--locked", "--root"]).arg(directory).arg(&recipe).current_dir(directory);
        process::run(&mut install, "")
    })?;
    Ok(place.join("bin").join(name))
}
