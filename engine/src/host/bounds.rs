//! How much of a host's words is taken in. Hosts keep to the limits of the contract; one that does not must not fill the
//! memory of a call, and with it end the whole run.

use super::{Event, EventKind, HistoryPage, HostError, Reply, SessionEnd, SessionOutcome};
use crate::text;

/// Bytes of one text of a session, as the contract has it.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Bytes of a host's own words.
const MAX_WORDS_BYTES: usize = 1024;

/// Bytes of all texts of one page: pages are counted in messages, and each may be long.
const MAX_PAGE_BYTES: usize = 4 * MAX_TEXT_BYTES;

/// Cuts what is longer than the contract allows.
pub fn bounded(mut event: Event) -> Event {
    match &mut event.what {
        EventKind::Answered { outcome: Ok(Reply::History(page)), .. } => cut_page(page),
        EventKind::Answered { outcome: Err(error), .. } => cut_words(words_of(error)),
        EventKind::SessionEnded(end) => cut_end(end),
        EventKind::StopRequested { reason, .. } => cut_words(reason),
        EventKind::Answered { .. } | EventKind::Opened(_) | EventKind::SessionStarted(_) | EventKind::TimerFired => {}
    }
    event
}

fn cut_end(end: &mut SessionEnd) {
    if let SessionOutcome::Failed { message, .. } = &mut end.outcome {
        cut_words(message);
    }
    if let Some(completion) = &mut end.completion {
        completion.truncated |= cut(&mut completion.text, MAX_TEXT_BYTES);
    }
}

/// The newest messages, which stand last, are kept whole as far as there is room.
fn cut_page(page: &mut HistoryPage) {
    let mut room = MAX_PAGE_BYTES;
    for message in page.messages.iter_mut().rev() {
        message.truncated |= cut(&mut message.text, MAX_TEXT_BYTES.min(room));
        room = room.saturating_sub(message.text.len());
    }
}

fn cut_words(words: &mut String) {
    cut(words, MAX_WORDS_BYTES);
}

/// Keeps the head of a text. True: something was cut.
fn cut(text: &mut String, bytes: usize) -> bool {
    let kept = text::head(text, bytes).len();
    let is_longer = kept < text.len();
    if is_longer {
        text.truncate(kept);
        text.shrink_to_fit();
    }
    is_longer
}

fn words_of(error: &mut HostError) -> &mut String {
    match error {
        HostError::Forbidden(words)
        | HostError::Invalid(words)
        | HostError::AtCapacity(words)
        | HostError::Exhausted(words)
        | HostError::RateLimited { message: words, .. }
        | HostError::Unavailable(words)
        | HostError::Busy(words)
        | HostError::NotFound(words)
        | HostError::NotOwner(words)
        | HostError::Unsupported(words)
        | HostError::InDoubt(words) => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Completion, FailureKind, FinishReason, Message, MessageRole};
    use crate::ids::{RequestId, SessionKey};

    fn told(what: EventKind) -> EventKind {
        bounded(Event { seq: 0, at_ms: 0, what }).what
    }

    fn end(bytes: usize) -> (usize, bool, usize) {
        let end = SessionEnd {
            session: SessionKey::new("a"),
            outcome: SessionOutcome::Failed {
                kind: FailureKind::Other,
                message: "é".repeat(9_000),
                retry_after_ms: None,
            },
            completion: Some(Completion { text: "é".repeat(bytes / 2), truncated: false, finish: FinishReason::Stop }),
            usage: None,
            model: None,
        };
        let EventKind::SessionEnded(end) = told(EventKind::SessionEnded(end)) else { panic!("another event") };
        let SessionOutcome::Failed { message, .. } = &end.outcome else { panic!("another outcome") };
        let completion = end.completion.as_ref().expect("a text");
        (completion.text.len(), completion.truncated, message.len())
    }

    #[test]
    fn texts_and_words_are_cut_at_their_limits() {
        assert_eq!(end(MAX_TEXT_BYTES), (MAX_TEXT_BYTES, false, MAX_WORDS_BYTES));
        assert_eq!(end(MAX_TEXT_BYTES + 2), (MAX_TEXT_BYTES, true, MAX_WORDS_BYTES));
        assert_eq!(end(14 * MAX_TEXT_BYTES), (MAX_TEXT_BYTES, true, MAX_WORDS_BYTES));
        let outcome = Err(HostError::RateLimited { retry_after_ms: None, message: "x".repeat(5_000) });
        let EventKind::Answered { outcome: Err(error), .. } =
            told(EventKind::Answered { request: RequestId(1), outcome })
        else {
            panic!("another event")
        };
        assert_eq!(crate::policy::outcome::words(&error).len(), MAX_WORDS_BYTES);
    }

    #[test]
    fn the_newest_messages_of_a_page_are_kept() {
        let message = |bytes: usize| Message {
            role: MessageRole::Assistant,
            text: "x".repeat(bytes),
            truncated: false,
            finish: FinishReason::Stop,
            model: None,
            usage: None,
        };
        let messages = [3, 2 * MAX_TEXT_BYTES, MAX_TEXT_BYTES, MAX_TEXT_BYTES, MAX_TEXT_BYTES, 7].map(message).into();
        let page = HistoryPage { messages, has_more: false, dropped_messages: 0, redacted: false };
        let outcome = Ok(Reply::History(page));
        let EventKind::Answered { outcome: Ok(Reply::History(page)), .. } =
            told(EventKind::Answered { request: RequestId(1), outcome })
        else {
            panic!("another event")
        };
        let left: Vec<(usize, bool)> = page.messages.iter().map(|m| (m.text.len(), m.truncated)).collect();
        let whole = (MAX_TEXT_BYTES, false);
        assert_eq!(left, [(0, true), (MAX_TEXT_BYTES - 7, true), whole, whole, whole, (7, false)]);
    }
}
