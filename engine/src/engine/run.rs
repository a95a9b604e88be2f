//! What holds for the whole run: every part may read it, and only `step` and the actions change it.

use super::clock::Clock;
use crate::host::HostFacts;
use crate::plan::{Foreseen, Plan, PlannedTask, Rules};
use crate::policy::wait::{self, Enough, Votes};
use crate::prompt::Nonces;
use crate::session::StopReason;
use crate::task::{Cleanup, Forecast, TaskResult, WaitMode};

/// The rules of the run, its clock, and whether it is being stopped.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) rules: Rules,
    pub(super) cleanup: Cleanup,
    pub(super) nonces: Nonces,
    pub(super) clock: Clock,
    /// Bytes that are kept of each answer.
    kept_bytes: usize,
    foreseen: Option<Foreseen>,
    forecast: Forecast,
    max_concurrent: u32,
    /// The seed, once the host has supplied it with the first event.
    seed: Option<u64>,
    reports_starts: bool,
    stop: Option<StopReason>,
    enough: Option<Enough>,
    votes: Votes,
}

impl Run {
    /// A run of a plan whose tasks are kept elsewhere.
    pub(super) fn new(plan: Plan, kept_bytes: usize) -> Self {
        Self {
            kept_bytes,
            rules: plan.rules,
            cleanup: plan.cleanup,
            nonces: Nonces::new(0),
            clock: Clock::new(plan.deadline_seconds),
            foreseen: plan.foreseen,
            forecast: Forecast::default(),
            max_concurrent: plan.max_concurrent,
            seed: None,
            reports_starts: false,
            stop: None,
            enough: None,
            votes: Votes::default(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.seed.is_some()
    }

    /// Takes over what the host says with the first event.
    pub(super) fn open<'a>(&mut self, facts: &HostFacts, tasks: impl ExactSizeIterator<Item = &'a PlannedTask>) {
        self.confine(facts);
        self.forecast = crate::plan::forecast(tasks, self.foreseen.take().as_ref(), &self.rules);
        self.nonces = Nonces::new(facts.seed);
        self.seed = Some(facts.seed);
        self.reports_starts = facts.reports_starts;
    }

    /// Holds the run to what the operator of the host allows.
    pub(super) fn confine(&mut self, facts: &HostFacts) {
        if let Some(limits) = &facts.limits {
            self.rules.confine(limits);
        }
    }

    /// How many sessions may be alive at once on this host.
    pub(super) fn concurrent_on(&self, facts: &HostFacts) -> u32 {
        facts.max_concurrent.map_or(self.max_concurrent, |host| host.min(self.max_concurrent))
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The run's only source of chance.
    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or_default()
    }

    pub(super) fn reports_starts(&self) -> bool {
        self.reports_starts
    }

    pub(super) fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    pub(super) fn forecast(&self) -> Forecast {
        self.forecast
    }

    /// Whether the budget's time is over, so that no spawn call is made any more.
    pub(super) fn starts_are_over(&self) -> bool {
        self.rules.caps.seconds.is_some_and(|seconds| self.now() >= u64::from(seconds) * 1_000)
    }

    /// When no new session is started any more, or the wait is over, whichever is due next.
    pub(super) fn soft_end(&self) -> Option<u64> {
        let ends = [self.wait_until(), self.rules.caps.seconds.map(|seconds| u64::from(seconds) * 1_000)];
        ends.into_iter().flatten().filter(|at| *at > self.now()).min()
    }

    /// When the run has waited as long as it was to.
    fn wait_until(&self) -> Option<u64> {
        let wait = &self.rules.wait;
        (wait.mode == WaitMode::Until).then_some(u64::from(wait.seconds) * 1_000)
    }

    pub(super) fn stop_reason(&self) -> Option<&StopReason> {
        self.stop.as_ref()
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// Nothing new is started from now on.
    pub(super) fn stop(&mut self, reason: StopReason) {
        self.clock.stop();
        self.stop = Some(reason);
    }

    pub(super) fn deadline_reason(&self) -> StopReason {
        StopReason::Deadline { seconds: self.clock.deadline_seconds() }
    }

    /// Whether the results so far are enough to stop the rest. `result`: that of the task that has just ended, if it is waited for.
    pub(super) fn has_enough(&mut self, completed: usize, result: Option<&TaskResult>) -> bool {
        self.enough = wait::enough(&self.rules.wait, &mut self.votes, completed, result);
        self.enough.is_some()
    }

    /// Whether it has waited long enough, so that what there is has to do.
    pub(super) fn has_waited(&mut self) -> bool {
        let over = self.wait_until().is_some_and(|until| self.now() >= until);
        if over {
            self.enough = Some(Enough { value: None });
        }
        over
    }

    /// Why the run was stopped, and what was enough.
    pub(super) fn take_ends(&mut self) -> (Option<StopReason>, Option<Enough>) {
        (self.stop.take(), self.enough.take())
    }
}
