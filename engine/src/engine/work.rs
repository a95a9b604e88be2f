//! What the fate of a task may touch.

use super::action::Action;
use super::requests::Requests;
use super::run::Run;
use super::scheduler::Scheduler;
use super::tasks::Tasks;
use crate::host::Progress;
use crate::ids::TaskIndex;

/// The parts that decide about tasks. Sessions are not among them: what has to happen to a session is returned as an action.
pub(super) struct Work<'a> {
    pub(super) run: &'a Run,
    pub(super) tasks: &'a mut Tasks,
    pub(super) scheduler: &'a mut Scheduler,
    pub(super) requests: &'a mut Requests,
}

/// What follows, in order.
pub(super) type Actions = Vec<Action>;

impl Work<'_> {
    /// Reports where a task stands.
    pub(super) fn report(&mut self, task: TaskIndex) {
        let about = &self.tasks[task];
        self.requests.report(Progress {
            seq: 0,
            at_ms: self.run.clock.host_now(),
            task: about.planned.id.clone(),
            agent_type: about.planned.agent.name.clone(),
            status: about.run.status,
            ended: self.tasks.ended(),
            running: self.scheduler.in_use(),
            total: u32::try_from(self.tasks.len()).unwrap_or(u32::MAX),
        });
    }

    /// Makes a task ready, after a pause.
    pub(super) fn queue(&mut self, task: TaskIndex, pause_ms: u64) {
        let now = self.run.now();
        let at = now.saturating_add(pause_ms);
        self.tasks[task].run.ready_at = at;
        self.scheduler.queue(now, task, at);
    }
}
