//! How a command can end, and the exit code that goes with it.

use std::path::Path;
use std::process::ExitCode;

use gateway_sim::SimError;
use serde_json::{Value, json};

use crate::fault::Fault;

/// The end of a command that did what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Everything was done, and a run did what its rules ask for.
    Complete,
    /// A run ended otherwise.
    Incomplete,
    /// The result was shown, but a file could not be written, or the host's own account contradicts the result.
    Flawed,
}

/// The end of a command that did not get that far.
#[derive(Debug)]
pub enum Failure {
    /// The component refused the request; its own document.
    Refused(Value),
    /// A file or an option makes no sense.
    Bad {
        /// Stable, for `--json`.
        code: &'static str,
        /// What is wrong, and with which file.
        error: anyhow::Error,
    },
    /// The host or the component failed.
    Broken {
        /// Stable, for `--json`.
        code: &'static str,
        /// With its causes.
        error: anyhow::Error,
    },
}

impl Finish {
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Complete => ExitCode::SUCCESS,
            Self::Incomplete => ExitCode::from(1),
            Self::Flawed => ExitCode::from(3),
        }
    }
}

impl Failure {
    /// A file that cannot be used.
    pub fn file(path: &Path, error: anyhow::Error) -> Self {
        let fault = Fault { message: chain(&error), path: path.display().to_string(), ..Fault::of(&error) };
        Self::Bad { code: "E_FILE", error: fault.into() }
    }

    /// A file that cannot be written, or standard output.
    pub fn output(error: anyhow::Error) -> Self {
        Self::Broken { code: "E_OUTPUT", error }
    }

    /// A reply of the component that is not what the contract says.
    pub fn reply(what: impl Into<String>) -> Self {
        SimError::Reply { what: what.into() }.into()
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) | Self::Bad { .. } => ExitCode::from(2),
            Self::Broken { .. } => ExitCode::from(3),
        }
    }

    /// The failure as the document that `--json` prints, in the shape of a refusal.
    pub fn document(&self) -> Value {
        match self {
            Self::Refused(document) => document.clone(),
            Self::Bad { code, error } | Self::Broken { code, error } => {
                let Fault { path, got, limit, hint, .. } = Fault::of(error);
                let problem = json!({
                    "code": code, "message": chain(error), "path": path,
                    "got": got, "limit": limit, "hint": hint, "retryable": false,
                });
                json!({ "error": problem, "errors": [problem] })
            }
        }
    }
}

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        Self::Broken { code: error.code(), error: error.into() }
    }
}

/// An error with its causes in one text. A cause that only repeats what stands before it is left out.
pub fn chain(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let words = cause.to_string().trim_end().to_owned();
        if !parts.last().is_some_and(|last| last.contains(&words)) {
            parts.push(words);
        }
    }
    parts.join(": ")
}

/// An error for people, with a line on what to do about it unless that is said already.
pub fn sentences(error: &anyhow::Error) -> String {
    let words = chain(error);
    match Fault::of(error).hint.filter(|hint| !words.contains(hint)) {
        Some(hint) => format!("error: {words}\n  hint: {hint}\n"),
        None => format!("error: {words}\n"),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use gateway_sim::checker::{Invariant, Violation};

    use super::*;

    #[test]
    fn a_broken_invariant_is_the_components_failure() {
        let violation = Violation { invariant: Invariant::Cap, event: Some(17), what: "two are alive".to_owned() };
        let failure = Failure::from(SimError::Violation { seed: Some(5), violation });
        assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", ExitCode::from(3)));
        let document = failure.document();
        assert_eq!(document["error"]["code"], "E_GUEST_PROMISE");
        let words = "the component broke an invariant with seed 5: I1 at event 17: two are alive";
        assert_eq!(document["error"]["message"], words);
    }

    #[test]
    fn people_are_told_what_to_do_and_not_twice() {
        let error = anyhow!(Fault::new("a", "it is taken").hint("move it away"));
        assert_eq!(sentences(&error), "error: it is taken\n  hint: move it away\n");
        let said = anyhow!(Fault::new("a", "it is taken: move it away first").hint("move it away"));
        assert_eq!(sentences(&said), "error: it is taken: move it away first\n");
    }

    #[test]
    fn the_document_of_a_file_names_it_and_what_is_allowed() {
        let error = anyhow!(Fault::new("", "it is too large").limit("4 KiB")).context("cannot use a.json");
        let document = Failure::file(Path::new("a.json"), error).document();
        let problem = json!({
            "code": "E_FILE", "message": "cannot use a.json: it is too large", "path": "a.json",
            "got": null, "limit": "4 KiB", "hint": null, "retryable": false,
        });
        assert_eq!(document, json!({ "error": problem, "errors": [problem] }));
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow!("line 3 is odd\n").context("line 3 is odd").context("cannot read the file");
        assert_eq!(chain(&error), "cannot read the file: line 3 is odd");
    }
}
