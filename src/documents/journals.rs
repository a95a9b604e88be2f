//! Calls that are written down, gone through again and gone on with.

use serde::Serialize;
use serde_json::Value;

use super::DocumentReply;
use parallel_agents_engine::host::Host;
use parallel_agents_engine::journal::{self, Journaled, Replay};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::report::document;

/// Resumes a call that was cut off; the reply is the one that the call would have given. The text of the journal is given up once
/// it has been read.
pub async fn resume(journal: String, host: &mut impl Host) -> DocumentReply {
    let read = journal::read(&journal);
    drop(journal);
    let journal = match read {
        Ok(journal) => journal,
        Err(problem) => return refused(problem),
    };
    let read = super::read_named(&journal.header.function, &journal.header.arguments);
    let mut host = Journaled::resumed(host, journal);
    let answered = super::answer(read, &mut host).await;
    super::reply(host.close(answered))
}

/// Goes through a journal without asking the host anything, and says what is in it.
pub async fn replay<H: Host>(journal: &str, _host: &mut H) -> DocumentReply {
    #[derive(Serialize)]
    struct Replayed {
        steps: u64,
        commands: u64,
        /// The call came back.
        complete: bool,
        /// The last line was cut off.
        torn: bool,
        /// What it came back with; none if it was cut off.
        reply: Option<Value>,
    }
    let journal = match journal::read(journal) {
        Ok(journal) => journal,
        Err(problem) => return refused(problem),
    };
    let (header, complete, torn) = (journal.header, journal.complete, journal.torn);
    let mut host = Journaled::<&mut H>::Replayed(Box::new(Replay::new(journal.steps, complete)));
    let answered = super::answer(super::read_named(&header.function, &header.arguments), &mut host).await;
    let closed = host.close(answered);
    let Journaled::Replayed(replay) = host else { return super::reply(closed) };
    let reply = match closed {
        Ok(text) => serde_json::from_str(&text).ok(),
        // It asked for more than there is: as then, it was cut off.
        Err(_) if replay.is_over() => None,
        refused => return super::reply(refused),
    };
    let (steps, commands) = (replay.steps(), replay.commands());
    DocumentReply::Answer(document::to_text(&Replayed { steps, commands, complete, torn, reply }))
}

fn refused(problem: Problem) -> DocumentReply {
    super::reply(Err(CallError::invalid(vec![problem])))
}
