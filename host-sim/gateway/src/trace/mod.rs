//! Everything that host and component said to each other, as text that can be compared.
//!
//! One line per command, wait and event: a line number, the time since the gateway opened in milliseconds, who spoke, and
//! the words. `>` is the component, `<` the host. Long texts stand as their length and a hash. The text depends on
//! nothing but the two sides' words, so the native engine and the component have to produce the same bytes.

mod command;
mod event;
mod words;

use parallel_agents_engine::host::Command;

use crate::host::Delivery;
use crate::observer::Observer;
use words::since;

/// A growing text; empty for ever if it is not kept.
#[derive(Clone, Debug)]
pub struct Trace {
    start_ms: u64,
    kept: bool,
    lines: u64,
    text: String,
}

impl Trace {
    /// A trace whose times count from `start_ms`.
    pub fn new(start_ms: u64, kept: bool) -> Self {
        Self { start_ms, kept, lines: 0, text: String::new() }
    }

    /// All lines, each with its line end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of lines, kept or not.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    fn line(&mut self, at_ms: u64, speaker: char, words: impl FnOnce() -> String) {
        self.lines += 1;
        if self.kept {
            let since = since(self.start_ms, at_ms);
            let line = format!("{:>5} {since:>9} {speaker} {}\n", self.lines, words());
            self.text.push_str(&line);
        }
    }
}

impl Observer for Trace {
    fn command(&mut self, at_ms: u64, command: &Command) {
        let start_ms = self.start_ms;
        self.line(at_ms, '>', || command::words(command, start_ms));
    }

    fn waits(&mut self, at_ms: u64, until_ms: Option<u64>) {
        let start_ms = self.start_ms;
        self.line(at_ms, '>', || match until_ms {
            Some(until) => format!("wait until={}", since(start_ms, until)),
            None => "wait".to_owned(),
        });
    }

    fn event(&mut self, delivery: &Delivery) {
        let event = &delivery.event;
        self.line(event.at_ms, '<', || event::words(event));
    }

    fn closed(&mut self, at_ms: u64, came_back: bool) {
        self.line(at_ms, '>', || if came_back { "return" } else { "break off" }.to_owned());
    }
}

#[cfg(test)]
mod tests;
