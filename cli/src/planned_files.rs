//! The files that a call will write, looked at before anything is created.

use std::path::{Path, PathBuf};

use crate::args::{AgentArguments, InstanceArguments, ResumeArguments, Simulation};
use crate::outcome::Failure;
use crate::output;
use crate::results;

/// Finds out before anything is created whether a call can leave behind what it is asked for, each thing in a file of its own and none
/// in one that the call reads.
///
/// `output`: where the lines of a run over many items go. `read`: the files that the command reads, beside those of the options.
pub fn check(simulation: &Simulation, output: Option<&Path>, read: &[PathBuf]) -> Result<(), Failure> {
    let Simulation { agent_arguments, backend, run_options, journal, instance, .. } = simulation;
    let taken = results::written_meanwhile(journal.as_deref(), output);
    // Standard input is no file.
    let mut read: Vec<PathBuf> = read.iter().filter(|path| path.as_os_str() != "-").cloned().collect();
    read.extend(of_options(agent_arguments, instance).cloned());
    output::check([&run_options.trace, &run_options.report, &backend.record], &taken, &read)
}

/// The same for a call that is gone on with.
pub fn check_resumed(arguments: &ResumeArguments) -> Result<(), Failure> {
    let ResumeArguments { journal_file, output, agent_arguments, run_options, instance, .. } = arguments;
    let taken = results::written_meanwhile(Some(journal_file.as_path()), output.as_deref());
    let read: Vec<PathBuf> = of_options(agent_arguments, instance).cloned().collect();
    output::check([&run_options.trace, &run_options.report], &taken, &read)
}

/// The files that options name to be read.
fn of_options<'a>(agents: &'a AgentArguments, instance: &'a InstanceArguments) -> impl Iterator<Item = &'a PathBuf> {
    [&agents.script, &instance.component.component].into_iter().flatten()
}
