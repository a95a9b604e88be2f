//! The host as the component meets it: commands in, events out, by the wall clock.

use parallel_agents_engine::host::{Command, EventKind, HostFacts};
use parallel_agents_engine::ids::SessionKey;

use super::session::{Ended, Session};
use super::{Live, Word, millis};
use gateway_sim::host::{Delivery, Next, SessionHost};
use gateway_sim::recording::MODEL_SERVER;
use gateway_sim::truth::Truth;

/// How long a wait without limit is before it is looked again; a bell ends it much earlier.
const LONG_WAIT_MS: u64 = 3_600_000;

impl SessionHost for Live {
    fn perform(&mut self, command: Command) -> bool {
        self.answer(command);
        true
    }

    fn poll(&mut self, _now_ms: u64, until_ms: Option<u64>) -> Next<Delivery> {
        if self.next_seq == 0 {
            let facts = HostFacts {
                name: MODEL_SERVER.to_owned(),
                seed: self.options.seed,
                max_concurrent: self.options.host_cap,
                reports_starts: true,
                keeps_journal: self.journal.is_some(),
                limits: None,
            };
            return Next::Event(self.deliver(EventKind::Opened(facts)));
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
        if let Some(what) = self.untold.pop_front() {
            return Next::Event(self.deliver(what));
        }
        let now_ms = self.now_ms();
        let again_at = stalled_at_ms.unwrap_or(u64::MAX).min(now_ms.saturating_add(LONG_WAIT_MS));
        match until_ms {
            Some(until) if until <= now_ms => Next::Event(self.deliver(EventKind::Woke)),
            Some(until) => Next::SleepUntil(until.min(again_at)),
            None if self.sessions.values().any(Session::is_live) => Next::SleepUntil(again_at),
            None => Next::Stuck("next-event was asked to wait without limit while no answer is due".to_owned()),
        }
    }

    fn append(&mut self, lines: &str) -> Result<(), String> {
        match &mut self.journal {
            Some(sink) => sink(lines),
            None => Err("this host keeps no journal".to_owned()),
        }
    }

    fn now_ms(&self) -> u64 {
        self.opened.ms.saturating_add(millis(self.opened.at.elapsed()))
    }

    fn opened_ms(&self) -> u64 {
        self.opened.ms
    }

    fn ask_to_stop(&mut self, _now_ms: u64, reason: String) {
        self.untold.push_back(EventKind::StopRequested { task: None, reason });
    }

    fn close(&mut self, came_back: bool) {
        if came_back {
            self.truths.push(Truth::Returned);
        }
        let live: Vec<SessionKey> =
            self.sessions.iter().filter(|(_, session)| session.is_live()).map(|(key, _)| key.clone()).collect();
        for key in &live {
            self.end(key, Ended::Cancelled);
        }
        self.truths.push(Truth::Swept);
    }

    fn width(&self) -> Option<u32> {
        self.options.host_cap
    }

    fn take_truths(&mut self) -> Vec<Truth> {
        std::mem::take(&mut self.truths)
    }
}
