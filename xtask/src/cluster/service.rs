//! What a cluster is beside its gateways: the Restate server, the workers, and somebody who starts runs. The gateways are somebody
//! else's, models or real ones.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::npm;

use super::client::Client;
use super::member::Member;
use super::program::Program;
use super::restate::Restate;
use super::workers::Workers;

/// How long a worker may take to register itself.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// What clusters are made of.
pub struct Programs {
    /// What workers and clients are processes of: `parallel-agents-cluster`.
    pub cluster: Program,
    /// The Restate server.
    pub restate: PathBuf,
}

impl Programs {
    /// Builds the one, or takes the given one, and installs the other.
    ///
    /// # Errors
    /// If something does not compile, install or run.
    pub fn ensure(given: Option<&Path>) -> Result<Self> {
        Ok(Self { restate: npm::restate_server()?, cluster: Program::get(given)? })
    }
}

/// A gateway's door, as workers are told of it. It need not be open yet when they start.
#[derive(Debug, Clone)]
pub struct Door {
    /// The gateway's name.
    pub name: String,
    /// Where the gateway listens on this machine.
    pub address: SocketAddr,
    /// The gateway's own token.
    pub token: String,
    /// The session that the door is.
    pub session: &'static str,
    /// Sessions that a run may have there at once.
    pub slots: u64,
    /// After so long without an answer its sessions count as cut off; without it they are waited for.
    pub lease_seconds: Option<u32>,
}

/// A Restate server with workers that are registered there. It runs, at the latest, until it is dropped.
pub struct Service {
    /// The Restate server.
    pub restate: Restate,
    /// In the order in which they were started.
    pub workers: Workers,
    /// Who starts runs and waits for them.
    pub client: Client,
}

impl Service {
    /// Starts all in a directory that has nothing of it yet, and waits until runs can be started.
    ///
    /// # Errors
    /// The first part that does not become ready.
    pub fn start(programs: &Programs, workers: usize, doors: &[Door], place: &Path) -> Result<Self> {
        let restate = Restate::start(programs.restate.clone(), place)?;
        let workers = Workers::start(&programs.cluster, workers, &restate, doors, place)?;
        let begin = Instant::now();
        while !restate.knows_a_worker() {
            let last = workers.processes.last().map(Member::tail).unwrap_or_default();
            ensure!(begin.elapsed() < PATIENCE, "no worker has registered itself at the Restate server{last}");
            thread::sleep(LOOK);
        }
        let client = Client::new(programs.cluster.clone(), workers.configuration.clone(), place.to_owned());
        Ok(Self { restate, workers, client })
    }

    /// Makes sure that all parts run.
    ///
    /// # Errors
    /// The first part that has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.restate.server.check()?;
        self.workers.processes.iter_mut().try_for_each(Member::check)
    }

    /// The end of what all parts have printed, for errors.
    pub fn tails(&self) -> String {
        let workers = self.workers.processes.iter().map(Member::tail);
        workers.chain([self.restate.server.tail()]).collect()
    }

    /// Processor time of the server so far, and of all workers together.
    pub fn load(&self) -> (Duration, Duration) {
        (self.restate.server.load(), self.workers.processes.iter().map(Member::load).sum())
    }

    /// What the server and the workers have used so far, for so many agents; in words.
    pub fn cost(&self, agents: u64) -> String {
        let (server, workers) = self.load();
        let memory = self.workers.processes.iter().map(Member::memory).max().unwrap_or_default();
        let each = |spent: Duration| spent.as_secs_f64() * 1_000.0 / agents.max(1) as f64;
        format!(
            "server: {:.1} ms of processor time an agent, {} MB of memory, {} MB on disk; workers: {:.1} ms an agent, {} MB each",
            each(server),
            self.restate.server.memory() / 1_024,
            self.restate.disk() / 1_048_576,
            each(workers),
            memory / 1_024
        )
    }

    /// Ends all parts in order, workers first.
    ///
    /// # Errors
    /// If something of one is left.
    pub fn stop(self) -> Result<()> {
        let Self { restate, workers, client: _ } = self;
        workers.processes.into_iter().try_for_each(Member::stop)?;
        restate.server.stop()
    }
}
