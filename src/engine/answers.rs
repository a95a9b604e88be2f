//! Takes the host's answers to whoever asked.

use super::{Engine, Known, Purpose};
use crate::host::{HostError, Receipt, Reply};
use crate::ids::{RequestId, TaskIndex};
use crate::session::Input;

impl Engine {
    /// False: nobody asked, or the answer changes nothing.
    pub(super) fn answered(&mut self, request: RequestId, outcome: Result<Reply, HostError>) -> bool {
        let wrong = || HostError::InDoubt("the answer belongs to another kind of request".to_owned());
        match self.requests.remove(&request) {
            None => false,
            Some(Purpose::Spawn(task)) => {
                let receipt = match outcome {
                    Ok(Reply::Spawned(receipt)) => self.register(task, receipt),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                if let Err(HostError::Exhausted(_)) = &receipt {
                    self.fail_pending("E_HOST_TOTAL_CAP", "the host's total number of sessions is used up");
                }
                self.drive(task, Input::Spawned(receipt))
            }
            Some(Purpose::Read(task)) => {
                let page = match outcome {
                    Ok(Reply::History(page)) => Ok(page),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                self.drive(task, Input::History(page))
            }
            Some(Purpose::Cancel(task)) => {
                let stopped = match outcome {
                    Ok(Reply::Cancelled) => Ok(()),
                    Ok(_) => Err(wrong()),
                    Err(error) => Err(error),
                };
                // The session may have ended by itself meanwhile; then the answer changes nothing.
                self.drive(task, Input::Stopped(stopped));
                true
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
    fn register(&mut self, task: TaskIndex, receipt: Receipt) -> Result<Receipt, HostError> {
        let key = receipt.session_key.clone();
        let own = self.sessions.get(&key).is_none_or(|known| known.task == task);
        if key.as_str().is_empty() || !own {
            return Err(HostError::InDoubt("the receipt names no session, or that of another task".to_owned()));
        }
        self.sessions.insert(key, Known { task, ended: false });
        Ok(receipt)
    }
}
