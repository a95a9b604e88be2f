//! How a session moves from the queue to its end.
//!
//! | state   | a place is free | the model is done   | the time is over | stopped   |
//! |---------|-----------------|---------------------|------------------|-----------|
//! | queued  | running         | –                   | –                | cancelled |
//! | running | –               | completed or failed | timed out        | cancelled |
//! | ended   | –               | –                   | –                | –         |

use parallel_agents::host::{Completion, Happening, SessionEnd, SessionState};
use parallel_agents::ids::SessionKey;

use super::World;
use super::agenda::Due;
use super::cut::cut_text;
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
        let cut_off_ms = session.cut_off_ms();
        let latency_ms = session.scripted.latency_ms;
        let hangs = session.scripted.outcome == ScriptedOutcome::Hang;
        let limit_ms = u64::from(session.options.run_timeout_seconds) * 1_000;
        if !hangs {
            self.enter(self.now_ms.saturating_add(latency_ms), Due::Finish(key.clone()));
        }
        self.enter(self.now_ms.saturating_add(limit_ms), Due::TimeLimit(key.clone()));
        if let Some(cut_off_ms) = cut_off_ms {
            self.enter(self.now_ms.saturating_add(cut_off_ms), Due::CutOff(key.clone()));
        }
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

    /// A restart of the gateway cuts the session off.
    pub(super) fn cut_off(&mut self, key: &SessionKey) {
        let Some(session) = self.sessions.get_mut(key).filter(|session| session.is_running()) else { return };
        session.is_cut_off = true;
        self.ledger.fault(Fault::Interrupted);
        self.end_if_running(key, SessionState::Failed);
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
        let profile = self.script.host();
        let over = SessionOver {
            state,
            outcome: &outcome,
            model: &session.model,
            usage: session.usage(),
            usage_is_told: profile.reports_usage && session.told_usage().is_some(),
            cost_micro_usd: session.scripted.cost_micro_usd,
        };
        self.ledger.session_over(key, over);
        let (trouble, is_watched) = (session.trouble, session.is_watched);
        if let Some(end) = self.end_of(key).filter(|_| is_watched) {
            self.tell_end(end, trouble);
        }
    }

    /// What is told of a session that has ended. None: it has not.
    pub(super) fn end_of(&self, key: &SessionKey) -> Option<SessionEnd> {
        let session = self.sessions.get(key)?;
        let profile = self.script.host();
        let completion = session.answer().map(|text| {
            let mut text = text.to_owned();
            let truncated = cut_text(&mut text, profile.completion_chars);
            Completion { text, truncated }
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
