//! The sessions that the engine asked for, from the spawn call to the end.

use std::collections::BTreeSet;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::alarms::{Alarm, Alarms};
use crate::arena::Arena;
use crate::host::SpawnOptions;
use crate::ids::{AttemptIndex, SessionKey, TaskIndex};
use crate::schedule::{Amount, Group};
use crate::session::{Ending, Input, Machine, Step, StopReason};
use crate::task::{AttemptKind, Tier};

/// One session, and what it was asked for.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    pub(super) task: TaskIndex,
    /// Counted from 1 within its task.
    pub(super) number: u32,
    pub(super) kind: AttemptKind,
    /// The tier that was asked for, where the run has models for tiers.
    pub(super) tier: Option<Tier>,
    /// The model that was asked for.
    pub(super) model: Option<String>,
    /// The circuit that it belongs to, until it ends.
    pub(super) group: Group,
    /// The arguments of the spawn call, until the host has answered it.
    pub(super) options: Option<Arc<SpawnOptions>>,
    /// Until it ends. Boxed, as most sessions of a long run are over.
    pub(super) machine: Option<Box<Machine>>,
    /// When the machine's timer fires; kept beside it so that the old alarm can be found.
    pub(super) alarm: Option<Alarm>,
    /// When the session was asked for.
    pub(super) started_ms: u64,
    /// When it began to run, as far as the host reports that.
    pub(super) running_since: Option<u64>,
    /// What it may take of the budget, or has taken beyond that.
    pub(super) reserved: Amount,
}

impl Attempt {
    /// Whether it has not ended, as far as its task is concerned.
    pub(super) fn is_open(&self) -> bool {
        self.machine.is_some()
    }

    pub(super) fn is_running(&self) -> bool {
        self.machine.as_ref().is_some_and(|machine| machine.is_running())
    }

    /// The key of its session, while it has not ended. None also: there is no receipt yet.
    pub(super) fn session(&self) -> Option<&SessionKey> {
        self.machine.as_ref()?.session()
    }

    /// The model that runs, as far as the host says.
    pub(super) fn applied_model(&self) -> Option<&str> {
        self.machine.as_ref()?.model()
    }
}

/// All of them, those that have not ended, and when their timers fire.
#[derive(Debug)]
pub(super) struct Attempts {
    all: Arena<AttemptIndex, Attempt>,
    live: BTreeSet<AttemptIndex>,
    /// How many of them run, as far as the host reports that.
    running: usize,
    alarms: Alarms,
}

impl Attempts {
    pub(super) fn with_capacity(attempts: usize) -> Self {
        Self { all: Arena::with_capacity(attempts), live: BTreeSet::new(), running: 0, alarms: Alarms::default() }
    }

    /// The index of the attempt that is added next.
    pub(super) fn next_index(&self) -> AttemptIndex {
        self.all.next_index()
    }

    pub(super) fn add(&mut self, attempt: Attempt) {
        let index = self.all.push(attempt);
        self.live.insert(index);
    }

    /// Gives a session an input.
    pub(super) fn step(&mut self, now: u64, index: AttemptIndex, input: Input) -> Step {
        let step = self.change(index, |machine| machine.as_mut().map(|machine| machine.step(now, input)));
        let step = step.unwrap_or(Step::Ignored);
        if step != Step::Ignored {
            self.reset_alarm(index);
        }
        step
    }

    /// Ends a session at once, whatever the host still owes. None: it has ended.
    pub(super) fn give_up(&mut self, index: AttemptIndex, reason: &StopReason) -> Option<Ending> {
        self.change(index, |machine| machine.as_mut().map(|machine| machine.give_up(reason)))
    }

    /// Notes that a session has ended. Its key and the arguments of its spawn call, if it had them still.
    pub(super) fn close(&mut self, index: AttemptIndex) -> (Option<SessionKey>, Option<Arc<SpawnOptions>>) {
        let machine = self.change(index, Option::take);
        let session = machine.and_then(|machine| machine.session().cloned());
        let options = self.all[index].options.take();
        self.live.remove(&index);
        self.reset_alarm(index);
        (session, options)
    }

    /// Changes a machine, and counts whether it runs after that.
    fn change<T>(&mut self, index: AttemptIndex, change: impl FnOnce(&mut Option<Box<Machine>>) -> T) -> T {
        let attempt = &mut self.all[index];
        let ran = attempt.is_running();
        let result = change(&mut attempt.machine);
        self.running = self.running + usize::from(attempt.is_running()) - usize::from(ran);
        result
    }

    pub(super) fn live(&self) -> impl Iterator<Item = AttemptIndex> {
        self.live.iter().copied()
    }

    pub(super) fn is_live(&self, index: AttemptIndex) -> bool {
        self.live.contains(&index)
    }

    pub(super) fn all_over(&self) -> bool {
        self.live.is_empty()
    }

    /// A session of the run started, ended or runs: those in the host's queue get more time.
    pub(super) fn moved(&mut self, now: u64) {
        self.alarms.moved(now);
    }

    pub(super) fn any_running(&self) -> bool {
        self.running > 0
    }

    /// The next session whose timer fires now.
    pub(super) fn take_due(&mut self, now: u64) -> Option<AttemptIndex> {
        let index = self.alarms.take_due(now)?;
        self.all[index].alarm = None;
        Some(index)
    }

    pub(super) fn wake_at(&self) -> Option<u64> {
        self.alarms.first().map(|(at, _)| at)
    }

    /// Gives the memory back: nothing more happens to a session.
    pub(super) fn forget(&mut self) {
        self.all.take();
        self.running = 0;
    }

    fn reset_alarm(&mut self, index: AttemptIndex) {
        let attempt = &mut self.all[index];
        let machine = attempt.machine.as_ref();
        let wanted =
            machine.and_then(|machine| Some(Alarm { at: machine.wake_at()?, after_move: machine.queue_timeout_ms() }));
        if attempt.alarm == wanted {
            return;
        }
        if let Some(old) = std::mem::replace(&mut attempt.alarm, wanted) {
            self.alarms.clear(index, old);
        }
        if let Some(alarm) = wanted {
            self.alarms.set(index, alarm);
        }
    }
}

impl Index<AttemptIndex> for Attempts {
    type Output = Attempt;

    fn index(&self, index: AttemptIndex) -> &Attempt {
        &self.all[index]
    }
}

impl IndexMut<AttemptIndex> for Attempts {
    fn index_mut(&mut self, index: AttemptIndex) -> &mut Attempt {
        &mut self.all[index]
    }
}
