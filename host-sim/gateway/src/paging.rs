//! How lists of sessions and transcripts are handed out in pages.

use parallel_agents_engine::host::{
    HistoryQuery, HostError, ListFilter, Message, MessageRole, SessionPage, SessionRow,
};

/// Rows or messages that one page may hold.
const PAGE_ROWS: u32 = 1_000;

/// The page of `rows`, which are in the order of spawning and all have the wanted parent, that a filter asks for.
pub fn rows(rows: impl Iterator<Item = SessionRow>, filter: &ListFilter) -> Result<SessionPage, HostError> {
    check_limit(filter.limit)?;
    let is_meant = |row: &SessionRow| {
        filter.search.as_deref().is_none_or(|text| {
            row.label.as_deref().is_some_and(|label| label.contains(text)) || row.session_key.as_str().contains(text)
        })
    };
    let mut found = rows.filter(is_meant).skip(filter.offset as usize);
    let sessions = found.by_ref().take(filter.limit as usize).collect();
    Ok(SessionPage { sessions, has_more: found.next().is_some() })
}

/// The messages of a transcript that a query asks for, and whether older ones remain.
pub fn messages(mut messages: Vec<Message>, query: &HistoryQuery) -> Result<(Vec<Message>, bool), HostError> {
    check_limit(query.limit)?;
    messages.retain(|message| query.include_tools || message.role != MessageRole::Tool);
    let end = messages.len().saturating_sub(query.offset as usize);
    let start = end.saturating_sub(query.limit as usize);
    messages.truncate(end);
    messages.drain(..start);
    Ok((messages, start > 0))
}

fn check_limit(limit: u32) -> Result<(), HostError> {
    if (1..=PAGE_ROWS).contains(&limit) {
        return Ok(());
    }
    Err(HostError::Invalid(format!("limit must be 1 to {PAGE_ROWS}, not {limit}")))
}
