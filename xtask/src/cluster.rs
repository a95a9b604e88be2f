//! A cluster on this machine: the Restate server, workers behind one address, and models of gateways. Each of them is killed and
//! started again while runs go on.

#[cfg(unix)]
mod balancer;
#[cfg(unix)]
mod chance;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod demo;
#[cfg(unix)]
mod gateways;
#[cfg(unix)]
mod killer;
#[cfg(unix)]
mod member;
mod options;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod promises;
#[cfg(unix)]
mod restate;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod service;
#[cfg(unix)]
mod soak;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
mod table;
#[cfg(unix)]
mod workers;

use std::process::ExitCode;

use anyhow::{Result, ensure};

#[cfg(unix)]
pub use gateways::Health;
pub use options::{Crashes, Demo};
#[cfg(unix)]
pub use service::{Door, Programs, Service};
#[cfg(unix)]
pub use supervisor::Cluster;

/// Sets a cluster up from nothing and runs agents on it, while a worker and a gateway are killed.
///
/// # Errors
/// If something does not build, install or start. A broken promise is no error: it ends with exit code 1.
#[cfg(unix)]
pub fn demo(options: &Demo) -> Result<ExitCode> {
    demo::run(options).map(code)
}

/// Kills the parts of a cluster at random moments, and prints a table of what became of the agents.
///
/// # Errors
/// As [`demo()`].
#[cfg(unix)]
pub fn soak(options: &Crashes) -> Result<ExitCode> {
    soak::run(options).map(code)
}

/// A few kills over a few hundred agents: what CI has time for.
///
/// # Errors
/// As [`demo()`], and if a promise was broken.
#[cfg(unix)]
pub fn few_crashes() -> Result<()> {
    ensure!(soak::run(&Crashes::quick())?, "the cluster has not kept its promises");
    Ok(())
}

/// Whether all promises were kept, as an exit code.
#[cfg(unix)]
fn code(kept: bool) -> ExitCode {
    ExitCode::from(u8::from(!kept))
}

/// Fails: what checks nothing must not look like something that passed.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn demo(_options: &Demo) -> Result<ExitCode> {
    anyhow::bail!("a cluster on one machine needs a Unix system")
}

/// Fails, as [`demo()`].
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn soak(_options: &Crashes) -> Result<ExitCode> {
    anyhow::bail!("a cluster on one machine needs a Unix system")
}

/// Fails, as [`demo()`].
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn few_crashes() -> Result<()> {
    anyhow::bail!("a cluster on one machine needs a Unix system")
}
