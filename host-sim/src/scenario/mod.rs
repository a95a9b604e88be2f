//! Scenarios: what goes wrong without a policy, and what comes of it with one.
//!
//! A scenario is a file with a request, a gateway, and two variants of the request that differ by one policy. Each variant
//! says what has to come out. Files are in `scenarios/`, whose README has their form.

mod expect;
mod file;
mod run;
#[cfg(test)]
mod tests;

use std::path::Path;

use file::ScenarioFile;

pub use run::{Checked, Outcome};

use gateway_sim::script::Script;

/// The files that come with the simulator: their names and texts. A test compares this with the directory.
macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*]
    };
}

const BUNDLED: &[(&str, &str)] = bundled![
    "breaker",
    "budget",
    "canary",
    "cancelling",
    "census",
    "collecting",
    "correction",
    "dependencies",
    "fail-fast",
    "first-answers",
    "forecast",
    "hedging",
    "judge",
    "ladder",
    "lost-answers",
    "never-started",
    "no-climb",
    "pages",
    "proof",
    "provider-limit",
    "quorum",
    "restart",
    "retries",
    "retry-budget",
    "silent-fallback",
    "starts",
    "until",
];

/// A scenario that can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The name of its file, without the ending.
    pub name: String,
    /// What it is about, in some words.
    pub title: String,
    /// What users complain of, in one sentence.
    pub complaint: String,
    file: ScenarioFile,
    script: Script,
}

/// The two ways in which a scenario is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// The policy is off.
    Without,
    /// The policy is on.
    With,
}

impl Variant {
    /// Both, in the order in which they are told.
    pub const BOTH: [Self; 2] = [Self::Without, Self::With];

    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Without => "without",
            Self::With => "with",
        }
    }
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file could not be read.
    #[error("cannot read the scenario {path}")]
    Read {
        /// As it was named.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text does not have the form of a scenario.
    #[error("the scenario {name} cannot be used: {what}")]
    Form {
        /// As the command line names it.
        name: String,
        /// What is wrong, and where.
        what: String,
    },
}

impl Scenario {
    /// All scenarios that come with the simulator, in the order of their names.
    pub fn bundled() -> Result<Vec<Self>, ScenarioError> {
        BUNDLED.iter().map(|(name, text)| Self::read(name, text)).collect()
    }

    /// A scenario from a file.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let shown = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| ScenarioError::Read { path: shown.clone(), source })?;
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or(&shown);
        Self::read(name, &text)
    }

    fn read(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let form = |what: String| ScenarioError::Form { name: name.to_owned(), what };
        let file: ScenarioFile = toml::from_str(text).map_err(|error| form(error.to_string()))?;
        let script = Script::from_json(&file.script.to_string()).map_err(|error| form(error.to_string()))?;
        let (title, complaint) = (file.title.clone(), file.complaint.clone());
        Ok(Self { name: name.to_owned(), title, complaint, file, script })
    }
}
