//! Pages of lists and transcripts that are not what they should be.

use parallel_agents_engine::host::{HistoryPage, MessageRole, SessionPage, SessionState};
use parallel_agents_engine::ids::SessionKey;

use super::draw::Draw;
use super::plan::ReadPlan;
use crate::script::Fault;
use crate::secret::redact;

/// What is wrong with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Odd {
    /// It repeats a row.
    Repeated,
    /// It lacks a row.
    Missing,
    /// It promises more than there is.
    Endless,
}

/// Whether a page is odd, and how. Its subject is the number of the page.
pub(in crate::gateway) fn odd(draw: &Draw<'_>) -> Option<Odd> {
    if !draw.strikes(Fault::OddPage) {
        return None;
    }
    Some(match Fault::OddPage.amount(draw.seed, &draw.nth.to_string(), 3) {
        0 => Odd::Repeated,
        1 => Odd::Missing,
        _ => Odd::Endless,
    })
}

/// Takes or repeats a row. The one that is missing, if any is.
fn spoil<T: Clone>(rows: &mut Vec<T>, has_more: &mut bool, odd: Option<Odd>) -> Option<T> {
    match odd {
        None => None,
        Some(Odd::Repeated) => {
            let first = rows.first().cloned();
            rows.splice(0..0, first);
            None
        }
        Some(Odd::Missing) => rows.pop(),
        Some(Odd::Endless) => {
            *has_more = true;
            None
        }
    }
}

/// A page of a transcript as it is handed out, and the faults that count.
pub(in crate::gateway) fn transcript(
    mut page: HistoryPage,
    plan: &mut ReadPlan,
    odd: Option<Odd>,
) -> (HistoryPage, Vec<Fault>) {
    let mut counted = Vec::new();
    if plan.is_redacted {
        for message in &mut page.messages {
            page.redacted |= redact(&mut message.text);
        }
    }
    if page.redacted {
        counted.push(Fault::Redacted);
    }
    if page.dropped_messages > 0 || page.messages.iter().any(|message| message.truncated) {
        counted.push(Fault::TextCut);
    }
    if plan.has_afterword && page.messages.iter().any(|message| message.role == MessageRole::Assistant) {
        counted.push(Fault::Afterword);
    }
    if let Some(left) = plan.empty.checked_sub(1) {
        plan.empty = left;
        counted.push(Fault::HistoryEmpty);
        return (HistoryPage { messages: Vec::new(), ..page }, counted);
    }
    spoil(&mut page.messages, &mut page.has_more, odd);
    (page, counted)
}

/// A page of a list as it is handed out, the faults that count, and the session that it leaves out. `draw`: for a subject
/// that each row replaces by its session.
pub(in crate::gateway) fn list(
    mut page: SessionPage,
    draw: &Draw<'_>,
    odd: Option<Odd>,
) -> (SessionPage, Vec<Fault>, Option<SessionKey>) {
    let mut counted = Vec::new();
    for row in &mut page.sessions {
        if (Draw { subject: row.session_key.as_str(), ..*draw }).strikes(Fault::UnknownState) {
            row.state = SessionState::Unknown;
            counted.push(Fault::UnknownState);
        }
    }
    let missing = spoil(&mut page.sessions, &mut page.has_more, odd);
    (page, counted, missing.map(|row| row.session_key))
}
