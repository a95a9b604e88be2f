//! How a transcript is read: from its end, page by page, until it has said what is wanted.

use super::{Effect, Machine, State, Step};
use crate::host::{HistoryPage, HostError, MessageRole};
use crate::policy::history::MAX_HISTORY_PAGES;
use crate::policy::host_calls::{ANSWER_TIMEOUT_MS, pause_after};
use crate::policy::outcome;
use crate::task::TaskStatus;

/// How long an empty transcript is given to fill, before its one re-read.
const REREAD_PAUSE_MS: u64 = 1_000;

/// Bytes of tool messages that are kept to look for artefacts in.
const MAX_TOOL_TEXT_BYTES: usize = 64 * 1024;

impl Machine {
    pub(super) fn page(&self, offset: u32) -> Step {
        Step::Wants(Effect::Read { offset, tools: self.terms.tools_wanted })
    }

    pub(super) fn read_again(&mut self, now: u64) -> Step {
        let State::Reading { offset, pausing, .. } = &mut self.state else { return Step::Ignored };
        *pausing = false;
        let offset = *offset;
        self.wake_at = Some(now + ANSWER_TIMEOUT_MS);
        self.page(offset)
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

    pub(super) fn read(&mut self, now: u64, answer: Result<HistoryPage, HostError>) -> Step {
        match answer {
            Ok(page) => self.read_page(now, &page),
            Err(error) => self.read_failed(now, &error),
        }
    }

    fn read_failed(&mut self, now: u64, error: &HostError) -> Step {
        let State::Reading { failures, pausing, .. } = &mut self.state else { return Step::Ignored };
        *failures += 1;
        match pause_after(*failures).filter(|_| outcome::passes(error)) {
            Some(millis) => {
                *pausing = true;
                self.wake_at = Some(now + millis);
                Step::Taken
            }
            // What came with the end is better than nothing; it stays marked as cut.
            None if !self.answer.is_empty() => self.end(None),
            None => self.end(Some((TaskStatus::Failed, outcome::history_failed(error)))),
        }
    }

    fn read_page(&mut self, now: u64, page: &HistoryPage) -> Step {
        let State::Reading { offset, pages, failures, reread, .. } = self.state else { return Step::Ignored };
        self.answer.redacted |= page.redacted;
        self.take_tools(page);
        let has_message = self.take_newest(page);
        let answered = !self.answer.is_empty();
        let wants_more = page.has_more && (self.terms.tools_wanted || !has_message);
        let goes_on = wants_more && pages + 1 < MAX_HISTORY_PAGES && !page.messages.is_empty();
        if goes_on && (!answered || self.terms.tools_wanted) {
            let read = u32::try_from(page.messages.len()).unwrap_or(u32::MAX).saturating_add(page.dropped_messages);
            let offset = offset.saturating_add(read);
            self.state = State::Reading { offset, pages: pages + 1, failures, reread, pausing: false };
            self.wake_at = Some(now + ANSWER_TIMEOUT_MS);
            return self.page(offset);
        }
        if answered || reread {
            return self.end(None);
        }
        // Tools will be counted again from the start.
        self.tools = None;
        self.state = State::Reading { offset: 0, pages, failures, reread: true, pausing: true };
        self.wake_at = Some(now + REREAD_PAUSE_MS);
        Step::Taken
    }

    /// Takes the newest message of an agent as the answer. Older pages may be read for their tools; what stands there is not
    /// the answer. False: the page has no such message.
    fn take_newest(&mut self, page: &HistoryPage) -> bool {
        let newest = page.messages.iter().rev().find(|message| message.role == MessageRole::Assistant);
        if let Some(message) = newest.filter(|_| !self.answer_read) {
            self.answer_read = true;
            // Of two cut versions the longer one has more of the answer.
            if !message.truncated || message.text.len() > self.answer.text.len() {
                self.answer.text.clone_from(&message.text);
                self.answer.truncated = message.truncated;
                self.answer.finish = message.finish;
            }
            self.usage = super::counted(self.usage).or(message.usage);
            self.model = message.model.clone().or(self.model.take());
        }
        newest.is_some()
    }
}
