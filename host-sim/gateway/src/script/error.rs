//! What can be wrong with a script file.

use std::fmt;
use std::path::PathBuf;

use parallel_agents_engine::json::strict::JsonError;

/// Why a script could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file could not be read.
    #[error("cannot read the script {}", path.display())]
    Read {
        /// As it was named.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file name ends neither in `.toml` nor in `.json`.
    #[error("the script {} must end in .toml or .json", path.display())]
    Extension {
        /// As it was named.
        path: PathBuf,
    },
    /// The text is not TOML.
    #[error("the script is not valid TOML: {0}")]
    Toml(#[from] toml::de::Error),
    /// The text is not JSON, or names a key twice.
    #[error("the script is not valid JSON: {0}")]
    Json(JsonError),
    /// The text can be read but does not say what a script has to say. Never empty.
    #[error("the script has {} problem(s):{}", .0.len(), Listed(.0))]
    Invalid(Vec<ScriptProblem>),
}

/// One thing that is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScriptProblem {
    /// A JSON pointer to the place; empty for the whole document.
    pub path: String,
    /// What is wrong there, and what is allowed.
    pub message: String,
}

impl fmt::Display for ScriptProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "/" } else { &self.path };
        write!(f, "{place}: {}", self.message)
    }
}

struct Listed<'a>(&'a [ScriptProblem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
