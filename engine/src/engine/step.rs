//! One event in, commands out.

use super::state::Engine;
use crate::host::{Command, Event, EventKind};
use crate::ids::TaskIndex;
use crate::plan::PlannedTask;
use crate::problem::CallError;
use crate::task::TaskStatus;
use crate::workflow::Workflow;

impl Engine {
    /// Takes in one event and returns what is to be done, in order.
    pub fn step(&mut self, event: Event, workflow: &mut dyn Workflow) -> Vec<Command> {
        if self.over {
            return Vec::new();
        }
        let is_new = self.advance(&event);
        match (self.run.is_open(), event.what) {
            (false, EventKind::Opened(facts)) => {
                if let Err(problem) = self.opened(&facts) {
                    self.over = true;
                    self.finished = Some(Err(CallError::invalid(vec![problem])));
                    return Vec::new();
                }
            }
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

    /// Tells the workflow what has ended and takes in what it wants done next.
    fn tell_workflow(&mut self, workflow: &mut dyn Workflow) {
        while let Some(task) = self.tasks.next_ended() {
            let Some(result) = self.tasks[task].run.result() else { continue };
            for planned in workflow.ended(result, self.tasks.next_index()) {
                self.add(planned);
            }
            if let Some(item) = workflow.take_final() {
                self.requests.hand_over(item.result);
                item.tasks.for_each(|task| self.tasks.let_go_of_output(TaskIndex(task)));
            }
            // What was added may end at once, which is told in the next round.
            self.start_sessions();
        }
    }

    /// Takes in a task while the run lasts. On a run that is being stopped it ends without having started.
    fn add(&mut self, planned: PlannedTask) {
        let has_ended = |on: &TaskIndex| self.tasks.has_ended(*on);
        let (ended, open): (Vec<_>, Vec<_>) = planned.dependencies.iter().copied().partition(has_ended);
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
}
