//! What the gateways answer, and what that means for the run.

use parallel_agents_engine::host::{EventKind, HostError, Receipt, Reply, SessionEnd};
use parallel_agents_engine::ids::SessionKey;

use super::commands::not_found;
use super::{About, CallId, ClusterCall, Session, Waiting};
use crate::orders::Got;
use crate::placement::GatewayIndex;

impl ClusterCall {
    pub(super) fn told(&mut self, id: CallId, got: Result<Got, HostError>) {
        match self.asked.remove(&id) {
            Some(About::Facts(gateway)) => self.facts(
                gateway,
                got.and_then(|got| match got {
                    Got::Facts(facts) => Ok(facts),
                    _ => Err(other()),
                }),
            ),
            Some(About::Spawn(gateway, asked)) => self.spawned(gateway, asked, got),
            Some(About::List(request)) => self.listed(request, got),
            Some(About::Find(request, gateway, session)) => {
                let outcome = got.and_then(|got| match got {
                    Got::Found(Some(key)) => Ok(self.attached(session, gateway, key)),
                    Got::Found(None) => Err(not_found(&session)),
                    _ => Err(other()),
                });
                self.answer(request, outcome);
            }
            Some(About::Session(request)) => {
                let outcome = got.and_then(|got| match got {
                    Got::History(page) => Ok(Reply::History(page)),
                    Got::Cancelled => Ok(Reply::Cancelled),
                    Got::Deleted => Ok(Reply::Deleted),
                    _ => Err(other()),
                });
                self.answer(request, outcome);
            }
            Some(About::End(_)) | None => {}
        }
    }

    fn spawned(&mut self, gateway: GatewayIndex, asked: Waiting, got: Result<Got, HostError>) {
        let error = match got {
            Ok(Got::Spawned(receipt)) => return self.accepted(gateway, &asked, receipt),
            Ok(_) => other(),
            Err(error) => error,
        };
        if matches!(error, HostError::InDoubt(_)) {
            // Its slot stays taken, and the key is asked for here again.
            return self.answer(asked.request, Err(error));
        }
        self.in_doubt.remove(&asked.options.idempotency_key);
        self.placement.give_back(gateway);
        match error {
            HostError::Unavailable(_) | HostError::AtCapacity(_) => {
                self.placement.leave_alone(gateway, self.now_ms);
                self.waiting.push_back(asked);
            }
            HostError::Exhausted(words) => {
                self.placement.close(gateway, words);
                self.waiting.push_back(asked);
            }
            error => self.answer(asked.request, Err(error)),
        }
    }

    fn accepted(&mut self, gateway: GatewayIndex, asked: &Waiting, receipt: Receipt) {
        let key = asked.options.idempotency_key.clone();
        self.in_doubt.remove(&key);
        self.placement.answered(gateway);
        let session = self.named(gateway, &receipt.session_key);
        if self.sessions.contains_key(&session) {
            // A receipt that was given before: its session has its slot already.
            self.placement.give_back(gateway);
        } else {
            self.sessions.insert(session.clone(), Session { gateway, key: key.clone(), is_over: false });
            self.follow(session.clone(), gateway, key);
        }
        self.answer(asked.request, Ok(Reply::Spawned(Receipt { session_key: session, ..receipt })));
    }

    /// A session of this run that was found in a list.
    fn attached(&mut self, session: SessionKey, gateway: GatewayIndex, key: String) -> Reply {
        if !self.sessions.contains_key(&session) {
            // One whose spawn is in doubt has its slot already.
            if self.in_doubt.remove(&key).is_none() {
                self.placement.count(gateway);
            }
            self.sessions.insert(session.clone(), Session { gateway, key: key.clone(), is_over: false });
            self.follow(session.clone(), gateway, key);
        }
        Reply::Watched(Receipt { session_key: session, run_id: String::new(), applied_model: None, tool_free: false })
    }

    pub(super) fn ended(&mut self, id: CallId, end: SessionEnd) {
        let Some(About::End(session)) = self.asked.remove(&id) else { return };
        let Some(known) = self.sessions.get_mut(&session).filter(|known| !known.is_over) else { return };
        known.is_over = true;
        let gateway = known.gateway;
        self.placement.give_back(gateway);
        self.untold.push_back(EventKind::SessionEnded(SessionEnd { session, ..end }));
    }
}

/// An answer of another kind than what was asked.
fn other() -> HostError {
    HostError::InDoubt("the answer is that to another request".to_owned())
}
