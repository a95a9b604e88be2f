//! The host behind the WIT imports.

use super::bindings::parallel_agents::skill::{events, journal, sessions};
use super::convert;
use parallel_agents_engine::host::{Command, Event, Host, JournalError};
use parallel_agents_engine::problem::CallError;

/// Hands commands to the imports and takes events from them.
pub struct Imports;

impl Host for Imports {
    fn perform(&mut self, command: Command) {
        match command {
            Command::Spawn(request, options) => sessions::sessions_spawn(request.0, convert::spawn_options(&options)),
            Command::List(request, filter) => sessions::sessions_list(request.0, convert::list_filter(&filter)),
            Command::History(request, query) => sessions::sessions_history(request.0, convert::history_query(&query)),
            Command::Cancel(request, session) => sessions::sessions_cancel(request.0, session.as_str()),
            Command::Attach(request, session) => sessions::sessions_attach(request.0, session.as_str()),
            Command::Delete(request, session) => sessions::sessions_delete(request.0, session.as_str()),
            Command::Progress(progress) => events::report_progress(convert::progress(&progress)),
            Command::Item(item) => events::report_item(convert::item_result(&item)),
        }
    }

    async fn next_event(&mut self, until_ms: Option<u64>) -> Result<Event, CallError> {
        Ok(convert::event(events::next_event(until_ms).await))
    }

    fn append(&mut self, lines: &str) -> Result<(), JournalError> {
        journal::append(lines).map_err(convert::journal_error)
    }
}
