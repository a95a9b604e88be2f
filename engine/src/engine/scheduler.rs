//! What may start, and when: the queue of ready tasks, and everything that holds one back.

use std::collections::BTreeSet;

use super::canary_tasks::CanaryTasks;
use crate::ids::{SessionKey, TaskIndex};
use crate::plan::{Plan, Rules};
use crate::policy::ladder::Record;
use crate::schedule::{Admission, Amount, Breaker, Budget, Group, Ready, Refusal, Slots, Verdict};
use crate::task::{ErrorCode, TaskError};

/// How long a host that refused for lack of room is left alone when no session of the run is alive that could make room.
const CAPACITY_PAUSE_MS: u64 = 1_000;

/// Each of its fields answers one question about the next start; they change together.
#[derive(Debug)]
pub(super) struct Scheduler {
    ready: Ready,
    /// Tasks that pause before their next session, and until when.
    pausing: BTreeSet<(u64, TaskIndex)>,
    slots: Slots,
    admission: Admission,
    breaker: Breaker,
    budget: Budget,
    /// Something was not started for lack of budget.
    budget_ended: bool,
    canary_tasks: CanaryTasks,
    /// The host was full while no session of the run was alive.
    no_spawn_before: u64,
    /// Sessions that may be alive although their tasks have ended. Each holds its slot.
    leaked: Vec<SessionKey>,
}

impl Scheduler {
    pub(super) fn new(plan: &Plan) -> Self {
        let rules = &plan.rules;
        Self {
            ready: Ready::new(plan),
            pausing: BTreeSet::new(),
            slots: Slots::new(plan.max_concurrent),
            admission: Admission::new(plan.max_concurrent, rules.start_interval_ms, 0),
            breaker: Breaker::new(rules.breaker),
            budget: Budget::new(&rules.caps),
            budget_ended: false,
            canary_tasks: CanaryTasks::new(rules.canary),
            no_spawn_before: 0,
            leaked: Vec::new(),
        }
    }

    /// The host allows so many sessions at once, and has supplied the seed.
    pub(super) fn open(&mut self, concurrent: u32, rules: &Rules, seed: u64) {
        self.slots = Slots::new(concurrent);
        self.admission = Admission::new(concurrent, rules.start_interval_ms, seed);
        self.budget.confine(&rules.caps);
    }

    /// Another host goes on with the run, or the operator has changed the limits.
    pub(super) fn confine(&mut self, concurrent: u32, rules: &Rules) {
        self.slots.resize(concurrent);
        self.budget.confine(&rules.caps);
    }

    /// Takes in the task that comes next by number; `dependencies` are those that have not ended.
    pub(super) fn add(&mut self, task: TaskIndex, dependencies: &[TaskIndex], priority: i32) {
        self.ready.add(task, dependencies, priority);
    }

    /// Makes a task ready at this time.
    pub(super) fn queue(&mut self, now: u64, task: TaskIndex, at: u64) {
        if at > now {
            self.pausing.insert((at, task));
        } else {
            self.ready.put(task);
        }
    }

    /// Makes tasks ready whose pause is over.
    pub(super) fn end_pauses(&mut self, now: u64) {
        while let Some(&(at, task)) = self.pausing.first().filter(|(at, _)| *at <= now) {
            self.pausing.remove(&(at, task));
            self.ready.put(task);
        }
    }

    /// The task has ended. `ready_at`: until when it paused, if it did.
    pub(super) fn withdraw(&mut self, task: TaskIndex, ready_at: u64) {
        self.ready.withdraw(task);
        self.pausing.remove(&(ready_at, task));
    }

    /// A dependency of the task has ended. Whether it is ready with that.
    pub(super) fn satisfied(&mut self, task: TaskIndex) -> bool {
        self.ready.satisfied(task)
    }

    pub(super) fn dependants_of(&self, task: TaskIndex) -> Vec<TaskIndex> {
        self.ready.dependants_of(task)
    }

    pub(super) fn in_order(&self) -> impl Iterator<Item = TaskIndex> {
        self.ready.in_order()
    }

    /// Whether anything may start now, whichever task it is.
    pub(super) fn may_start(&self, now: u64) -> bool {
        now >= self.no_spawn_before && self.slots.has_room() && self.admission.may_start(now)
    }

    pub(super) fn has_slot(&self) -> bool {
        self.slots.has_room()
    }

    /// Whether the model has room for another session.
    pub(super) fn admits(&self, group: &Group, now: u64) -> bool {
        self.admission.has_room(&group.1, now)
    }

    pub(super) fn circuit(&self, group: &Group, now: u64) -> Verdict {
        self.breaker.verdict(group, now)
    }

    pub(super) fn is_closed(&self, group: &Group, now: u64) -> bool {
        self.circuit(group, now) == Verdict::Closed
    }

    /// How sessions of this agent type under this model did so far.
    pub(super) fn record(&self, group: &Group) -> Record {
        self.breaker.record(group)
    }

    /// When the next pause of a task is over.
    pub(super) fn pause_ends_at(&self) -> Option<u64> {
        self.pausing.first().map(|(at, _)| *at)
    }

    /// When a ready task may start that the clock alone holds back.
    pub(super) fn wake_at(&self, now: u64) -> Option<u64> {
        let times = [
            (self.no_spawn_before > now).then_some(self.no_spawn_before),
            self.admission.wake_at(now),
            self.breaker.wake_at(now),
        ];
        let waiting = !self.ready.is_empty() && self.slots.has_room();
        times.into_iter().flatten().min().filter(|_| waiting)
    }

    /// Whether the budget has room for this. A refusal for good is remembered for the report.
    pub(super) fn admit(&self, amount: Amount) -> Result<(), Refusal> {
        self.budget.admit(amount)
    }

    /// A session is asked for.
    pub(super) fn started(&mut self, now: u64, group: &Group, reserved: Amount) {
        self.budget.reserve(reserved);
        self.slots.take();
        self.admission.started(&group.1, now);
        self.breaker.started(group, now);
    }

    /// The next session of a task has been started: it is no longer ready. `first`: it is the task's first one.
    pub(super) fn took(&mut self, task: TaskIndex, first: bool) {
        self.ready.take(task);
        if first {
            self.canary_tasks.started();
        }
    }

    /// The host accepted a session.
    pub(super) fn accepted(&mut self) {
        self.admission.taken();
    }

    /// The host had no room for a session.
    pub(super) fn host_is_full(&mut self, now: u64, group: &Group, started: u64, reserved: Amount) {
        self.take_back(group, started, reserved);
        self.slots.host_is_full();
        if self.slots.in_use() == 0 {
            self.no_spawn_before = now + CAPACITY_PAUSE_MS;
        }
    }

    /// The host had no time for a session.
    pub(super) fn host_is_busy(&mut self, group: &Group, started: u64, reserved: Amount) {
        self.take_back(group, started, reserved);
        self.slots.put_back();
    }

    fn take_back(&mut self, group: &Group, started: u64, reserved: Amount) {
        self.budget.withdraw(reserved);
        self.admission.over(&group.1);
        self.breaker.withdrawn(group, started);
    }

    /// A session is over and is not alive any more.
    pub(super) fn over(&mut self, group: &Group) {
        self.slots.give_back();
        self.admission.over(&group.1);
    }

    /// A session is over, and may be alive. `session`: by which a person can find it.
    pub(super) fn leaked(&mut self, group: &Group, session: Option<SessionKey>) {
        self.slots.lose();
        self.leaked.extend(session);
        self.admission.over(&group.1);
    }

    /// A session that would not stop has ended by itself.
    pub(super) fn no_longer_leaked(&mut self, session: &SessionKey) {
        if let Some(place) = self.leaked.iter().position(|leaked| leaked == session) {
            self.leaked.remove(place);
            self.slots.regain();
        }
    }

    /// Whether leaked sessions hold all slots.
    pub(super) fn all_leaked(&self) -> bool {
        self.slots.all_lost()
    }

    /// What the end of a session says about its model and about the host: when it was started, and what the host wants.
    pub(super) fn learn(
        &mut self,
        now: u64,
        group: &Group,
        error: Option<&TaskError>,
        started: u64,
        retry_after_ms: Option<u64>,
    ) {
        match error.map(|error| error.code) {
            None => self.admission.went_well(&group.1),
            // A server that is not ready for one session is ready for none: one of them finds out.
            Some(ErrorCode::RateLimited | ErrorCode::ModelNotReady) => {
                self.rate_limited(now, group, started, retry_after_ms)
            }
            Some(ErrorCode::GatewayUnavailable | ErrorCode::SpawnInDoubt | ErrorCode::HostBusy) => self.pressed(),
            Some(_) => {}
        }
    }

    pub(super) fn rate_limited(&mut self, now: u64, group: &Group, started: u64, retry_after_ms: Option<u64>) {
        self.admission.rate_limited(&group.1, started, now, retry_after_ms);
    }

    /// The host needs time between two starts.
    pub(super) fn pressed(&mut self) {
        self.admission.pressed();
    }

    /// A session that was started then says nothing about its agent type and model.
    pub(super) fn no_evidence(&mut self, group: &Group, started: u64) {
        self.breaker.withdrawn(group, started);
    }

    /// Enters how a session did. Whether that opened its circuit.
    pub(super) fn evidence(
        &mut self,
        now: u64,
        group: &Group,
        started: u64,
        error: Option<&TaskError>,
        repeatable: bool,
    ) -> bool {
        self.breaker.ended(group, started, now, error, repeatable)
    }

    pub(super) fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Something is not started for lack of budget.
    pub(super) fn end_budget(&mut self) {
        self.budget_ended = true;
    }

    pub(super) fn canary_tasks(&mut self) -> &mut CanaryTasks {
        &mut self.canary_tasks
    }

    pub(super) fn waits_for_canary_tasks(&self) -> bool {
        self.canary_tasks.hold_others()
    }

    pub(super) fn in_use(&self) -> u32 {
        self.slots.in_use()
    }

    /// The most sessions that were alive at once.
    pub(super) fn peak(&self) -> u32 {
        self.slots.peak()
    }

    /// What was spent, and whether something was not started for lack of it.
    pub(super) fn spending(&self) -> (crate::task::BudgetReport, bool) {
        (self.budget.report(), self.budget_ended)
    }

    pub(super) fn take_leaked(&mut self) -> Vec<SessionKey> {
        std::mem::take(&mut self.leaked)
    }
}
