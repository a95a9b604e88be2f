//! The host as the component meets it: commands in, events out, by the wall clock.

use std::thread;
use std::time::Duration;

use gateway_sim::host::{Delivery, Next, SessionHost};
use gateway_sim::truth::Truth;
use parallel_agents_door::Door;
use parallel_agents_engine::host::{Command, EventKind, HostFacts, JournalError};

use super::{News, OPENCLAW, OpenClaw};

/// How long a call that broke off tries to stop what it leaves behind.
const SWEEP: Duration = Duration::from_secs(10);

impl SessionHost for OpenClaw {
    fn perform(&mut self, command: Command) -> bool {
        self.send(command);
        true
    }

    fn poll(&mut self, _now_ms: u64, until_ms: Option<u64>) -> Next<Delivery> {
        if self.call.is_new() {
            let facts = HostFacts {
                name: OPENCLAW.to_owned(),
                seed: self.options.seed,
                max_concurrent: self.width(),
                reports_starts: self.facts.reports_starts,
                keeps_journal: self.call.keeps_journal(),
                limits: Some(self.facts.limits.clone()),
            };
            return self.call.tell(EventKind::Opened(facts));
        }
        while let Ok(news) = self.news.try_recv() {
            match news {
                News::Answered(answered) => self.answered(answered),
                News::Waited(waited) => self.waited(waited),
            }
        }
        let is_awaited = self.under_way > 0 || self.sessions.values().any(|session| !session.is_over);
        self.call.next(until_ms, None, is_awaited)
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
        self.watching.abort();
        let left: Vec<String> =
            self.sessions.values().filter(|session| !session.is_over).map(|session| session.key.clone()).collect();
        if !left.is_empty() {
            sweep(&self.door, left);
        }
        self.call.truths.push(Truth::Swept);
    }

    fn width(&self) -> Option<u32> {
        Some(self.options.host_cap.unwrap_or(u32::MAX).min(self.facts.max_concurrent))
    }

    fn take_truths(&mut self) -> Vec<Truth> {
        std::mem::take(&mut self.call.truths)
    }
}

/// Stops sessions of a call that is over, as far as that goes in a moment; whoever closes a host cannot wait in its runtime.
fn sweep(door: &Door, keys: Vec<String>) {
    let Ok(door) = door.anew() else { return };
    let stopping = thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let all = futures::future::join_all(keys.iter().map(|key| door.cancel(key)));
            // What could not be stopped ends at its own time, and a call that goes on finds it.
            let _ = tokio::time::timeout(SWEEP, all).await;
        });
    });
    let _ = stopping.join();
}
