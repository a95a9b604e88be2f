//! Takes each event to the part that it concerns. What a method here returns is whether the event changed anything.

use super::action::Action;
use super::booking;
use super::requests::Purpose;
use super::session_index::Lookup;
use super::state::Engine;
use crate::host::{EventKind, HostError, HostFacts, Receipt, Reply, SessionEnd};
use crate::ids::{AttemptIndex, RequestId, SessionKey, TaskId};
use crate::policy::model_check;
use crate::problem::Problem;
use crate::session::{Input, StopReason};
use crate::task::ErrorCode;

impl Engine {
    pub(super) fn handle(&mut self, what: EventKind) -> bool {
        match what {
            EventKind::TimerFired => true,
            EventKind::Opened(facts) => self.opened_again(&facts),
            EventKind::Answered { request, outcome } => self.answered(request, outcome),
            EventKind::SessionStarted(session) => self.session_started(&session),
            EventKind::SessionEnded(end) => self.session_ended(end),
            EventKind::StopRequested { task, reason } => self.stop_requested(task, reason),
        }
    }

    /// The first event. An error: the operator allows no such run.
    pub(super) fn opened(&mut self, facts: &HostFacts) -> Result<(), Problem> {
        if let Some(problem) = facts.limits.as_ref().and_then(|limits| limits.refuse(self.tasks.len())) {
            return Err(problem);
        }
        self.run.open(facts, self.tasks.planned());
        self.scheduler.open(self.run.concurrent_on(facts), &self.run.rules, facts.seed);
        Ok(())
    }

    /// Another host goes on with the run, or the operator has changed the limits.
    fn opened_again(&mut self, facts: &HostFacts) -> bool {
        self.run.confine(facts);
        self.scheduler.confine(self.run.concurrent_on(facts), &self.run.rules);
        true
    }

    fn session_started(&mut self, session: &SessionKey) -> bool {
        let now = self.run.now();
        let (Lookup::Open(attempt) | Lookup::Ended(attempt)) = self.sessions.look_up(session) else { return false };
        self.reconciling.heard(now);
        self.attempts[attempt].running_since.get_or_insert(now);
        let used = self.input(attempt, Input::Started);
        self.attempts.moved(now);
        used
    }

    pub(super) fn session_ended(&mut self, end: SessionEnd) -> bool {
        let now = self.run.now();
        let index = match self.sessions.end(&end.session) {
            Lookup::Open(attempt) => attempt,
            Lookup::Ended(_) | Lookup::Unknown => return false,
        };
        self.scheduler.no_longer_leaked(&end.session);
        self.reconciling.heard(now);
        let (rules, attempt) = (&self.run.rules, &mut self.attempts[index]);
        booking::book_excess(rules, self.scheduler.budget(), attempt, &end);
        let task = &mut self.tasks[attempt.task].run;
        booking::book_late(rules, self.scheduler.budget(), attempt, task, &end);
        // An end that follows an answered cancellation is expected and changes nothing.
        self.input(index, Input::Ended(end));
        self.attempts.moved(now);
        true
    }

    fn stop_requested(&mut self, task: Option<TaskId>, reason: String) -> bool {
        let reason = StopReason::Caller(reason);
        let Some(id) = task else {
            let first = !self.run.is_stopping();
            if first {
                self.carry_out(vec![Action::StopAll(reason)]);
            }
            return first;
        };
        let Some(task) = self.tasks.find(&id) else { return false };
        let mut used = false;
        for action in self.work().stop_task(task, &reason) {
            match action {
                Action::Input(attempt, input) => used |= self.input(attempt, input),
                other => {
                    self.carry_out(vec![other]);
                    used = true;
                }
            }
        }
        used
    }

    fn answered(&mut self, request: RequestId, outcome: Result<Reply, HostError>) -> bool {
        match self.requests.take(request) {
            // A call that goes on is told what its sessions have used before it is told of their ends.
            None => matches!(&outcome, Ok(Reply::Listed(page)) if self.used_meanwhile(&page.sessions)),
            Some(Purpose::Spawn(attempt)) => self.spawned(attempt, outcome),
            Some(Purpose::Attach(attempt)) => {
                let receipt = reply(outcome, |reply| match reply {
                    Reply::Attached(receipt) => Some(receipt),
                    _ => None,
                });
                self.received(attempt, receipt)
            }
            Some(Purpose::Read(attempt)) => {
                let page = reply(outcome, |reply| match reply {
                    Reply::History(page) => Some(page),
                    _ => None,
                });
                self.input(attempt, Input::History(page))
            }
            Some(Purpose::Cancel(attempt)) => {
                let cancelled = reply(outcome, |reply| matches!(reply, Reply::Cancelled).then_some(()));
                // The session may have ended by itself meanwhile; then the answer changes nothing.
                self.input(attempt, Input::Cancelled(cancelled));
                true
            }
            Some(Purpose::List { look, page }) => {
                self.listed(look, page, outcome);
                true
            }
            Some(Purpose::Delete(session)) => {
                let deleted = reply(outcome, |reply| matches!(reply, Reply::Deleted).then_some(()));
                self.deletions.answered(self.run.now(), &session, deleted)
            }
        }
    }

    fn spawned(&mut self, attempt: AttemptIndex, outcome: Result<Reply, HostError>) -> bool {
        let receipt = reply(outcome, |reply| match reply {
            Reply::Spawned(receipt) => Some(receipt),
            _ => None,
        });
        let receipt = receipt.and_then(|receipt| self.register(attempt, receipt));
        match &receipt {
            Ok(_) => self.scheduler.accepted(),
            Err(HostError::Exhausted(_)) => {
                let why = "the host's total number of sessions is used up";
                let actions = self.work().fail_pending(ErrorCode::HostTotalCap, why);
                self.carry_out(actions);
            }
            Err(_) => {}
        }
        self.take_receipt(attempt, receipt)
    }

    fn received(&mut self, attempt: AttemptIndex, receipt: Result<Receipt, HostError>) -> bool {
        let receipt = receipt.and_then(|receipt| self.register(attempt, receipt));
        self.take_receipt(attempt, receipt)
    }

    /// A receipt has to name a session of its own; otherwise it is no answer at all.
    fn register(&mut self, attempt: AttemptIndex, receipt: Receipt) -> Result<Receipt, HostError> {
        if !receipt.names_a_session() || !self.sessions.enter(&receipt.session_key, attempt) {
            let why = "the receipt names no session, or that of another task";
            return Err(HostError::InDoubt(why.to_owned()));
        }
        self.reconciling.heard(self.run.now());
        Ok(receipt)
    }

    fn take_receipt(&mut self, attempt: AttemptIndex, receipt: Result<Receipt, HostError>) -> bool {
        let used = self.input(attempt, Input::Spawned(receipt));
        self.check_model(attempt);
        used
    }

    /// After a receipt: notes that the session runs, where the host does not report that, and stops it at once if its model
    /// is not the one that was asked for.
    fn check_model(&mut self, index: AttemptIndex) {
        let now = self.run.now();
        let attempt = &mut self.attempts[index];
        if attempt.session().is_none() {
            return;
        }
        attempt.options = None;
        if attempt.is_running() {
            attempt.running_since.get_or_insert(now);
        }
        let (requested, applied) = (attempt.model.as_deref(), attempt.applied_model());
        if self.run.rules.strict_model && model_check::differ(requested, applied) {
            let own = |model: Option<&str>| model.unwrap_or_default().to_owned();
            let reason = StopReason::OtherModel { requested: own(requested), applied: own(applied) };
            self.input(index, Input::Stop(reason));
        }
    }
}

/// The reply of the kind that the request was for.
fn reply<T>(outcome: Result<Reply, HostError>, pick: impl FnOnce(Reply) -> Option<T>) -> Result<T, HostError> {
    let wrong = || HostError::InDoubt("the answer belongs to another kind of request".to_owned());
    pick(outcome?).ok_or_else(wrong)
}
