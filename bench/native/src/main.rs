//! One run for a tool that counts its instructions: `parallel-agents-count bare|full TASKS SLOTS [request]`.
//!
//! With `request` only what comes before the call is done, so that the difference of both is the call.

use std::process::ExitCode;

use futures::executor::block_on;
use parallel_agents::documents::{self, DocumentReply, Function};
use parallel_agents_bench_native::{Extent, Instantly, spec};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (extent, tasks, slots, rest) = match words.as_slice() {
        ["bare", tasks, slots, rest @ ..] => (Extent::Bare, tasks, slots, rest),
        ["full", tasks, slots, rest @ ..] => (Extent::Full, tasks, slots, rest),
        _ => return ExitCode::from(2),
    };
    let (Ok(tasks), Ok(slots)) = (tasks.parse(), slots.parse()) else { return ExitCode::from(2) };
    let Ok(request) = serde_json::to_string(&spec(tasks, slots)) else { return ExitCode::FAILURE };
    if rest == ["request"] {
        return ExitCode::SUCCESS;
    }
    let mut host = Instantly::new(extent);
    let reply = block_on(documents::call(Function::RunTasks, request, &mut host));
    // A run that went wrong would need fewer instructions, or more.
    let went_well = |report: &str| {
        let has_journal = (host.journal_bytes() > 0) == (extent == Extent::Full);
        report.starts_with("{\"status\":\"completed\"") && host.sessions() == tasks && has_journal
    };
    match reply {
        DocumentReply::Answer(report) if went_well(&report) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
