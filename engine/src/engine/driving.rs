//! Takes a session one step on, carries out what it wants, and wakes it when it wants to be woken.

use super::alarms::Alarm;
use super::{Engine, Purpose};
use crate::canary;
use crate::host::{Command, HistoryQuery, HostError};
use crate::ids::{AttemptIndex, RequestId};
use crate::policy::limits::HISTORY_PAGE;
use crate::session::{Effect, Input, Step};

impl Engine {
    /// Lets a session take a step and carries out what it wants. False: the input changed nothing.
    pub(super) fn drive(&mut self, attempt: AttemptIndex, input: Input) -> bool {
        let now = self.now;
        let machine = self.attempts.get_mut(attempt.0).and_then(|attempt| attempt.machine.as_mut());
        let step = machine.map_or(Step::Ignored, |machine| machine.step(now, input));
        if step == Step::Ignored {
            return false;
        }
        self.reset_alarm(attempt);
        if let Step::Wants(effect) = step {
            self.carry_out(attempt, effect);
        }
        true
    }

    fn carry_out(&mut self, attempt: AttemptIndex, effect: Effect) {
        let machine = self.attempts.get(attempt.0).and_then(|attempt| attempt.machine.as_ref());
        let session = machine.and_then(|machine| machine.session()).cloned();
        match (effect, session) {
            // Asking again may start a session, for which it is too late; the doubt stays.
            (Effect::Spawn, _) if self.starts_are_over() => {
                let late = HostError::InDoubt("the time for starting sessions is over".to_owned());
                self.drive(attempt, Input::Spawned(Err(late)));
            }
            (Effect::Spawn, _) => self.ask_spawn(attempt),
            (Effect::Search, _) => self.find(attempt),
            (Effect::Read { offset, tools }, Some(session_key)) => {
                let request = self.request(Purpose::Read(attempt));
                let query = HistoryQuery { session_key, offset, limit: HISTORY_PAGE, include_tools: tools };
                self.out.push(Command::History(request, query));
            }
            (Effect::Cancel, Some(_)) if canary::is("lost-cancel") => {}
            (Effect::Cancel, Some(session)) => {
                let request = self.request(Purpose::Cancel(attempt));
                self.out.push(Command::Cancel(request, session));
            }
            // A machine asks for these only once it has a session.
            (Effect::Read { .. } | Effect::Cancel, None) => {}
            (Effect::Requeue(error), _) => self.requeue(attempt, &error),
            (Effect::End(ending), _) => self.settle(attempt, *ending),
        }
    }

    pub(super) fn request(&mut self, purpose: Purpose) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += u64::from(!canary::is("request-number-reused"));
        self.requests.insert(id, purpose);
        id
    }

    pub(super) fn reset_alarm(&mut self, index: AttemptIndex) {
        let Some(attempt) = self.attempts.get_mut(index.0) else { return };
        let machine = attempt.machine.as_ref();
        let wanted =
            machine.and_then(|machine| Some(Alarm { at: machine.wake_at()?, patience: machine.queue_timeout_ms() }));
        if attempt.alarm == wanted {
            return;
        }
        if let Some(old) = std::mem::replace(&mut attempt.alarm, wanted) {
            self.alarms.clear(index, old);
        }
        if let Some(alarm) = wanted {
            self.alarms.set(index, alarm);
        }
    }

    fn is_at_work(&self, index: AttemptIndex) -> bool {
        let machine = self.attempts.get(index.0).and_then(|attempt| attempt.machine.as_ref());
        machine.is_some_and(|machine| machine.is_running())
    }

    pub(super) fn ring_alarms(&mut self) {
        // A host with few places has a reason not to start others while one of them does its work, which has a limit of its own.
        if self.live.iter().any(|index| self.is_at_work(*index)) {
            self.alarms.moved(self.now);
        }
        while let Some(index) = self.alarms.take_due(self.now) {
            if let Some(attempt) = self.attempts.get_mut(index.0) {
                attempt.alarm = None;
            }
            self.drive(index, Input::TimerFired);
        }
        while let Some(&(at, task)) = self.pausing.first().filter(|(at, _)| *at <= self.now) {
            self.pausing.remove(&(at, task));
            self.ready.put(task);
        }
        self.ring_for_the_run();
        self.cleaning.time_is_up(self.now);
        self.look_after_sessions();
    }
}
