//! All parts of a run.

use super::attempts::Attempts;
use super::deletions::Deletions;
use super::hedges::Hedges;
use super::reconciling::Reconciling;
use super::requests::Requests;
use super::run::Run;
use super::scheduler::Scheduler;
use super::session_index::SessionIndex;
use super::tasks::Tasks;
use super::work::Work;
use crate::plan::Plan;
use crate::problem::CallError;
use crate::task::RunReport;

/// One run of one plan.
#[derive(Debug)]
pub struct Engine {
    pub(super) run: Run,
    pub(super) tasks: Tasks,
    pub(super) attempts: Attempts,
    pub(super) sessions: SessionIndex,
    pub(super) scheduler: Scheduler,
    pub(super) requests: Requests,
    pub(super) deletions: Deletions,
    pub(super) reconciling: Reconciling,
    pub(super) hedges: Hedges,
    /// Events that changed nothing.
    pub(super) ignored_events: u32,
    pub(super) over: bool,
    pub(super) finished: Option<Result<RunReport, CallError>>,
}

impl Engine {
    /// A run that begins with its first event.
    pub fn new(mut plan: Plan) -> Self {
        let scheduler = Scheduler::new(&plan);
        let kept_bytes = plan.kept_bytes();
        let tasks = std::mem::take(&mut plan.tasks);
        Self {
            run: Run::new(plan, kept_bytes),
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

    /// The result, once there is one. After it, `step` does nothing.
    pub fn finished(&mut self) -> Option<Result<RunReport, CallError>> {
        self.finished.take()
    }

    pub(super) fn work(&mut self) -> Work<'_> {
        self.work_and_attempts().0
    }

    pub(super) fn work_and_attempts(&mut self) -> (Work<'_>, &mut Attempts) {
        let Self { run, tasks, scheduler, requests, attempts, .. } = self;
        (Work { run, tasks, scheduler, requests }, attempts)
    }
}
