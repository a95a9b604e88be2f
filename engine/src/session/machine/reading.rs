//! How a transcript is read: from its end, page by page, until it has said what is wanted.

use super::{Effect, Machine, State};
use crate::host::{HistoryPage, HostError, MessageRole};
use crate::policy::limits::MAX_HISTORY_PAGES;
use crate::policy::{outcome, stopping};
use crate::task::TaskStatus;

/// How long an empty transcript is given to fill, before its one re-read.
const REREAD_PAUSE_MS: u64 = 1_000;

/// Bytes of tool messages that are kept to look for artefacts in.
const MAX_TOOL_TEXT_BYTES: usize = 64 * 1024;

impl Machine {
    pub(super) fn ask(&self, offset: u32) -> Effect {
        Effect::Read { offset, tools: self.terms.tools_wanted }
    }

    /// Notes what tools did. The pages of a transcript are read from its end.
    fn take_tools(&mut self, page: &HistoryPage) {
        if !self.terms.tools_wanted {
            return;
        }
        let tools = self.tools.get_or_insert_default();
        for message in page.messages.iter().filter(|message| message.role == MessageRole::Tool) {
            tools.calls = tools.calls.saturating_add(1);
            let room = MAX_TOOL_TEXT_BYTES.saturating_sub(tools.text.len());
            tools.text.push_str(crate::text::head(&message.text, room));
        }
    }

    pub(super) fn read(&mut self, now: u64, answer: Result<HistoryPage, HostError>) -> Vec<Effect> {
        let State::Reading { offset, pages, failures, reread, .. } = self.state else { return Vec::new() };
        let pause = |machine: &mut Self, millis: u64, offset, pages, failures, reread| {
            machine.state = State::Reading { offset, pages, failures, reread, pausing: true };
            machine.wake_at = Some(now + millis);
            Vec::new()
        };
        let page = match answer {
            Ok(page) => page,
            Err(error) => {
                let again = stopping::pause_after(failures + 1).filter(|_| outcome::passes(&error));
                return match again {
                    Some(millis) => pause(self, millis, offset, pages, failures + 1, reread),
                    // What came with the completion is better than nothing; it stays marked as cut.
                    None if !self.answer.is_empty() => self.settle(None),
                    None => self.settle(Some((TaskStatus::Failed, outcome::history_failed(&error)))),
                };
            }
        };
        self.answer.redacted |= page.redacted;
        self.take_tools(&page);
        let newest = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
        // Older pages may be read for their tools; what was said there was not the last word.
        if let Some(message) = newest.filter(|_| !self.answer_read) {
            self.answer_read = true;
            // Of two cut versions the longer one says more.
            if !message.truncated || message.text.len() > self.answer.text.len() {
                self.answer.text.clone_from(&message.text);
                self.answer.truncated = message.truncated;
                self.answer.finish = message.finish;
            }
            self.usage = super::counted(self.usage).or(message.usage);
            self.model = message.model.clone().or(self.model.take());
        }
        let answered = !self.answer.is_empty();
        let wants_more = if self.terms.tools_wanted { page.has_more } else { page.has_more && newest.is_none() };
        if answered && !(self.terms.tools_wanted && wants_more) {
            return self.settle(None);
        }
        if wants_more && pages + 1 < MAX_HISTORY_PAGES && !page.messages.is_empty() {
            let read = u32::try_from(page.messages.len()).unwrap_or(u32::MAX).saturating_add(page.dropped_messages);
            let offset = offset.saturating_add(read);
            self.state = State::Reading { offset, pages: pages + 1, failures, reread, pausing: false };
            self.wake_at = Some(now + stopping::PATIENCE_MS);
            return vec![self.ask(offset)];
        }
        if answered {
            return self.settle(None);
        }
        if !reread {
            // It will be counted again from the start.
            self.tools = None;
            return pause(self, REREAD_PAUSE_MS, 0, pages, failures, true);
        }
        self.settle(None)
    }
}
