//! The host as the component meets it: commands in, events out, by the wall clock.

use parallel_agents_engine::host::{Command, EventKind, HostFacts, JournalError};
use parallel_agents_engine::ids::SessionKey;

use super::session::{Ended, Session};
use super::{Live, Word};
use gateway_sim::host::{Delivery, Next, SessionHost};
use gateway_sim::recording::MODEL_SERVER;
use gateway_sim::truth::Truth;

impl SessionHost for Live {
    fn perform(&mut self, command: Command) -> bool {
        self.answer(command);
        true
    }

    fn poll(&mut self, _now_ms: u64, until_ms: Option<u64>) -> Next<Delivery> {
        if self.call.is_new() {
            let facts = HostFacts {
                name: MODEL_SERVER.to_owned(),
                seed: self.options.seed,
                max_concurrent: self.options.host_cap,
                reports_starts: true,
                keeps_journal: self.call.keeps_journal(),
                limits: None,
            };
            return self.call.tell(EventKind::Opened(facts));
        }
        let mut heard = Vec::new();
        while let Ok((key, word)) = self.words.try_recv() {
            match word {
                Word::Heard => heard.push(key),
                Word::Ended(how) => self.end(&key, how),
            }
        }
        for key in heard {
            self.heard(&key);
        }
        self.fill_places();
        let stalled_at_ms = self.stalled_at_ms();
        if stalled_at_ms.is_some_and(|at| at <= self.now_ms()) {
            self.begin_oldest();
        }
        let is_awaited = self.sessions.values().any(Session::is_live);
        self.call.next(until_ms, stalled_at_ms, is_awaited)
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        self.call.append(lines)
    }

    fn now_ms(&self) -> u64 {
        self.call.now_ms()
    }

    fn opened_ms(&self) -> u64 {
        self.call.opened_ms()
    }

    fn ask_to_stop(&mut self, _now_ms: u64, reason: String) {
        self.call.ask_to_stop(reason);
    }

    fn close(&mut self, came_back: bool) {
        if came_back {
            self.call.truths.push(Truth::Returned);
        }
        let live: Vec<SessionKey> =
            self.sessions.iter().filter(|(_, session)| session.is_live()).map(|(key, _)| key.clone()).collect();
        for key in &live {
            self.end(key, Ended::Cancelled);
        }
        self.call.truths.push(Truth::Swept);
    }

    fn width(&self) -> Option<u32> {
        self.options.host_cap
    }

    fn take_truths(&mut self) -> Vec<Truth> {
        std::mem::take(&mut self.call.truths)
    }
}
