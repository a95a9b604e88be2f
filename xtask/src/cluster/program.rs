//! The program that workers, models of gateways and callers are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{simulator, workspace};

const NAME: &str = "parallel-agents-cluster";

/// `parallel-agents-cluster`, with nothing of this user's environment but the search path.
#[derive(Clone)]
pub struct Program(PathBuf);

impl Program {
    /// Builds it, or takes the one that is given.
    ///
    /// # Errors
    /// If it does not compile, or there is no such file.
    pub fn get(given: Option<&Path>) -> Result<Self> {
        let Some(given) = given else { return Self::build() };
        ensure!(given.is_file(), "{} is not a file", given.display());
        Ok(Self(std::path::absolute(given).with_context(|| format!("cannot resolve {}", given.display()))?))
    }

    fn build() -> Result<Self> {
        let mut command = workspace::cargo();
        if simulator::are_tests_built() {
            // As the tests are built, so that dependencies have the same features and are not compiled again.
            command.args(["test", "--workspace", "--no-run", "--test", "program"]);
        } else {
            command.args(["build", "--profile", "test", "--package", NAME, "--bin", NAME]);
        }
        simulator::built(command, NAME).map(Self)
    }

    /// Starts with it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "TMPDIR"));
        command
    }
}
