//! A host under observation: the invariant checker, the trace and whoever else wants to see are told of every command, event
//! and truth. None of them knows another, and the host knows none of them.

use std::any::Any;

use parallel_agents_engine::host::{Command, JournalError};

use crate::backend::Backend;
use crate::checker::Checker;
use crate::host::{Next, SessionHost};
use crate::observer::Observer;
use crate::trace::Trace;

/// Whatever the host is.
pub type AnyBackend = Observed<Box<dyn SessionHost>>;

/// A host with its observers.
pub struct Observed<H> {
    pub(crate) host: H,
    pub(crate) checker: Checker,
    pub(crate) trace: Trace,
    observers: Vec<Box<dyn Observer>>,
    /// The call is over at the first invariant that it violates.
    pub(crate) stops_at_violation: bool,
}

impl<H: SessionHost> Observed<H> {
    /// A host with a checker and a trace.
    pub fn of(host: H) -> Self {
        let trace = Trace::new(host.opened_ms(), true);
        Self { host, checker: Checker::default(), trace, observers: Vec::new(), stops_at_violation: false }
    }

    /// The same with one more observer; they are told in this order.
    #[must_use]
    pub fn by(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// The host.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The host, to prepare it for a call.
    pub fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    /// The account of the call.
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// The account, to tell it what the call was allowed.
    pub fn checker_mut(&mut self) -> &mut Checker {
        &mut self.checker
    }

    /// Everything that was said, as text.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The time on the host's clock, in milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.host.now_ms()
    }

    /// Tells everybody what has become true.
    pub(crate) fn learn(&mut self) {
        for truth in self.host.take_truths() {
            self.everybody().for_each(|observer| observer.truth(&truth));
        }
    }

    fn everybody(&mut self) -> impl Iterator<Item = &mut dyn Observer> {
        let own: [&mut dyn Observer; 2] = [&mut self.trace, &mut self.checker];
        own.into_iter().chain(self.observers.iter_mut().map(|observer| &mut **observer as &mut dyn Observer))
    }
}

impl<H: SessionHost + 'static> Observed<H> {
    /// The same, whatever the host is.
    pub fn boxed(self) -> AnyBackend {
        let Self { host, checker, trace, observers, stops_at_violation } = self;
        Observed { host: Box::new(host), checker, trace, observers, stops_at_violation }
    }
}

impl<H: SessionHost + Any> Backend for Observed<H> {
    fn perform(&mut self, command: Command) {
        let at_ms = self.host.now_ms();
        if self.host.perform(command.clone()) {
            self.everybody().for_each(|observer| observer.command(at_ms, &command));
        }
        self.learn();
    }

    fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next {
        if let Some(violation) = self.checker.first_violation().filter(|_| self.stops_at_violation) {
            return Next::Stuck(violation.to_string());
        }
        let next = self.host.poll(now_ms, until_ms);
        self.learn();
        match next {
            Next::Event(delivery) => {
                self.everybody().for_each(|observer| observer.event(&delivery));
                Next::Event(delivery.event)
            }
            Next::SleepUntil(at_ms) => Next::SleepUntil(at_ms),
            Next::Stuck(why) => Next::Stuck(why),
        }
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        let appended = self.host.append(lines);
        self.learn();
        appended
    }

    fn waiting(&mut self, until_ms: Option<u64>) {
        let at_ms = self.host.now_ms();
        self.everybody().for_each(|observer| observer.waits(at_ms, until_ms));
    }

    fn now_ms(&self) -> u64 {
        self.host.now_ms()
    }

    fn ask_to_stop(&mut self, now_ms: u64, reason: String) {
        self.host.ask_to_stop(now_ms, reason);
    }

    fn close(&mut self, came_back: bool) {
        let at_ms = self.host.now_ms();
        self.everybody().for_each(|observer| observer.closed(at_ms, came_back));
        self.host.close(came_back);
        self.learn();
    }

    fn width(&self) -> Option<u32> {
        self.host.width()
    }

    fn is_cut_off(&self) -> bool {
        self.host.is_cut_off()
    }

    fn checker(&self) -> &Checker {
        &self.checker
    }

    fn checker_mut(&mut self) -> &mut Checker {
        &mut self.checker
    }

    fn trace(&self) -> &Trace {
        &self.trace
    }
}
