//! Commands to the host, and what each of its requests was for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::host::{Command, HistoryQuery, ItemResult, ListFilter, Progress, SpawnOptions};
use crate::ids::{AttemptIndex, RequestId, SessionKey};
use crate::policy::history::HISTORY_PAGE;

/// What a request was made for.
#[derive(Debug)]
pub(super) enum Purpose {
    Spawn(AttemptIndex),
    Read(AttemptIndex),
    Cancel(AttemptIndex),
    Delete(SessionKey),
    /// A page of the host's list, for the look with this number.
    List {
        look: u32,
        page: u32,
    },
    /// A receipt for a session that the host's list has.
    Attach(AttemptIndex),
}

/// Requests without an answer, and the commands of this step.
#[derive(Debug)]
pub(super) struct Requests {
    open: BTreeMap<RequestId, Purpose>,
    next: u64,
    spawn_calls: u32,
    progress: u64,
    commands: Vec<Command>,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self { open: BTreeMap::new(), next: 1, spawn_calls: 0, progress: 0, commands: Vec::new() }
    }

    /// What an answered request was for. None: there was no such request, or it is answered already.
    pub(super) fn take(&mut self, request: RequestId) -> Option<Purpose> {
        self.open.remove(&request)
    }

    /// Calls to spawn so far, those that were made again included.
    pub(super) fn spawn_calls(&self) -> u32 {
        self.spawn_calls
    }

    /// The commands since the last time, in order.
    pub(super) fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// Answers that are still owed do not matter any more.
    pub(super) fn forget(&mut self) {
        self.open.clear();
    }

    pub(super) fn spawn(&mut self, attempt: AttemptIndex, options: Arc<SpawnOptions>) {
        self.spawn_calls += 1;
        self.ask(Purpose::Spawn(attempt), |id| Command::Spawn(id, options));
    }

    pub(super) fn read(&mut self, attempt: AttemptIndex, session_key: SessionKey, offset: u32, include_tools: bool) {
        let query = HistoryQuery { session_key, offset, limit: HISTORY_PAGE, include_tools };
        self.ask(Purpose::Read(attempt), |id| Command::History(id, query));
    }

    pub(super) fn cancel(&mut self, attempt: AttemptIndex, session: SessionKey) {
        self.ask(Purpose::Cancel(attempt), |id| Command::Cancel(id, session));
    }

    pub(super) fn delete(&mut self, session: SessionKey) {
        self.ask(Purpose::Delete(session.clone()), |id| Command::Delete(id, session));
    }

    pub(super) fn list(&mut self, look: u32, page: u32, filter: ListFilter) {
        self.ask(Purpose::List { look, page }, |id| Command::List(id, filter));
    }

    pub(super) fn attach(&mut self, attempt: AttemptIndex, session: SessionKey) {
        self.ask(Purpose::Attach(attempt), |id| Command::Attach(id, session));
    }

    /// Reports progress; its number is given here.
    pub(super) fn report(&mut self, mut progress: Progress) {
        progress.seq = self.progress;
        self.progress += 1;
        self.commands.push(Command::Progress(progress));
    }

    /// Hands over what became of an item.
    pub(super) fn hand_over(&mut self, item: ItemResult) {
        self.commands.push(Command::Item(item));
    }

    fn ask(&mut self, purpose: Purpose, command: impl FnOnce(RequestId) -> Command) {
        let id = RequestId(self.next);
        self.next += 1;
        self.open.insert(id, purpose);
        self.commands.push(command(id));
    }
}
