//! Takes the host's answers to whoever asked.

use super::{Engine, Purpose};
use crate::canary;
use crate::host::{HostError, Receipt, Reply};
use crate::ids::{AttemptIndex, RequestId};
use crate::policy::attest;
use crate::session::{Input, StopReason};

impl Engine {
    /// False: nobody asked, or the answer changes nothing.
    pub(super) fn answered(&mut self, request: RequestId, outcome: Result<Reply, HostError>) -> bool {
        let wrong = || HostError::InDoubt("the answer belongs to another kind of request".to_owned());
        match self.requests.remove(&request) {
            // A call that goes on is told what its sessions have used before it is told of their ends.
            None => matches!(&outcome, Ok(Reply::Listed(page)) if self.used_meanwhile(&page.sessions)),
            Some(Purpose::Spawn(attempt)) => {
                let receipt = match outcome {
                    Ok(Reply::Spawned(receipt)) => self.register(attempt, receipt),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                match &receipt {
                    Err(HostError::Exhausted(_)) => {
                        self.fail_pending("E_HOST_TOTAL_CAP", "the host's total number of sessions is used up");
                    }
                    Err(_) => {}
                    Ok(_) => {
                        self.admission.taken();
                        if canary::is("count-at-acknowledgement") {
                            self.slots.take();
                        }
                    }
                }
                let used = self.drive(attempt, Input::Spawned(receipt));
                self.attest(attempt);
                used
            }
            Some(Purpose::Read(attempt)) => {
                let page = match outcome {
                    Ok(Reply::History(page)) => Ok(page),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                self.drive(attempt, Input::History(page))
            }
            Some(Purpose::Cancel(attempt)) => {
                let stopped = match outcome {
                    Ok(Reply::Cancelled) => Ok(()),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                // The session may have ended by itself meanwhile; then the answer changes nothing.
                self.drive(attempt, Input::Cancelled(stopped));
                true
            }
            Some(Purpose::List { look, page }) => self.listed(look, page, outcome),
            Some(Purpose::Adopt(attempt)) => {
                let receipt = match outcome {
                    Ok(Reply::Watched(receipt)) => self.register(attempt, receipt),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                let used = self.drive(attempt, Input::Spawned(receipt));
                self.attest(attempt);
                used
            }
            Some(Purpose::Delete(session)) => {
                let deleted = match outcome {
                    Ok(Reply::Deleted) => Ok(()),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                self.cleaning.answered(self.now, &session, deleted)
            }
        }
    }

    /// A receipt has to name a session of its own; otherwise it is no answer at all.
    fn register(&mut self, attempt: AttemptIndex, receipt: Receipt) -> Result<Receipt, HostError> {
        let unclear = || HostError::InDoubt("the receipt names no session, or that of another task".to_owned());
        if !receipt.names_a_session() {
            return Err(unclear());
        }
        if !self.sessions.give(&receipt.session_key, attempt) {
            return Err(unclear());
        }
        self.reconciling.heard(self.now);
        Ok(receipt)
    }

    /// After a receipt: notes that the session runs, where nobody else will say so, and stops it at once if it is not the
    /// one that was asked for.
    fn attest(&mut self, index: AttemptIndex) {
        let now = self.now;
        let Some(attempt) = self.attempts.get_mut(index.0) else { return };
        let Some(machine) = attempt.machine.as_ref().filter(|machine| machine.session().is_some()) else { return };
        attempt.options = None;
        if machine.is_running() {
            attempt.running_since.get_or_insert(now);
        }
        let (requested, applied) = (attempt.model.as_deref(), machine.model());
        if self.plan.rules.strict_model && attest::differ(requested, applied) {
            let own = |model: Option<&str>| model.unwrap_or_default().to_owned();
            let reason = StopReason::OtherModel { requested: own(requested), applied: own(applied) };
            self.drive(index, Input::Stop(reason));
        }
    }
}
