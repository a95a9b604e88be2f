//! The lists of all gateways as one: a page is filled from one gateway after the other. A gateway that does not answer makes the list fail, since a session
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
    /// Where the later pages of a list go on, by its text.
    looks: BTreeMap<Option<String>, Look>,
    /// The requests that a gateway was asked for.
    asked: BTreeMap<RequestId, Asked>,
    begun: u64,
}

/// A list that is read from its first page on.
#[derive(Debug)]
struct Look {
    number: u64,
    /// By the offset of a page that may be asked for.
    marks: BTreeMap<u32, Place>,
}

/// A gateway, and an offset in its own list.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    gateway: usize,
    offset: u32,
}

/// A page that is being put together.
#[derive(Debug)]
struct Asked {
    filter: ListFilter,
    /// The look that it belongs to.
    look: u64,
    place: Place,
    rows: Vec<SessionRow>,
}

impl Listing {
    /// The look that a page belongs to, and where it begins. The first page begins a new one.
    fn begin(&mut self, filter: &ListFilter) -> (u64, Place) {
        if filter.offset == 0 {
            self.begun += 1;
            self.looks.insert(filter.search.clone(), Look { number: self.begun, marks: BTreeMap::new() });
        }
        let look = self.looks.get(&filter.search);
        // A page that nothing is known of shows the list from its beginning: a session twice is no harm, and one that is missing is.
        let place = look.and_then(|look| look.marks.get(&filter.offset)).copied().unwrap_or_default();
        (look.map_or(0, |look| look.number), place)
    }

    /// Where the page after this one begins. None: this is the last one.
    fn mark(&mut self, asked: &Asked, next: Option<Place>) {
        let Some(look) = self.looks.get_mut(&asked.filter.search).filter(|look| look.number == asked.look) else {
            return;
        };
        match next {
            Some(next) => drop(look.marks.insert(asked.filter.offset.saturating_add(asked.filter.limit), next)),
            None => drop(self.looks.remove(&asked.filter.search)),
        }
    }
}

impl ClusterCall {
    pub(super) fn list(&mut self, request: RequestId, filter: ListFilter) {
        let (look, place) = self.listing.begin(&filter);
        self.list_from(request, Asked { filter, look, place, rows: Vec::new() });
    }

    fn list_from(&mut self, request: RequestId, asked: Asked) {
        let read = u32::try_from(asked.rows.len()).unwrap_or(u32::MAX);
        let filter = ListFilter {
            // The gateways name sessions without themselves.
            search: asked.filter.search.clone(),
            spawned_by: None,
            offset: asked.place.offset,
            limit: asked.filter.limit.saturating_sub(read),
        };
        let gateway = GatewayIndex(asked.place.gateway);
        self.listing.asked.insert(request, asked);
        self.ask(About::List(request), gateway, GatewayCall::List(filter));
    }

    pub(super) fn listed(&mut self, request: RequestId, answer: Result<Answer, HostError>) {
        let Some(mut asked) = self.listing.asked.remove(&request) else { return };
        let (rows, has_more) = match answer {
            Ok(Answer::Listed { rows, has_more }) => (rows, has_more),
            Ok(_) => return self.answer(request, Err(HostError::InDoubt("it is no list".to_owned()))),
            // The lists of the others can be read, so the engine is to go on asking for them.
            Err(HostError::Forbidden(words) | HostError::Unsupported(words)) if self.input.gateways.len() > 1 => {
                return self.answer(request, Err(HostError::Unavailable(words)));
            }
            Err(error) => return self.answer(request, Err(error)),
        };
        let Place { gateway, offset } = asked.place;
        // A gateway that promises more and shows nothing would be asked for ever.
        let next = if has_more && !rows.is_empty() {
            Place { gateway, offset: offset.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX)) }
        } else {
            Place { gateway: gateway + 1, offset: 0 }
        };
        for row in rows {
            let row = SessionRow { session_key: self.named(GatewayIndex(gateway), &row.session_key), ..row };
            if is_over(row.state) {
                self.frees_slot(&row.session_key);
            }
            asked.rows.push(row);
        }
        let has_more = next.gateway < self.input.gateways.len();
        if has_more && asked.rows.len() < asked.filter.limit as usize {
            return self.list_from(request, Asked { place: next, ..asked });
        }
        self.listing.mark(&asked, has_more.then_some(next));
        self.answer(request, Ok(Reply::Listed(SessionPage { sessions: asked.rows, has_more })));
    }
}

fn is_over(state: SessionState) -> bool {
    match state {
        SessionState::Completed | SessionState::Failed | SessionState::TimedOut | SessionState::Cancelled => true,
        SessionState::Queued | SessionState::Running | SessionState::Unknown => false,
    }
}
