//! Collects what is wrong with a script.

use super::error::ScriptProblem;

/// All problems so far.
pub(super) struct Problems(Vec<ScriptProblem>);

impl Problems {
    /// Those that are known already.
    pub(super) fn of(problems: Vec<ScriptProblem>) -> Self {
        Self(problems)
    }

    pub(super) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        let problem = ScriptProblem { path: path.into(), message: message.into() };
        // A value that could not be read is reported already; that it is missing now is no news.
        if !self.0.iter().any(|known| known.path == problem.path) {
            self.0.push(problem);
        }
    }

    pub(super) fn any_below(&self, path: &str) -> bool {
        self.0.iter().any(|known| known.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    pub(super) fn range(&mut self, path: String, value: u64, low: u64, high: u64) {
        if !(low..=high).contains(&value) {
            self.add(path, format!("must be from {low} to {high}, not {value}"));
        }
    }

    pub(super) fn finish(mut self) -> Result<(), Vec<ScriptProblem>> {
        self.0.sort();
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
