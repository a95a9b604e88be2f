//! How a session moves from the queue to its end.
//!
//! | state   | a place is free | the model is done   | the time is over | stopped   |
//! |---------|-----------------|---------------------|------------------|-----------|
//! | queued  | running         | –                   | –                | cancelled |
//! | running | –               | completed or failed | timed out        | cancelled |
//! | ended   | –               | –                   | –                | –         |

use parallel_agents_engine::host::{Completion, EventKind, FinishReason, SessionEnd, SessionState};
use parallel_agents_engine::ids::SessionKey;

use super::cut::{MAX_TEXT_BYTES, cut_bytes, cut_text};
use super::event_queue::Due;
use super::faults::plan::{FaultPlan, SessionFault};
use super::state::Gateway;
use crate::script::{Fault, ScriptedOutcome};
use crate::truth::{SessionOver, Truth};

impl Gateway {
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
        let Some(session) = self.sessions.move_to(key, SessionState::Running) else { return };
        if let Some(fault) = session.scripted.fault {
            self.truths.fault(fault);
        }
        let (session_fault, ignores_limit) = (session.session_fault(), session.fault_plan.ignores_limit);
        let latency_ms = session.scripted.latency_ms;
        let hangs = session.scripted.outcome == ScriptedOutcome::Hang;
        let limit_ms = u64::from(session.options.run_timeout_seconds) * 1_000;
        if !hangs {
            self.enter_after(latency_ms, Due::Finish(key.clone()));
        }
        if !ignores_limit {
            self.enter_after(limit_ms, Due::TimeLimit(key.clone()));
        } else if hangs || latency_ms > limit_ms {
            self.truths.fault(Fault::TimeoutIgnored);
        }
        if let Some((session_fault, after_ms)) = session_fault {
            self.enter_after(after_ms, Due::SessionFault(key.clone(), session_fault));
        }
        self.bear_children(key);
        let is_attached = self.sessions.get(key).is_some_and(|session| session.is_attached);
        if is_attached && self.profile().reports_starts {
            self.tell(EventKind::SessionStarted(key.clone()));
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
    pub(super) fn session_fault(&mut self, key: &SessionKey, session_fault: SessionFault) {
        let Some(session) = self.sessions.get_mut(key).filter(|session| session.is_running()) else { return };
        self.truths.fault(session_fault.fault());
        match session_fault {
            SessionFault::CutOff => {
                session.is_cut_off = true;
                self.end_if_running(key, SessionState::Failed);
            }
            SessionFault::Killed => self.end_if_running(key, SessionState::Cancelled),
            SessionFault::Paused => {
                session.is_paused = true;
                self.event_queue.forget(key);
            }
            SessionFault::Vanished => {
                // Nobody hears of its end: whoever forgot it cannot tell.
                session.is_attached = false;
                session.is_cut_off = true;
                self.end_if_running(key, SessionState::Failed);
                self.sessions.remove(key);
                self.truths.note(Truth::Vanished(key.clone()));
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
        let Some(session) = self.sessions.move_to(key, state) else { return };
        self.event_queue.forget(key);
        let Some(outcome) = session.outcome() else { return };
        let over = SessionOver {
            state,
            outcome,
            model: session.model.clone(),
            usage: session.usage(),
            cost_micro_usd: session.scripted.cost_micro_usd,
        };
        self.truths.note(Truth::Over(key.clone(), over));
        let (plan, is_attached) = (session.fault_plan.end, session.is_attached);
        // It takes those that it spawned with it.
        self.sessions.remove_children_of(key);
        if let Some(end) = self.end_of(key).filter(|_| is_attached) {
            if end.completion.as_ref().is_some_and(|completion| completion.truncated) {
                self.truths.fault(Fault::TextCut);
            }
            self.tell_end(end, plan);
        }
    }

    /// Gives a session the sessions that it spawns itself.
    fn bear_children(&mut self, key: &SessionKey) {
        let Some(parent) = self.sessions.get(key).filter(|session| session.fault_plan.children > 0).cloned() else {
            return;
        };
        for child in 1..=parent.fault_plan.children {
            let session_key = SessionKey::new(format!("{key}:subagent:{}", self.random.uuid()));
            let mut session = parent.clone();
            session.options.label = format!("helper {child} of {}", parent.options.label);
            session.receipt.session_key = session_key;
            session.is_attached = false;
            session.parent = Some(key.clone());
            session.fault_plan = FaultPlan::default();
            self.sessions.insert(session);
            self.truths.fault(Fault::Grandchildren);
        }
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
