//! How a session moves from the queue to its end.
//!
//! | state   | a place is free | the model is done   | the time is over | stopped   |
//! |---------|-----------------|---------------------|------------------|-----------|
//! | queued  | running         | –                   | –                | cancelled |
//! | running | –               | completed or failed | timed out        | cancelled |
//! | ended   | –               | –                   | –                | –         |

use parallel_agents_engine::host::{Completion, FinishReason, Happening, SessionEnd, SessionState};
use parallel_agents_engine::ids::SessionKey;

use super::World;
use super::agenda::Due;
use super::cut::{MAX_TEXT_BYTES, cut_bytes, cut_text};
use super::gateway::draw_uuid;
use super::session::{Mishap, Trouble};
use crate::ledger::SessionOver;
use crate::script::{Fault, ScriptedOutcome};

impl World {
    /// A session asks for a place in the lane; with a full lane it waits.
    pub(super) fn queue(&mut self, key: &SessionKey) {
        let is_queued = self.sessions.get(key).is_some_and(|session| session.state == SessionState::Queued);
        if is_queued && self.lane.enter(key) {
            self.start(key);
        }
    }

    /// A session with a place begins to run.
    fn start(&mut self, key: &SessionKey) {
        self.ask_provider(key);
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.state = SessionState::Running;
        if let Some(fault) = session.scripted.fault {
            self.ledger.fault(fault);
        }
        let (mishap, ignores_limit) = (session.mishap(), session.trouble.ignores_limit);
        let latency_ms = session.scripted.latency_ms;
        let hangs = session.scripted.outcome == ScriptedOutcome::Hang;
        let limit_ms = u64::from(session.options.run_timeout_seconds) * 1_000;
        if !hangs {
            self.enter(self.now_ms.saturating_add(latency_ms), Due::Finish(key.clone()));
        }
        if !ignores_limit {
            self.enter(self.now_ms.saturating_add(limit_ms), Due::TimeLimit(key.clone()));
        } else if hangs || latency_ms > limit_ms {
            self.ledger.fault(Fault::TimeoutIgnored);
        }
        if let Some((mishap, after_ms)) = mishap {
            self.enter(self.now_ms.saturating_add(after_ms), Due::Mishap(key.clone(), mishap));
        }
        self.bear_children(key);
        let is_watched = self.sessions.get(key).is_some_and(|session| session.is_watched);
        if is_watched && self.profile().reports_starts {
            self.tell(Happening::SessionStarted(key.clone()));
        }
    }

    /// The model is done.
    pub(super) fn finish(&mut self, key: &SessionKey) {
        let Some(session) = self.sessions.get(key) else { return };
        let state = match session.scripted.outcome {
            ScriptedOutcome::Answer(_) => SessionState::Completed,
            ScriptedOutcome::Fail { .. } => SessionState::Failed,
            ScriptedOutcome::Hang => return,
        };
        self.end_if_running(key, state);
    }

    /// The host's own limit for the session is over.
    pub(super) fn time_limit(&mut self, key: &SessionKey) {
        self.end_if_running(key, SessionState::TimedOut);
    }

    /// Something happens to a session that runs.
    pub(super) fn mishap(&mut self, key: &SessionKey, mishap: Mishap) {
        let Some(session) = self.sessions.get_mut(key).filter(|session| session.is_running()) else { return };
        self.ledger.fault(mishap.fault());
        match mishap {
            Mishap::CutOff => {
                session.is_cut_off = true;
                self.end_if_running(key, SessionState::Failed);
            }
            Mishap::Killed => self.end_if_running(key, SessionState::Cancelled),
            Mishap::Paused => {
                session.is_paused = true;
                self.agenda.forget(key);
            }
            Mishap::Vanished => {
                // Nobody hears of its end: whoever forgot it cannot tell.
                session.is_watched = false;
                session.is_cut_off = true;
                self.end_if_running(key, SessionState::Failed);
                self.sessions.remove(key);
                self.ledger.vanished(key);
            }
        }
    }

    /// A restart of the gateway ends a session, whether it runs or waits.
    pub(super) fn interrupt(&mut self, key: &SessionKey) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.is_cut_off = true;
        }
        self.end(key, SessionState::Failed);
    }

    /// Stops a session. Nothing happens to one that has ended.
    pub(super) fn stop(&mut self, key: &SessionKey) {
        match self.sessions.get(key).map(|session| session.state) {
            Some(SessionState::Running) => self.end_if_running(key, SessionState::Cancelled),
            Some(SessionState::Queued) => {
                self.lane.forget(key);
                self.end(key, SessionState::Cancelled);
            }
            _ => {}
        }
    }

    /// Ends a running session and gives its place to the next one that waits.
    fn end_if_running(&mut self, key: &SessionKey, state: SessionState) {
        if self.sessions.get(key).is_some_and(|session| session.state == SessionState::Running) {
            self.end(key, state);
            if let Some(next) = self.lane.leave() {
                self.start(&next);
            }
        }
    }

    fn end(&mut self, key: &SessionKey, state: SessionState) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.state = state;
        self.agenda.forget(key);
        let Some(outcome) = session.outcome() else { return };
        let over = SessionOver {
            state,
            outcome: &outcome,
            model: &session.model,
            usage: session.usage(),
            cost_micro_usd: session.scripted.cost_micro_usd,
        };
        self.ledger.session_over(key, over);
        let (trouble, is_watched) = (session.trouble, session.is_watched);
        self.end_children(key);
        if let Some(end) = self.end_of(key).filter(|_| is_watched) {
            if end.completion.as_ref().is_some_and(|completion| completion.truncated) {
                self.ledger.fault(Fault::TextCut);
            }
            self.tell_end(end, trouble);
        }
    }

    /// Gives a session the sessions that it spawns itself.
    fn bear_children(&mut self, key: &SessionKey) {
        let Some(parent) = self.sessions.get(key).filter(|session| session.trouble.children > 0).cloned() else {
            return;
        };
        for child in 1..=parent.trouble.children {
            let session_key = SessionKey::new(format!("{key}:subagent:{}", draw_uuid(&mut self.draws)));
            let mut session = parent.clone();
            session.options.label = format!("helper {child} of {}", parent.options.label);
            session.receipt.session_key = session_key.clone();
            session.number = u64::from(self.spawned);
            session.is_watched = false;
            session.parent = Some(key.clone());
            session.trouble = Trouble::default();
            self.spawned += 1;
            self.sessions.insert(session_key, session);
            self.ledger.fault(Fault::Grandchildren);
        }
    }

    /// A session takes those that it spawned with it.
    fn end_children(&mut self, key: &SessionKey) {
        let children: Vec<SessionKey> = self.children_of(key).collect();
        for child in children {
            self.sessions.remove(&child);
        }
    }

    fn children_of(&self, key: &SessionKey) -> impl Iterator<Item = SessionKey> {
        let children = self.sessions.values().filter(move |session| session.parent.as_ref() == Some(key));
        children.map(|session| session.receipt.session_key.clone())
    }

    /// What is told of a session that has ended. None: it has not.
    pub(super) fn end_of(&self, key: &SessionKey) -> Option<SessionEnd> {
        let session = self.sessions.get(key)?;
        let profile = self.script.host();
        let completion = session.answer().map(|text| {
            let mut text = text.to_owned();
            let truncated = cut_text(&mut text, profile.completion_chars) | cut_bytes(&mut text, MAX_TEXT_BYTES);
            Completion { text, truncated, finish: FinishReason::Stop }
        });
        Some(SessionEnd {
            session: key.clone(),
            outcome: session.outcome()?,
            completion,
            usage: session.told_usage().filter(|_| profile.reports_usage),
            model: profile.reports_model.then(|| session.model.clone()),
        })
    }
}
