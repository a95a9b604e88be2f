//! All parts of a cluster, each of which can be killed.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::{npm, started};

use super::client::Client;
use super::gateways::{Account, GATEWAYS, Gateway, Health};
use super::member::Member;
use super::program::Program;
use super::restate::Restate;
use super::workers::{WORKERS, Workers};

/// How long a worker may take to register itself, and sessions that were told to end to do so.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// A part that can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The worker of this number.
    Worker(usize),
    /// The Restate server.
    Server,
    /// The gateway of this number.
    Gateway(usize),
    /// The network between the workers and the gateway of this number.
    Network(usize),
}

/// What clusters are made of.
pub struct Programs {
    /// `parallel-agents-cluster`.
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

/// Cluster that runs, at the latest, until it is dropped.
pub struct Cluster {
    /// The Restate server.
    pub restate: Restate,
    /// The workers.
    pub workers: Workers,
    /// The gateways.
    pub gateways: Vec<Gateway>,
    /// Who starts runs and waits for them.
    pub client: Client,
}

impl Cluster {
    /// Starts all parts in a directory that has nothing of them yet.
    ///
    /// # Errors
    /// The first part that does not become ready.
    pub fn start(programs: &Programs, health: Health, place: &Path) -> Result<Self> {
        let restate = Restate::start(programs.restate.clone(), place)?;
        let gateways = (0..GATEWAYS).map(|number| Gateway::start(&programs.cluster, number, health, place));
        let gateways = gateways.collect::<Result<Vec<Gateway>>>()?;
        let workers = Workers::start(&programs.cluster, WORKERS, &restate, &gateways, place)?;
        let begin = Instant::now();
        while !restate.knows_a_worker() {
            let last = workers.processes.last().map(Member::tail).unwrap_or_default();
            ensure!(begin.elapsed() < PATIENCE, "no worker has registered itself at the Restate server{last}");
            thread::sleep(LOOK);
        }
        let client = Client::new(programs.cluster.clone(), workers.configuration.clone(), place.to_owned());
        Ok(Self { restate, workers, gateways, client })
    }

    /// Kills a part, leaves it down for a time, and starts it again; how long the start took.
    ///
    /// # Errors
    /// If it does not become ready.
    pub fn kill(&mut self, part: Part, down: Duration) -> Result<Duration> {
        let member = match part {
            Part::Worker(number) => self.workers.processes.get_mut(number),
            Part::Server => Some(&mut self.restate.server),
            Part::Gateway(number) => self.gateways.get_mut(number).map(|gateway| &mut gateway.process),
            Part::Network(number) => {
                let gateway = self.gateways.get(number).with_context(|| format!("there is no {part:?}"))?;
                return gateway.cut_off(down).map(|()| Duration::ZERO);
            }
        };
        let member = member.with_context(|| format!("there is no {part:?}"))?;
        member.kill();
        thread::sleep(down);
        member.start_again().with_context(|| format!("{part:?} did not come back"))
    }

    /// Makes sure that all parts run.
    ///
    /// # Errors
    /// The first part that has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.restate.server.check()?;
        self.workers.processes.iter_mut().try_for_each(Member::check)?;
        self.gateways.iter_mut().try_for_each(|gateway| gateway.process.check())
    }

    /// What all gateways say of their sessions, when none is alive any more.
    ///
    /// # Errors
    /// If a gateway does not answer, or a session stays alive.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        let begin = Instant::now();
        loop {
            let accounts = self.gateways.iter().map(Gateway::account).collect::<Result<Vec<Account>>>()?;
            let live: u64 = accounts.iter().map(|account| account.live).sum();
            if live == 0 {
                return Ok(accounts);
            }
            if begin.elapsed() > PATIENCE {
                bail!("{live} sessions are still alive {} s after their run has ended", PATIENCE.as_secs());
            }
            thread::sleep(LOOK);
        }
    }

    /// Sessions that were started so far.
    pub fn started(&self) -> u64 {
        self.gateways.iter().map(Gateway::started).sum()
    }

    /// The end of what the server and the workers have printed, for errors.
    pub fn tails(&self) -> String {
        let workers = self.workers.processes.iter().map(Member::tail);
        workers.chain([self.restate.server.tail()]).collect()
    }

    /// What the server and the workers have used so far, for so many agents; in words.
    pub fn cost(&self, agents: u64) -> String {
        let server = &self.restate.server;
        let workers: Duration = self.workers.processes.iter().map(Member::load).sum();
        let memory = self.workers.processes.iter().map(Member::memory).max().unwrap_or_default();
        let each = |spent: Duration| spent.as_secs_f64() * 1_000.0 / agents.max(1) as f64;
        format!(
            "server: {:.1} ms of processor time an agent, {} MB of memory, {} MB on disk; workers: {:.1} ms an agent, {} MB each",
            each(server.load()),
            server.memory() / 1_024,
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
        let Self { restate, workers, gateways, client: _ } = self;
        workers.processes.into_iter().try_for_each(Member::stop)?;
        restate.server.stop()?;
        gateways.into_iter().try_for_each(|gateway| gateway.process.stop())
    }
}

/// A directory for the files of clusters, which goes away with this program, also when that is interrupted.
///
/// # Errors
/// If it cannot be made.
pub fn place() -> Result<TempDir> {
    let place = tempfile::Builder::new().prefix("parallel-agents-cluster-").tempdir();
    let place = place.context("cannot create a temporary directory")?;
    started::end_on_signal(place.path())?;
    Ok(place)
}
