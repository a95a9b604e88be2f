//! Who starts runs and waits for their replies, by the cluster's command line.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::started::Started;

use super::program::Program;

/// The exit codes of the cluster's command line: a run that is completed, one that is not, and nobody to ask.
const DONE: i32 = 0;
const NOT_COMPLETED: i32 = 1;
const UNREACHABLE: i32 = 3;

/// How long a run may find nobody to ask at its start: a server that was killed is back in a few seconds.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_millis(20);

/// Somebody with the cluster's configuration.
#[derive(Clone)]
pub struct Client {
    program: Program,
    configuration: PathBuf,
    place: PathBuf,
}

/// What a run has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Whether the run is completed, by the exit code.
    pub completed: bool,
    /// The function's JSON, as it was printed.
    pub text: String,
}

/// A wait for the end of a run, which is begun again where nobody could be asked.
pub struct Attached<'a> {
    client: &'a Client,
    key: String,
    process: Started,
}

impl Client {
    /// `place` takes the output of its processes.
    pub fn new(program: Program, configuration: PathBuf, place: PathBuf) -> Self {
        Self { program, configuration, place }
    }

    /// Starts a run. The same key twice is one run, so this may be asked again where nobody answered.
    ///
    /// # Errors
    /// If it is refused, or nobody can be asked.
    pub fn start(&self, request: &Path, key: &str) -> Result<()> {
        let begin = Instant::now();
        loop {
            let mut process = self.call("start", |command| {
                command.arg(request).args(["--key", key]);
            })?;
            let code = loop {
                if let Some((code, _)) = process.ended()? {
                    break code;
                }
                ensure!(begin.elapsed() < PATIENCE, "the run {key} did not start{}", process.tail());
                thread::sleep(LOOK);
            };
            match code {
                Some(DONE) => return Ok(()),
                Some(UNREACHABLE) if begin.elapsed() < PATIENCE => thread::sleep(PAUSE),
                code => bail!("the run {key} did not start (exit code {code:?}){}", process.tail()),
            }
        }
    }

    /// Begins to wait for the end of a run.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn attach(&self, key: &str) -> Result<Attached<'_>> {
        let process = self.call("attach", |command| {
            command.arg(key);
        })?;
        Ok(Attached { client: self, key: key.to_owned(), process })
    }

    fn call(&self, name: &'static str, arguments: impl FnOnce(&mut Command)) -> Result<Started> {
        let mut command = self.program.command();
        command.arg("--config").arg(&self.configuration).arg("--json").arg(name);
        arguments(&mut command);
        Started::start(name, &mut command, &self.place)
    }
}

impl Attached<'_> {
    /// The reply, if the run has ended.
    ///
    /// # Errors
    /// If the wait ended in another way.
    pub fn poll(&mut self) -> Result<Option<Reply>> {
        let Some((code, text)) = self.process.ended()? else { return Ok(None) };
        match code {
            Some(code @ (DONE | NOT_COMPLETED)) => Ok(Some(Reply { completed: code == DONE, text })),
            // The caller has a limit for the whole run.
            Some(UNREACHABLE) => {
                thread::sleep(PAUSE);
                self.process = self.client.attach(&self.key)?.process;
                Ok(None)
            }
            code => bail!("the wait for {} broke off (exit code {code:?}){}", self.key, self.process.tail()),
        }
    }

    /// Waits for the reply.
    ///
    /// # Errors
    /// As [`Attached::poll`], or if it does not come within `limit`.
    pub fn finish(mut self, limit: Duration) -> Result<Reply> {
        let begin = Instant::now();
        loop {
            if let Some(reply) = self.poll()? {
                return Ok(reply);
            }
            if begin.elapsed() > limit {
                bail!("the run {} has not ended after {} s", self.key, limit.as_secs());
            }
            thread::sleep(LOOK);
        }
    }
}
