//! Kills parts of a cluster at moments that nobody chose, while a run goes on.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::chance::Chance;
use super::client::Reply;
use super::gateways::GATEWAYS;
use super::supervisor::{Cluster, Part};
use super::workers::WORKERS;

/// From one kill to the next, and from the start of a run to its first, in milliseconds.
const GAP: Range<u64> = 100..2_000;
/// The same before a network is cut, when gateways have sessions.
const CUT_GAP: Range<u64> = 1_500..3_500;
/// How long a part that was killed stays down, in milliseconds; and a network.
const DOWN: Range<u64> = 0..1_000;
const CUT: Range<u64> = 115_000..125_000;

/// A run that is not killed all the time takes seconds.
const LIMIT: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(20);

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victims {
    /// One of the workers.
    Workers,
    /// The Restate server.
    Server,
    /// One of the gateways.
    Gateways,
    /// Any of these; each kind is as likely.
    All,
    /// The network to one of the gateways.
    Networks,
}

/// Draws moments and victims, and counts kills.
pub struct Killer {
    chance: Chance,
    victims: Victims,
    left: u32,
    kills: BTreeMap<Part, u32>,
}

impl Killer {
    /// `kills` in all, over as many runs as that takes.
    pub fn new(seed: u64, victims: Victims, kills: u32) -> Self {
        Self { chance: Chance::new(seed), victims, left: kills, kills: BTreeMap::new() }
    }

    /// Kills that are still to come.
    pub fn left(&self) -> u32 {
        self.left
    }

    /// How often each part was killed.
    pub fn kills(&self) -> &BTreeMap<Part, u32> {
        &self.kills
    }

    /// Starts a run, kills while it goes on, and waits for its reply.
    ///
    /// # Errors
    /// If the run is refused, a killed part does not come back, or the run does not end.
    pub fn follow(&mut self, cluster: &mut Cluster, request: &Path, key: &str) -> Result<Reply> {
        let begin = Instant::now();
        let client = cluster.service.client.clone();
        client.start(request, key)?;
        let mut attached = client.attach(key)?;
        let gap = if self.victims == Victims::Networks { CUT_GAP } else { GAP };
        let mut next = Instant::now() + self.chance.time(gap.clone());
        loop {
            if let Some(reply) = attached.poll()? {
                return Ok(reply);
            }
            ensure!(
                begin.elapsed() < LIMIT,
                "the run {key} has not ended after {} s{}",
                LIMIT.as_secs(),
                cluster.service.tails()
            );
            cluster.check()?;
            if self.left > 0 && Instant::now() >= next {
                let part = self.victim();
                let down = if matches!(part, Part::Network(_)) { CUT } else { DOWN };
                cluster.kill(part, self.chance.time(down))?;
                self.left -= 1;
                *self.kills.entry(part).or_default() += 1;
                next = Instant::now() + self.chance.time(gap.clone());
            }
            thread::sleep(LOOK);
        }
    }

    fn victim(&mut self) -> Part {
        let kind = match self.victims {
            Victims::Workers => 0,
            Victims::Server => 1,
            Victims::Gateways => 2,
            Victims::All => self.chance.below(3),
            Victims::Networks => 3,
        };
        match kind {
            0 => Part::Worker(self.number(WORKERS)),
            1 => Part::Server,
            2 => Part::Gateway(self.number(GATEWAYS)),
            _ => Part::Network(self.number(GATEWAYS)),
        }
    }

    fn number(&mut self, count: usize) -> usize {
        usize::try_from(self.chance.below(count as u64)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn victims(victims: Victims) -> Vec<Part> {
        let mut killer = Killer::new(7, victims, 0);
        (0..200).map(|_| killer.victim()).collect()
    }

    #[test]
    fn every_part_is_killed_and_only_those_that_may_be() {
        let all = victims(Victims::All);
        for part in [Part::Server, Part::Worker(0), Part::Worker(1), Part::Gateway(0), Part::Gateway(2)] {
            assert!(all.contains(&part), "{part:?}");
        }
        assert_eq!(all, victims(Victims::All), "the same seed");
        assert!(victims(Victims::Workers).iter().all(|part| matches!(part, Part::Worker(0 | 1))));
        assert!(victims(Victims::Gateways).iter().all(|part| matches!(part, Part::Gateway(0..=2))));
        assert!(victims(Victims::Networks).iter().all(|part| matches!(part, Part::Network(0..=2))));
        assert!(victims(Victims::Server).iter().all(|part| *part == Part::Server));
    }
}
