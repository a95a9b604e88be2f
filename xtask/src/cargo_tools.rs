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
        // They are compiled far more often than they are used for long.
        install.args(["install", "--quiet", "--locked", "--debug", "--root"]).arg(directory).arg(&recipe);
        install.current_dir(directory).env("CARGO_PROFILE_DEV_DEBUG", "false");
        process::run(&mut install, "")
    })?;
    Ok(place.join("bin").join(name))
}
