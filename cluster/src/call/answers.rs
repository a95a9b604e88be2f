//! What the gateways answer, and what that means for the run.

use std::sync::Arc;

use parallel_agents_engine::host::{EventKind, HostError, Receipt, Reply, SessionEnd, SpawnOptions};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::policy::host_calls::MAX_TRIES;
use parallel_agents_engine::policy::outcome::words;

use super::commands::not_found;
use super::{About, CallId, ClusterCall, Session};
use crate::messages::{Answer, GatewayReply, Refusal, after_doubt};
use crate::placement::{GatewayIndex, Needs};

impl ClusterCall {
    pub(super) fn answered(&mut self, id: CallId, reply: GatewayReply) {
        let GatewayReply { answer, refusal, is_drained, .. } = reply;
        match self.asked.remove(&id) {
            Some(About::Facts(gateway)) => {
                let facts = answer.and_then(|answer| match answer {
                    Answer::Facts(facts) => Ok(facts),
                    _ => Err(other()),
                });
                let of_facts = || facts.as_ref().ok().map(|facts| facts.is_drained);
                if let Some(is_drained) = is_drained.or_else(of_facts) {
                    self.placement.found_drained(gateway, is_drained);
                }
                self.facts(gateway, facts);
            }
            Some(About::Spawn(request, gateway, options)) => {
                if let (Some(refusal), Err(error)) = (refusal, &answer) {
                    self.refuses(gateway, &options, refusal, words(error).to_owned());
                }
                self.spawned(request, gateway, options, answer, refusal.is_some());
            }
            Some(About::List(request)) => self.listed(request, answer),
            Some(About::Find(request, gateway, session)) => {
                let outcome = answer.and_then(|answer| match answer {
                    Answer::Found(Some(key)) => Ok(self.attached(session, gateway, key)),
                    Answer::Found(None) => Err(not_found(&session)),
                    _ => Err(other()),
                });
                self.answer(request, outcome);
            }
            Some(About::Session(request, session)) => self.session_answered(request, &session, answer),
            Some(About::Tombstone(gateway)) => self.placement.ended(gateway),
            Some(About::End(_)) | None => {}
        }
    }

    fn session_answered(&mut self, request: RequestId, session: &SessionKey, answer: Result<Answer, HostError>) {
        let outcome = answer.and_then(|answer| match answer {
            Answer::History(page) => Ok(Reply::History(page)),
            Answer::Cancelled => Ok(Reply::Cancelled),
            Answer::Deleted => Ok(Reply::Deleted),
            _ => Err(other()),
        });
        if matches!(outcome, Ok(Reply::Cancelled | Reply::Deleted) | Err(HostError::NotFound(_))) {
            self.frees_slot(session);
        }
        self.answer(request, outcome);
    }

    fn spawned(
        &mut self,
        request: RequestId,
        gateway: GatewayIndex,
        options: Arc<SpawnOptions>,
        answer: Result<Answer, HostError>,
        goes_elsewhere: bool,
    ) {
        let error = match answer {
            Ok(Answer::Spawned(receipt)) => return self.accepted(request, gateway, &options, receipt),
            Ok(_) => other(),
            Err(error) if self.is_in_doubt(&options.idempotency_key) => after_doubt(error),
            Err(error) => error,
        };
        if matches!(error, HostError::InDoubt(_)) {
            self.stays_in_doubt(&options.idempotency_key);
            return self.answer(request, Err(error));
        }
        self.in_doubt.remove(&options.idempotency_key);
        self.placement.give_back(gateway);
        match error {
            HostError::Unavailable(_) => self.placement.away(gateway, self.now_ms),
            HostError::AtCapacity(_) => self.placement.full(gateway, self.now_ms),
            HostError::Exhausted(words) => self.placement.close(gateway, words),
            // Another gateway may take it, or none does, and then the engine hears why.
            _ if goes_elsewhere => {}
            error => return self.answer(request, Err(error)),
        }
        self.place(request, options);
    }

    /// A gateway refuses what was not wrong in itself.
    fn refuses(&mut self, gateway: GatewayIndex, options: &SpawnOptions, refusal: Refusal, words: String) {
        match refusal {
            Refusal::Everything => self.placement.close(gateway, words),
            Refusal::Kind => self.placement.refuse(gateway, Needs::from(options), words),
        }
    }

    /// Whether nobody knows what became of the session of a key when it was asked for before.
    fn is_in_doubt(&self, key: &str) -> bool {
        self.in_doubt.get(key).is_some_and(|doubt| doubt.answers > 0)
    }

    /// Its slot stays taken, and the key is asked for at the same gateway again; but not more often than the engine does.
    fn stays_in_doubt(&mut self, key: &str) {
        let Some(doubt) = self.in_doubt.get_mut(key) else { return };
        doubt.answers += 1;
        if doubt.answers >= MAX_TRIES {
            let gateway = doubt.gateway;
            self.in_doubt.remove(key);
            self.tombstone(gateway, key.to_owned());
        }
    }

    fn accepted(&mut self, request: RequestId, gateway: GatewayIndex, options: &SpawnOptions, receipt: Receipt) {
        self.placement.answered(gateway);
        if !receipt.names_a_session() {
            return self.answer(request, Ok(Reply::Spawned(receipt)));
        }
        let key = options.idempotency_key.clone();
        self.in_doubt.remove(&key);
        let session = self.named(gateway, &receipt.session_key);
        if self.sessions.contains_key(&session) {
            // A receipt that was given before: its session has its slot already.
            self.placement.give_back(gateway);
        } else {
            self.sessions.insert(session.clone(), Session { gateway, key: key.clone(), has_slot: true });
            self.follow(session.clone(), gateway, key);
        }
        self.answer(request, Ok(Reply::Spawned(Receipt { session_key: session, ..receipt })));
    }

    /// A session of this run that was found in a list.
    fn attached(&mut self, session: SessionKey, gateway: GatewayIndex, key: String) -> Reply {
        if !self.sessions.contains_key(&session) {
            // One whose spawn is in doubt has its slot already.
            if self.in_doubt.remove(&key).is_none() {
                self.placement.count(gateway);
            }
            self.sessions.insert(session.clone(), Session { gateway, key: key.clone(), has_slot: true });
            self.follow(session.clone(), gateway, key);
        }
        Reply::Attached(Receipt { session_key: session, run_id: String::new(), applied_model: None, tool_free: false })
    }

    pub(super) fn ended(&mut self, id: CallId, end: SessionEnd) {
        let Some(About::End(session)) = self.asked.remove(&id) else { return };
        self.frees_slot(&session);
        self.untold.push_back(EventKind::SessionEnded(SessionEnd { session, ..end }));
    }

    /// A session is over, however that is known: its end may be told later, or never.
    pub(super) fn frees_slot(&mut self, session: &SessionKey) {
        if let Some(known) = self.sessions.get_mut(session).filter(|known| known.has_slot) {
            known.has_slot = false;
            self.placement.ended(known.gateway);
        }
    }
}

/// An answer of another kind than what was asked.
fn other() -> HostError {
    HostError::InDoubt("the answer is that to another request".to_owned())
}
