//! The checker among the observers of a call.

use parallel_agents_engine::host::Command;

use super::state::Checker;
use crate::host::Delivery;
use crate::observer::Observer;
use crate::truth::Truth;

impl Observer for Checker {
    fn command(&mut self, _at_ms: u64, command: &Command) {
        self.command(command);
    }

    fn waits(&mut self, _at_ms: u64, until_ms: Option<u64>) {
        self.waits(until_ms);
        self.idles(until_ms);
    }

    fn event(&mut self, delivery: &Delivery) {
        self.event_at(&delivery.event, delivery.is_extra, delivery.real_ms);
    }

    fn truth(&mut self, truth: &Truth) {
        match truth {
            Truth::Fault(fault) => self.fault(*fault),
            Truth::Accepted { request, session } => self.accepted(*request, session),
            Truth::Refused { request, error } => self.refused(*request, error),
            Truth::Over(session, over) => self.session_over(session, over),
            Truth::Deleted(session) => self.deleted(session),
            Truth::KeptAlive(session) => self.kept_alive(session),
            Truth::Denied(session) => self.denied(session),
            Truth::Unreadable(session) => self.unreadable(session),
            Truth::Vanished(session) => self.vanished(session),
            Truth::LeftOut(session) => self.left_out(session),
            Truth::ReceiptRepeated(session) => self.receipt_repeated(session),
            Truth::WroteSecret { label, secret } => self.wrote_secret(label, secret),
            Truth::Intervened => self.intervention_comes(),
            Truth::Returned => self.returned(),
            Truth::Swept => self.swept(),
        }
    }
}
