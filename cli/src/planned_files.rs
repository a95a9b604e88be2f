//! The files that a call will write, looked at before anything is created.

use std::path::Path;

use crate::args::{ResumeArguments, Simulation};
use crate::outcome::Failure;
use crate::output;
use crate::results;

/// Finds out before anything is created whether a call can leave behind what it is asked for, each thing in a file of its own.
///
/// `output`: where the lines of a run over many items go.
pub fn check(simulation: &Simulation, output: Option<&Path>) -> Result<(), Failure> {
    let Simulation { backend, run_options, journal, .. } = simulation;
    let taken = results::written_meanwhile(journal.as_deref(), output);
    output::check([&run_options.trace, &run_options.report, &backend.record], &taken)
}

/// The same for a call that is gone on with.
pub fn check_resumed(arguments: &ResumeArguments) -> Result<(), Failure> {
    let ResumeArguments { journal_file, output, run_options, .. } = arguments;
    let taken = results::written_meanwhile(Some(journal_file.as_path()), output.as_deref());
    output::check([&run_options.trace, &run_options.report], &taken)
}
