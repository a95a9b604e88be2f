//! What is wrong with a definition.

use std::fmt;

use crate::json::schema::{Rule, Violation};

/// One thing that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key or section, with a pointer into its value where that is an object; empty for the text as a whole.
    pub field: String,
    /// What is wrong with it, without its name.
    pub message: String,
    /// What was there.
    pub got: Option<String>,
    /// What is allowed.
    pub allowed: Option<String>,
}

impl Fault {
    /// A fault that is told in words.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), got: None, allowed: None }
    }

    /// A value that is not an allowed one.
    pub fn value(field: impl Into<String>, got: impl fmt::Display, allowed: impl fmt::Display) -> Self {
        let message = format!("got {got}, need {allowed}");
        Self { got: Some(got.to_string()), allowed: Some(allowed.to_string()), ..Self::new(field, message) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => formatter.write_str(&self.message),
            field => write!(formatter, "{field}: {}", self.message),
        }
    }
}

impl From<&Violation> for Fault {
    fn from(violation: &Violation) -> Self {
        let field = crate::text::escaped(violation.path.trim_start_matches('/')).into_owned();
        match violation.rule {
            Rule::Unknown => {
                let message = format!("is not a known key; known are {}", violation.limit);
                Self { allowed: Some(violation.limit.clone()), ..Self::new(field, message) }
            }
            Rule::Missing => Self::new(field, "is missing"),
            Rule::Type | Rule::Enum | Rule::Range | Rule::AnyOf => Self::value(field, &violation.got, &violation.limit),
        }
    }
}
