//! The state of a run: events go in, commands come out. No clock, no random numbers, no input or output.
//!
//! What may happen is decided elsewhere: the plan says what may start, `schedule` whether there is room, `session` what a
//! session does, `policy` what follows from how it ended, `answer` whether an answer counts. Here is what a run remembers, in
//! parts that keep their fields to themselves:
//!
//! - read by all: [`run`] with the [`clock`];
//! - of tasks: [`tasks`], [`scheduler`], [`requests`]. Code that decides about tasks (an `impl Work`) gets these and no
//!   others; what has to happen to a session it returns as an action;
//! - of sessions: [`attempts`], [`session_index`], [`reconciling`], [`deletions`], [`hedges`].
//!
//! `step` takes an event to its part ([`events`], [`timers`], [`looks`]), and what that returns to the next ([`actions`]).

mod actions;
mod alarms;
mod answer_check;
mod attempts;
mod booking;
mod canary_tasks;
mod choice;
mod clock;
mod deletions;
mod events;
mod follow_up;
mod hedges;
mod judge;
mod looks;
mod put_back;
mod reconciling;
mod requests;
mod run;
mod run_end;
mod scheduler;
mod session_end;
mod session_index;
mod start;
mod task_end;
mod task_run;
mod tasks;
mod timers;
mod work;

use crate::canary;
use crate::host::{Command, Event, Happening};
use crate::ids::TaskIndex;
use crate::plan::{Plan, PlannedTask};
use crate::problem::CallError;
use crate::task::{AttemptKind, RunReport, TaskStatus};
use crate::workflow::Workflow;

use attempts::Attempts;
use choice::Target;
use clock::Clock;
use deletions::Deletions;
use hedges::Hedges;
use reconciling::Reconciling;
use requests::Requests;
use run::Run;
use scheduler::Scheduler;
use session_index::SessionIndex;
use tasks::Tasks;
use work::Work;

/// One run of one plan.
#[derive(Debug)]
pub struct Engine {
    run: Run,
    tasks: Tasks,
    attempts: Attempts,
    sessions: SessionIndex,
    scheduler: Scheduler,
    requests: Requests,
    deletions: Deletions,
    reconciling: Reconciling,
    hedges: Hedges,
    /// Events that changed nothing.
    ignored_events: u32,
    over: bool,
    finished: Option<Result<RunReport, CallError>>,
}

impl Engine {
    /// A run that begins with its first event.
    pub fn new(plan: Plan) -> Self {
        let scheduler = Scheduler::new(&plan);
        let Plan { tasks, max_concurrent, deadline_seconds, cleanup, rules } = plan;
        Self {
            run: Run::new(rules, cleanup, Clock::new(deadline_seconds), max_concurrent),
            attempts: Attempts::with_capacity(tasks.len()),
            tasks: Tasks::new(tasks),
            sessions: SessionIndex::default(),
            scheduler,
            requests: Requests::new(),
            deletions: Deletions::default(),
            reconciling: Reconciling::default(),
            hedges: Hedges::default(),
            ignored_events: 0,
            over: false,
            finished: None,
        }
    }

    /// Takes in one event and returns what is to be done, in order.
    pub fn step(&mut self, event: Event, workflow: &mut dyn Workflow) -> Vec<Command> {
        if self.over {
            return Vec::new();
        }
        let is_new = self.advance(&event);
        match (self.run.is_open(), event.what) {
            (false, Happening::Opened(facts)) => self.opened(&facts),
            (false, _) => {
                let message = "the first event has to be `opened`".to_owned();
                self.over = true;
                self.finished = Some(Err(CallError::HostProtocol(message)));
                return Vec::new();
            }
            (true, what) => {
                let used = is_new && self.handle(what);
                self.ignored_events += u32::from(!used);
            }
        }
        self.fire_timers();
        self.start_sessions();
        self.tell_workflow(workflow);
        self.end_if_done();
        self.requests.take_commands()
    }

    /// The result, once there is one. After it, `step` does nothing.
    pub fn finished(&mut self) -> Option<Result<RunReport, CallError>> {
        self.finished.take()
    }

    /// Until when to wait for the next event, on the host's clock. None: before the first event.
    pub fn wake_at(&self) -> Option<u64> {
        self.next_timer().filter(|_| self.run.is_open()).map(|at| self.run.clock.on_host(at))
    }

    /// Takes in when an event happened. False: it was reported before, and says nothing but the time, which a host that
    /// counts wrong has as well.
    fn advance(&mut self, event: &Event) -> bool {
        let is_new = self.run.clock.is_new(event.seq);
        let at = if is_new { event.at_ms } else { event.at_ms.max(self.run.clock.host_now()) };
        if self.run.is_open() {
            let asked_until = if self.run.clock.jumps_to(at) { self.wake_at() } else { None };
            self.run.clock.advance(at, asked_until);
        } else {
            self.run.clock.open(at);
        }
        is_new
    }

    /// Starts as many sessions as there is room for.
    fn start_sessions(&mut self) {
        let now = self.run.now();
        while (!self.run.is_stopping() || canary::is("spawn-after-stop")) && self.scheduler.may_start(now) {
            let (mut work, attempts) = self.work_and_attempts();
            let started = work.choose().and_then(|choice| work.start(attempts, choice));
            let Some(actions) = started else { break };
            self.carry_out(actions);
        }
        self.start_hedges();
        if self.scheduler.all_leaked() {
            let why = "sessions that would not stop hold all the room that this run may use";
            let actions = self.work().fail_pending("E_SLOTS_LOST", why);
            self.carry_out(actions);
        }
    }

    /// Gives late sessions of tasks that may run twice a second one, as far as the allowance goes.
    fn start_hedges(&mut self) {
        let now = self.run.now();
        for index in self.hedges.late(&self.run, &self.tasks, &self.attempts) {
            if !self.scheduler.has_slot() || !self.hedges.has_allowance(&self.tasks) {
                continue;
            }
            let late = &self.attempts[index];
            let task = late.task;
            let target = Target { tier: late.tier, model: late.model.clone(), group: late.group.clone() };
            // It is a luxury: without room or money there is none.
            if !self.scheduler.admits(&target.group, now) || !self.scheduler.is_closed(&target.group, now) {
                continue;
            }
            let (mut work, attempts) = self.work_and_attempts();
            if work.open_attempt(attempts, task, AttemptKind::Hedge, target).is_ok() {
                self.hedges.count_start();
                self.tasks[task].run.used.hedges += 1;
            }
        }
    }

    /// Tells the workflow what has ended and takes in what it wants done next.
    fn tell_workflow(&mut self, workflow: &mut dyn Workflow) {
        while let Some(task) = self.tasks.next_ended() {
            let Some(result) = self.tasks[task].run.result() else { continue };
            for planned in workflow.ended(result, self.tasks.next_index()) {
                self.add(planned);
            }
            // What was added may end at once, which is told in the next round.
            self.start_sessions();
        }
    }

    /// Takes in a task while the run lasts. On a run that is being stopped it ends without having started.
    fn add(&mut self, planned: PlannedTask) {
        let ends = |on: &TaskIndex| self.tasks.status(*on).is_final();
        let (ended, open): (Vec<_>, Vec<_>) = planned.dependencies.iter().copied().partition(ends);
        let priority = planned.priority;
        let task = self.tasks.add(planned, self.run.now());
        self.scheduler.add(task, &open, priority);
        if let Some(reason) = self.run.stop_reason().cloned() {
            let actions = self.work().stop_task(task, &reason);
            self.carry_out(actions);
        }
        for dependency in ended {
            if self.tasks.status(dependency) != TaskStatus::Completed {
                let actions = self.work().dependency_failed(task, dependency, false);
                self.carry_out(actions);
            }
        }
    }

    fn work(&mut self) -> Work<'_> {
        self.work_and_attempts().0
    }

    fn work_and_attempts(&mut self) -> (Work<'_>, &mut Attempts) {
        let Self { run, tasks, scheduler, requests, attempts, .. } = self;
        (Work { run, tasks, scheduler, requests }, attempts)
    }
}

#[cfg(test)]
mod tests;
