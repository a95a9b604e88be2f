//! All parts of a cluster, each of which can be killed.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::started;

use super::gateways::{Account, GATEWAYS, Gateway, Kind};
use super::service::{Programs, Service};
use super::workers::WORKERS;

/// How long sessions may take to end that were told to.
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

/// Cluster that runs, at the latest, until it is dropped.
pub struct Cluster {
    /// All of it but the gateways.
    pub service: Service,
    /// The gateways.
    pub gateways: Vec<Gateway>,
}

impl Cluster {
    /// Starts all parts in a directory that has nothing of them yet.
    ///
    /// # Errors
    /// The first part that does not become ready.
    pub fn start(programs: &Programs, kind: impl Into<Kind>, place: &Path) -> Result<Self> {
        let kind = kind.into();
        let gateways = (0..GATEWAYS).map(|number| Gateway::start(&programs.cluster, number, kind, place));
        let gateways = gateways.collect::<Result<Vec<Gateway>>>()?;
        let doors: Vec<_> = gateways.iter().map(Gateway::door).collect();
        Ok(Self { service: Service::start(programs, WORKERS, &doors, place)?, gateways })
    }

    /// Kills a part, leaves it down for a time, and starts it again; how long the start took.
    ///
    /// # Errors
    /// If it does not become ready.
    pub fn kill(&mut self, part: Part, down: Duration) -> Result<Duration> {
        let member = match part {
            Part::Worker(number) => self.service.workers.processes.get_mut(number),
            Part::Server => Some(&mut self.service.restate.server),
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
        self.service.check()?;
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

    /// Ends all parts in order, workers first.
    ///
    /// # Errors
    /// If something of one is left.
    pub fn stop(self) -> Result<()> {
        let Self { service, gateways } = self;
        service.stop()?;
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
