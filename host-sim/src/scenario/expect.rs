//! What has to come out of a variant.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// One expectation: a place in the outcome, and one or more things that have to hold of the value there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Expectation {
    /// A JSON pointer into the outcome: the reply, and under `/host` what the host counted.
    at: String,
    /// In place of the value, how many items of the list there have this in them: a pointer, `=` and a value.
    count_of: Option<String>,
    is: Option<Value>,
    is_not: Option<Value>,
    at_least: Option<Value>,
    at_most: Option<Value>,
    contains: Option<String>,
    /// Whether anything but null stands there.
    exists: Option<bool>,
}

impl Expectation {
    /// What of it does not hold, in one sentence. None: it holds.
    pub(super) fn broken(&self, outcome: &Value) -> Option<String> {
        let found = self.found(outcome);
        let number = |value: &Value| value.as_f64();
        let compare = |wanted: &Option<Value>, holds: fn(f64, f64) -> bool| match wanted {
            None => true,
            Some(wanted) => number(&found).zip(number(wanted)).is_some_and(|(found, wanted)| holds(found, wanted)),
        };
        let holds = self.is.as_ref().is_none_or(|wanted| same(wanted, &found))
            && self.is_not.as_ref().is_none_or(|wanted| !same(wanted, &found))
            && compare(&self.at_least, |found, wanted| found >= wanted)
            && compare(&self.at_most, |found, wanted| found <= wanted)
            && self.contains.as_ref().is_none_or(|part| text(&found).contains(part.as_str()))
            && self.exists.is_none_or(|wanted| found.is_null() != wanted);
        (!holds).then(|| {
            let mut shown = text(&found);
            if let Some((end, _)) = shown.char_indices().nth(300) {
                shown.truncate(end);
            }
            format!("{self}, but there is {shown}")
        })
    }

    /// Whether it says nothing at all.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.is.is_none()
            && self.is_not.is_none()
            && self.at_least.is_none()
            && self.at_most.is_none()
            && self.contains.is_none()
            && self.exists.is_none()
    }

    fn found(&self, outcome: &Value) -> Value {
        let value = outcome.pointer(&self.at).cloned().unwrap_or_default();
        let Some((pointer, wanted)) = self.count_of.as_deref().and_then(|of| of.split_once('=')) else {
            return value;
        };
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let count =
            items.iter().filter(|item| item.pointer(pointer).is_some_and(|value| text(value) == wanted)).count();
        count.into()
    }
}

/// Numbers are equal by what they are worth: 3 and 3.0.
fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted.as_f64(), found.as_f64()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => wanted == found,
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", if self.at.is_empty() { "/" } else { &self.at })?;
        if let Some(of) = &self.count_of {
            write!(f, " with {of}")?;
        }
        let values =
            [("is", &self.is), ("is not", &self.is_not), ("at least", &self.at_least), ("at most", &self.at_most)];
        for (words, value) in values {
            if let Some(value) = value {
                write!(f, " {words} {value}")?;
            }
        }
        if let Some(part) = &self.contains {
            write!(f, " contains {part:?}")?;
        }
        match self.exists {
            Some(true) => write!(f, " exists"),
            Some(false) => write!(f, " does not exist"),
            None => Ok(()),
        }
    }
}
