//! Agent definitions as people have them in files: read as they are, and turned into the strict form of the component.
//!
//! The command line links it, and the plugin loads it as a component of its own (`wit/world.wit`): YAML and the Latin letters of
//! all scripts take 1 MB, which the component of the runs would load at every call.
//!
//! | module    | what it does                                                             |
//! |-----------|--------------------------------------------------------------------------|
//! | `text`    | bytes of a file as text                                                  |
//! | `fences`  | where the head of a file ends and its text begins                        |
//! | `head`    | the head as YAML, or line by line where it is not YAML                   |
//! | `lines`   | that second reading                                                      |
//! | `kind`    | what is meant to be a definition, and which other format a file has      |
//! | `naming`  | ids made of names                                                        |
//! | `models`  | tiers for the names of models                                            |
//! | `tools`   | whether an agent may use tools                                           |
//! | `convert` | the fields of a head as a definition                                     |
//! | `reading` | one file from its bytes to a definition                                  |
//! | `library` | all files of a directory: looked up by name, collisions                  |
//! | `request` | a field of a request, changed without touching the rest of its bytes     |
//! | `select`  | the definitions that a request uses                                      |
//! | `exports` | the component                                                            |

mod convert;
#[cfg(target_family = "wasm")]
mod exports;
mod fences;
mod head;
mod kind;
mod library;
mod lines;
mod models;
mod naming;
mod reading;
pub mod request;
mod select;
#[cfg(test)]
mod tests;
mod text;
mod tools;

pub use kind::{EXTENSIONS, is_candidate, may_be_other};
pub use library::{File, Found, Given, Library};
pub use naming::id_of;
pub use reading::{Agent, Reading};
pub use select::{Problem, Selection, place, problems_of, select};
pub use text::MAX_FILE_BYTES;

/// The file in which the component lists the definitions of a registry that it has written.
pub const INDEX: &str = "registry.json";

/// Something that a file says and that is not used, or how it was understood where it could be read in more than one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Counted from 1; none for the file as a whole.
    pub line: Option<usize>,
    /// The key of the head; empty for the file as a whole.
    pub field: String,
    /// What was done with it, in one sentence.
    pub message: String,
}

impl Warning {
    /// A warning about one key.
    fn of(field: &str, message: impl Into<String>) -> Self {
        Self { line: None, field: field.to_owned(), message: message.into() }
    }

    /// A warning about the file as a whole.
    fn whole(message: impl Into<String>) -> Self {
        Self::of("", message)
    }

    /// The field and what was done with it.
    pub fn text(&self) -> String {
        with_field(&self.field, &self.message)
    }
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Counted from 1; none for the file as a whole.
    pub line: Option<usize>,
    /// The key of the head; empty for the file as a whole.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What was there.
    pub got: Option<String>,
    /// What is allowed.
    pub allowed: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl FileProblem {
    /// A problem of one key, or of the file as a whole where that is empty.
    fn of(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { line: None, field: field.to_owned(), message, got: None, allowed: None, hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The field and what is wrong with it.
    pub fn text(&self) -> String {
        with_field(&self.field, &self.message)
    }
}

fn with_field(field: &str, message: &str) -> String {
    if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") }
}
