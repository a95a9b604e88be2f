//! Commands in, events out: the gateway as a host.

use parallel_agents_engine::host::{Command, Event, EventKind, HostFacts, JournalError};

use super::clock_skew::Jump;
use super::crash::Fate;
use super::event_queue::Due;
use super::intervention::Intervention;
use super::outbox::Told;
use super::requests::latency_ms;
use super::state::Gateway;
use crate::host::{Delivery, Next, SessionHost};
use crate::script::Fault;
use crate::truth::Truth;

impl SessionHost for Gateway {
    /// Takes effect at once for what is only told, otherwise when the request reaches the gateway.
    fn perform(&mut self, command: Command) -> bool {
        if self.calls.next() != Fate::Done || self.traps() {
            return false;
        }
        if command.request().is_some() {
            let late_ms = self.late_by(&command);
            let takes_ms = latency_ms(self.profile(), &command).saturating_add(late_ms);
            self.enter_after(takes_ms, Due::Request(command));
        }
        true
    }

    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next<Delivery> {
        self.time.reach(now_ms);
        if let Some(end) = self.calls.end() {
            return Next::Stuck(end.to_owned());
        }
        let until_ms = until_ms.map(|told_ms| self.time.when(told_ms));
        if self.time.events() >= self.options.max_events {
            return Next::Stuck(format!("the call took {} events and is still not done", self.time.events()));
        }
        if let Some(end) = self.intervene() {
            return end;
        }
        if self.time.events() == 0 {
            let facts = EventKind::Opened(self.facts());
            return Next::Event(self.deliver(facts, false));
        }
        loop {
            if let Some(Told { what, is_extra }) = self.outbox.pop() {
                return Next::Event(self.deliver(what, is_extra));
            }
            let Some(due) = self.event_queue.take_due(self.time.now_ms()) else { break };
            self.carry_out(due);
        }
        match (self.event_queue.next_at(), until_ms) {
            (_, Some(until)) if until <= self.time.now_ms() => Next::Event(self.deliver(EventKind::TimerFired, false)),
            (_, Some(_)) if self.wakes_early() => Next::Event(self.deliver(EventKind::TimerFired, true)),
            (Some(at), Some(until)) => Next::SleepUntil(at.min(until)),
            (Some(at), None) => Next::SleepUntil(at),
            (None, Some(until)) => Next::SleepUntil(until),
            (None, None) => Next::Stuck("next-event was asked to wait without limit while no answer is due".to_owned()),
        }
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        if !self.journal.is_kept() {
            return Err(JournalError::not_kept());
        }
        match self.calls.next() {
            Fate::Done if self.calls.is_trapped() => Ok(()),
            Fate::Done => {
                if self.strikes(Fault::JournalFull, "journal", self.calls.made() as u32) {
                    self.journal.tear(lines);
                    return Err(JournalError::Full("no space left on device".to_owned()));
                }
                self.journal.write(lines)
            }
            Fate::Torn => {
                self.journal.tear(lines);
                Ok(())
            }
            Fate::Lost => Ok(()),
        }
    }

    fn now_ms(&self) -> u64 {
        self.time.now_ms()
    }

    fn opened_ms(&self) -> u64 {
        self.options.start_ms
    }

    fn ask_to_stop(&mut self, now_ms: u64, reason: String) {
        self.request_stop_at(now_ms.max(self.time.now_ms()), None, reason);
    }

    /// After a crash nobody is there to stop what is alive.
    fn close(&mut self, came_back: bool) {
        if self.calls.is_cut_off() {
            return;
        }
        if came_back {
            self.truths.note(Truth::Returned);
        }
        // What was asked and not yet looked at is not done any more.
        self.event_queue.forget_requests();
        for key in self.sessions.live_keys() {
            self.stop(&key);
        }
        self.truths.note(Truth::Swept);
    }

    fn width(&self) -> Option<u32> {
        self.options.announces_width.then_some(self.profile().max_concurrent)
    }

    fn is_cut_off(&self) -> bool {
        self.calls.is_cut_off()
    }

    fn take_truths(&mut self) -> Vec<Truth> {
        self.truths.take()
    }
}

impl Gateway {
    /// Lets everything happen that is going to happen by itself, with nobody there to hear of it.
    pub(crate) fn run_out(&mut self) {
        while let Some(at_ms) = self.event_queue.next_at() {
            self.time.reach(at_ms);
            if let Some(due) = self.event_queue.take_due(self.time.now_ms()) {
                self.carry_out(due);
            }
        }
        self.outbox.clear();
    }

    /// Intervenes if it is time to. Some: nothing else will happen.
    fn intervene(&mut self) -> Option<Next<Delivery>> {
        let now = self.time.events();
        let (_, what) = self.interventions.planned.take_if(|(event, _)| *event == now)?;
        self.interventions.told_with = Some(now);
        match what {
            Intervention::Stop { task, reason } => {
                self.outbox.push_first(EventKind::StopRequested { task, reason });
                None
            }
            Intervention::Drop => Some(Next::Stuck("the call was dropped by its host".to_owned())),
        }
    }

    fn facts(&self) -> HostFacts {
        HostFacts {
            name: "simulator".to_owned(),
            seed: self.seed,
            max_concurrent: self.width(),
            reports_starts: self.profile().reports_starts,
            keeps_journal: self.journal.is_kept(),
            limits: None,
        }
    }

    fn deliver(&mut self, what: EventKind, is_extra: bool) -> Delivery {
        let number = self.time.count(is_extra && what == EventKind::TimerFired);
        self.set_clock(number);
        let event = Event { seq: number, at_ms: self.time.shown_ms(), what };
        if self.interventions.told_with == Some(number) {
            self.truths.note(Truth::Intervened);
        }
        let stops = matches!(event.what, EventKind::StopRequested { .. });
        if !stops && self.strikes(Fault::StopRequested, "event", number as u32) {
            self.request_stop_at(self.time.now_ms(), None, "a stop at a random event");
        }
        Delivery { event, real_ms: self.time.now_ms(), is_extra }
    }

    pub(super) fn carry_out(&mut self, due: Due) {
        match due {
            Due::Request(command) => self.answer(command),
            Due::Queue(key) => self.queue(&key),
            Due::Finish(key) => self.finish(&key),
            Due::TimeLimit(key) => self.time_limit(&key),
            Due::SessionFault(key, session_fault) => self.session_fault(&key, session_fault),
            Due::Tell { what, is_extra } => self.outbox.push(*what, is_extra),
            Due::StopRequest { task, reason } => {
                self.stops_told.push((task.clone(), reason.clone()));
                self.tell(EventKind::StopRequested { task, reason });
            }
            Due::CallerGone => {
                self.truths.fault(Fault::CallerGone);
                self.tell(EventKind::StopRequested { task: None, reason: "whoever called is gone".to_owned() });
            }
        }
    }

    /// Sets the shown clock wrong before an event, if that strikes. The first event tells the time as it is.
    fn set_clock(&mut self, event: u64) {
        if event == 0 || !self.strikes(Fault::ClockJumped, "event", event as u32) {
            return;
        }
        self.time.jump(match Fault::ClockJumped.amount(self.seed, &event.to_string(), 3) {
            0 => Jump::Forwards,
            1 => Jump::Backwards,
            _ => Jump::Still,
        });
    }

    /// Whether the next wait ends before its time. Never twice in a row, so that there is an end.
    fn wakes_early(&mut self) -> bool {
        !self.time.fired_early() && self.strikes(Fault::EarlyWake, "wait", self.time.events() as u32)
    }

    /// Whether an import fails, now or before.
    fn traps(&mut self) -> bool {
        let nth = self.calls.made() as u32;
        if !self.calls.is_trapped() && self.strikes(Fault::HostTrap, "call", nth) {
            self.calls.trap();
        }
        self.calls.is_trapped()
    }
}
