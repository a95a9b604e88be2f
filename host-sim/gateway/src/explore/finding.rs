//! What is wrong with a run.

use std::collections::BTreeMap;
use std::fmt;

use crate::checker::Violation;

/// An invariant that a run violated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The number of the invariant in docs/reliability.md.
    pub code: &'static str,
    /// What happened, in one sentence.
    pub what: String,
}

impl Finding {
    /// The code for what no result tells of.
    pub const LOST: &str = "E1 lost";
    /// The code for what results tell of more than once.
    pub const DUPLICATED: &str = "E1 duplicated";
    /// The code for results that nobody asked for.
    pub const UNEXPECTED: &str = "E1 unexpected";

    pub(super) fn new(code: &'static str, what: String) -> Self {
        Self { code, what }
    }
}

impl From<&Violation> for Finding {
    fn from(violation: &Violation) -> Self {
        Self { code: violation.invariant.code(), what: violation.what.clone() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.what)
    }
}

/// What is wrong, so far.
#[derive(Default)]
pub(super) struct Found(Vec<Finding>);

impl Found {
    pub(super) fn extend(&mut self, more: impl Iterator<Item = Finding>) {
        self.0.extend(more);
    }

    pub(super) fn all(self) -> Vec<Finding> {
        self.0
    }

    pub(super) fn add(&mut self, code: &'static str, what: impl Into<String>) {
        self.0.push(Finding::new(code, what.into()));
    }

    /// Compares what was asked for with what is told of, as far as that is known.
    pub(super) fn compare(&mut self, kind: &str, asked: &[String], told: &[String]) {
        let mut times: BTreeMap<&String, u32> = BTreeMap::new();
        told.iter().for_each(|name| *times.entry(name).or_default() += 1);
        for name in asked.iter().filter(|name| !times.contains_key(name)) {
            self.add(Finding::LOST, format!("no result tells of {kind} {name}"));
        }
        for (name, times) in times {
            if times > 1 {
                self.add(Finding::DUPLICATED, format!("{times} results tell of {kind} {name}"));
            }
            if !asked.contains(name) {
                self.add(Finding::UNEXPECTED, format!("a result tells of {kind} {name}"));
            }
        }
    }
}
