//! Reads the host's list, and takes what it shows to the sessions.

use super::action::Action;
use super::booking;
use super::reconciling::{end_of, goes_on, has_long_list};
use super::session_index::Lookup;
use super::state::Engine;
use super::work::Actions;
use crate::host::{HostError, Reply, SessionRow};
use crate::ids::AttemptIndex;
use crate::session::Input;

impl Engine {
    /// Reads the list if there was no news for long.
    pub(super) fn look_if_quiet(&mut self) {
        if !self.attempts.all_over() && self.reconciling.take_due(self.run.now()) {
            self.look();
        }
    }

    /// Searches for a session of which no spawn call says whether it exists.
    pub(super) fn search(&mut self, attempt: AttemptIndex) -> Actions {
        if !self.reconciling.search(attempt) {
            return vec![Action::Input(attempt, not_found())];
        }
        if self.reconciling.wants_look() {
            self.look_for_searched();
        }
        Vec::new()
    }

    fn look(&mut self) {
        let look = self.reconciling.begin_look(self.run.nonces.short());
        self.requests.list(look, 0, self.reconciling.page_filter(0));
    }

    /// Looks for all sessions that are searched for, if the list is short, and else for one.
    fn look_for_searched(&mut self) {
        let searched = self.reconciling.next_search().filter(|_| has_long_list(self.attempts.next_index().0));
        let options = searched.and_then(|attempt| self.attempts[attempt].options.as_ref());
        let Some(label) = options.map(|options| options.label.clone()) else { return self.look() };
        let look = self.reconciling.begin_search(&label);
        self.requests.list(look, 0, self.reconciling.page_filter(0));
    }

    /// Takes in a page of the list.
    pub(super) fn listed(&mut self, look: u32, page: u32, outcome: Result<Reply, HostError>) {
        let is_present = self.reconciling.is_present(look);
        let (rows, has_more) = match outcome {
            Ok(Reply::Listed(page)) => (page.sessions, page.has_more),
            Err(HostError::Unsupported(_) | HostError::Forbidden(_)) => {
                self.reconciling.switch_off();
                (Vec::new(), false)
            }
            // The next look may be luckier.
            Ok(_) | Err(_) => (Vec::new(), false),
        };
        let goes_on = is_present && goes_on(page, &rows, has_more);
        if goes_on {
            self.requests.list(look, page + 1, self.reconciling.page_filter(page + 1));
        }
        for row in rows {
            match self.sessions.look_up(&row.session_key) {
                Lookup::Unknown => self.reconciling.stray(row.label, row.session_key),
                Lookup::Ended(_) => {}
                Lookup::Open(_) => {
                    if let Some(end) = end_of(row) {
                        self.session_ended(end);
                    }
                }
            }
        }
        if is_present && !goes_on {
            self.looked();
        }
    }

    /// Attaches to what the look has found, and searches again for what it has not.
    fn looked(&mut self) {
        let (searches, strays) = self.reconciling.end_look();
        for search in searches {
            let attempt = search.0;
            let options = self.attempts[attempt].options.as_ref();
            if let Some(session) = options.and_then(|options| strays.get(&options.label)) {
                self.requests.attach(attempt, session.clone());
                // It is there. To give it up now, as after a jump of the clock, would lose it.
                self.input(attempt, Input::Listed);
            } else if !self.reconciling.search_again(search) {
                self.input(attempt, not_found());
            }
        }
        // Those whose time is up meanwhile need no look.
        if self.reconciling.keep(|attempt| self.attempts.is_live(attempt)) {
            self.look_for_searched();
        }
    }

    /// Books what sessions have used whose ends are still to be reported, as a resumed call learns it before the ends.
    /// False: nothing of it is of this run.
    pub(super) fn used_meanwhile(&mut self, rows: &[SessionRow]) -> bool {
        let mut used = false;
        for end in rows.iter().cloned().filter_map(end_of) {
            if let Lookup::Open(attempt) = self.sessions.look_up(&end.session) {
                let attempt = &mut self.attempts[attempt];
                booking::book_excess(&self.run.rules, self.scheduler.budget(), attempt, &end);
                used = true;
            }
        }
        used
    }
}

fn not_found() -> Input {
    Input::Spawned(Err(HostError::NotFound("the host lists no session with this label".to_owned())))
}
