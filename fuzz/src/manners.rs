//! What can be asked of the commands of any call.

use std::collections::BTreeSet;

use parallel_agents_engine::host::Command;

/// Holds the commands of a call to what needs no knowledge of the host: numbers without gaps, one end for each task.
#[derive(Default)]
pub struct Manners {
    last_request: u64,
    progress: u64,
    over: BTreeSet<String>,
    /// Spawns so far.
    pub spawns: u64,
}

impl Manners {
    /// Looks at one command.
    pub fn mind(&mut self, command: &Command) {
        if let Some(request) = command.request() {
            assert!(request.0 > self.last_request, "request {request} is not a new one");
            self.last_request = request.0;
        }
        match command {
            Command::Spawn(_, options) => {
                self.spawns += 1;
                assert!(options.run_timeout_seconds > 0 && !options.task.is_empty() && !options.label.is_empty());
                assert!(options.label.chars().count() <= 120, "{}", options.label);
            }
            Command::Progress(progress) => {
                assert_eq!(progress.seq, self.progress, "progress has no gaps");
                self.progress += 1;
                assert!(!self.over.contains(progress.task.as_str()), "nothing follows the end of {}", progress.task);
                if progress.status.is_final() {
                    self.over.insert(progress.task.to_string());
                }
            }
            _ => {}
        }
    }
}
