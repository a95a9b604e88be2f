//! The lists of all gateways as one: their pages follow each other. A gateway that does not answer makes the list fail, since a session
//! that is not listed counts as one that is not there.

use std::collections::BTreeMap;

use parallel_agents_engine::host::{HostError, ListFilter, Reply, SessionPage, SessionRow, SessionState};
use parallel_agents_engine::ids::RequestId;

use super::{About, ClusterCall};
use crate::messages::{Answer, GatewayCall};
use crate::placement::GatewayIndex;

/// Pages that are being read.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The gateway and its own offset at which a search goes on, by its text and the offset of its next page.
    marks: BTreeMap<(Option<String>, u32), (usize, u32)>,
    /// The requests that a gateway was asked for.
    asked: BTreeMap<RequestId, Asked>,
}

#[derive(Debug)]
struct Asked {
    filter: ListFilter,
    gateway: usize,
    offset: u32,
}

impl ClusterCall {
    pub(super) fn list(&mut self, request: RequestId, filter: ListFilter) {
        let mark = (filter.search.clone(), filter.offset);
        let (gateway, offset) = self.listing.marks.get(&mark).copied().unwrap_or((0, filter.offset));
        self.list_from(request, Asked { filter, gateway, offset });
    }

    fn list_from(&mut self, request: RequestId, asked: Asked) {
        let filter = ListFilter {
            // The gateways name sessions without themselves.
            search: asked.filter.search.clone(),
            spawned_by: None,
            offset: asked.offset,
            limit: asked.filter.limit,
        };
        let gateway = GatewayIndex(asked.gateway);
        self.listing.asked.insert(request, asked);
        self.ask(About::List(request), gateway, GatewayCall::List(filter));
    }

    pub(super) fn listed(&mut self, request: RequestId, answer: Result<Answer, HostError>) {
        let Some(asked) = self.listing.asked.remove(&request) else { return };
        let (rows, has_more) = match answer {
            Ok(Answer::Listed { rows, has_more }) => (rows, has_more),
            Ok(_) => return self.answer(request, Err(HostError::InDoubt("it is no list".to_owned()))),
            Err(error) => return self.answer(request, Err(error)),
        };
        let read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let is_last = asked.gateway + 1 >= self.input.gateways.len();
        let next = if has_more { (asked.gateway, asked.offset.saturating_add(read)) } else { (asked.gateway + 1, 0) };
        if rows.is_empty() && !has_more && !is_last {
            // An empty page would look like the end of the list.
            return self.list_from(request, Asked { gateway: next.0, offset: next.1, ..asked });
        }
        let offset = asked.filter.offset.saturating_add(read);
        self.listing.marks.insert((asked.filter.search, offset), next);
        let gateway = GatewayIndex(asked.gateway);
        let named = |row: SessionRow| SessionRow { session_key: self.named(gateway, &row.session_key), ..row };
        let sessions: Vec<SessionRow> = rows.into_iter().map(named).collect();
        for row in sessions.iter().filter(|row| is_over(row.state)) {
            self.frees_slot(&row.session_key);
        }
        self.answer(request, Ok(Reply::Listed(SessionPage { sessions, has_more: has_more || !is_last })));
    }
}

fn is_over(state: SessionState) -> bool {
    match state {
        SessionState::Completed | SessionState::Failed | SessionState::TimedOut | SessionState::Cancelled => true,
        SessionState::Queued | SessionState::Running | SessionState::Unknown => false,
    }
}
