//! Runs of seeds, held to what every run has to keep.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use futures::executor::block_on;

use super::case::Cut;
use super::explorer::Explorer;
use super::perturbations::{Perturbation, Plain};
use super::tally::Tally;
use super::{calm, check, perturbing};
use crate::checker::Excuses;

impl Explorer<'_> {
    /// Runs many seeds, several at a time, and calls `done` after each. The result does not depend on the number of threads.
    pub fn explore(&self, seeds: Range<u64>, threads: usize, done: impl Fn() + Sync) -> Tally {
        let next = AtomicU64::new(seeds.start);
        let work = || {
            let mut tally = Tally::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return tally;
                }
                block_on(self.run(seed, &mut tally));
                done();
            }
        };
        let mut tally = Tally::default();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                match worker.join() {
                    Ok(part) => tally.add(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        tally
    }

    /// Runs the run of a seed, does to it what is to be done, and enters everything that is wrong with it.
    pub async fn run(&self, seed: u64, tally: &mut Tally) {
        self.carry_out(seed, &self.options.cut, tally).await;
    }

    /// Runs the run of a seed once, and gives all of it as text: its request, its stops, then all commands and events.
    pub async fn traced(&self, seed: u64) -> String {
        let case = self.case(seed).cut(&self.options.cut);
        let mut simulation = self.simulation(&case, seed);
        simulation.keep_trace();
        let called = self.call(&case, simulation).await;
        let faults = serde_json::to_value(case.script.faults()).unwrap_or_default();
        let host = serde_json::to_value(case.script.host()).unwrap_or_default();
        let stops = &case.stops;
        let mut text = format!("{} {:#}\nstops {stops:?}\nhost {host}\nfaults {faults}\n", case.function, case.request);
        text.push_str(called.backend.trace().text());
        for finding in check::check(&case, &called, &mut Excuses::default()) {
            text.push_str(&format!("{finding}\n"));
        }
        text
    }

    pub(super) async fn carry_out(&self, seed: u64, cut: &Cut, tally: &mut Tally) {
        let case = self.case(seed).cut(cut);
        let called = self.call(&case, self.simulation(&case, seed)).await;
        tally.seeds += 1;
        tally.copies.calm_runs += u64::from(calm::is_calm(&case));
        tally.count(&called);
        let plain = Plain { seed, case, called };
        // First, since what is not the same twice says nothing about anything else.
        if self.options.perturbations.contains(&Perturbation::Again) {
            perturbing::carry_out(Perturbation::Again, self, &plain, tally).await;
        }
        tally.enter(&plain.called);
        let found = check::check(&plain.case, &plain.called, &mut tally.excuses);
        tally.note(seed, "", found);
        for perturbation in
            self.options.perturbations.iter().filter(|perturbation| **perturbation != Perturbation::Again)
        {
            perturbing::carry_out(*perturbation, self, &plain, tally).await;
        }
    }
}
