//! What is wrong with a request: every problem at once, each with its place, what was there and what is allowed.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::order;
use crate::text;

/// Problems that a refusal lists.
pub const MAX_PROBLEMS: usize = 10;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `E_…`, the same in all versions.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// JSON pointer into the request.
    pub path: String,
    /// At most 64 bytes of what was there, escaped.
    pub got: Option<String>,
    /// What is allowed.
    pub limit: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem of a kind at a place.
    pub fn new(code: &str, path: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self {
            code: code.to_owned(),
            message: text::message(message.as_ref()),
            path: path.into(),
            got: None,
            limit: None,
            hint: None,
        }
    }

    /// Adds what was there.
    pub fn got(mut self, got: impl ToString) -> Self {
        self.got = Some(text::escaped(text::head(&got.to_string(), text::MAX_ECHO_BYTES)).into_owned());
        self
    }

    /// Adds what is allowed.
    pub fn limit(mut self, limit: impl ToString) -> Self {
        self.limit = Some(limit.to_string());
        self
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Whether a place of a request, or one around it, is among these.
pub fn is_within(places: &BTreeSet<String>, path: &str) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|end| path.get(..end)).any(|place| places.contains(place))
}

/// A name that is not known, with the nearest ones that are.
pub fn unknown_name<'a>(
    code: &str,
    path: impl Into<String>,
    what: &str,
    got: &str,
    known: impl Iterator<Item = &'a str>,
    how_to_list: &str,
) -> Problem {
    let near = text::nearest(got, known);
    let hint = match near.as_slice() {
        [] => how_to_list.to_owned(),
        names => format!("did you mean {}? {how_to_list}", names.join(" or ")),
    };
    Problem::new(code, path, format!("{what}: {} is not known", text::quoted(got))).got(got).hint(hint)
}

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// Everything that is wrong with the request; no session function was called.
    InvalidRequest(Vec<Problem>),
    /// The host broke the contract.
    HostProtocol(String),
}

impl CallError {
    /// Orders problems by path and keeps the first ten, of which the last tells how many more there were.
    pub fn invalid(problems: Vec<Problem>) -> Self {
        let mut problems = order::sorted_by_key(problems, |problem| (path_order(&problem.path), problem.code.clone()));
        problems.dedup();
        let total = problems.len();
        problems.truncate(MAX_PROBLEMS);
        if let Some(last) = problems.last_mut().filter(|_| total > MAX_PROBLEMS) {
            let more = format!("and {} more problems after this one", total - MAX_PROBLEMS);
            last.hint = Some(match last.hint.take() {
                Some(hint) => format!("{hint}; {more}"),
                None => more,
            });
        }
        Self::InvalidRequest(problems)
    }
}

/// `/tasks/9` comes before `/tasks/10`.
fn path_order(path: &str) -> Vec<(u64, String)> {
    path.split('/').map(|step| (step.parse().unwrap_or(u64::MAX), step.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_ordered_by_place_and_counted() {
        let problems = (0..12).rev().map(|n| Problem::new("E_X", format!("/tasks/{n}"), "x")).collect();
        let CallError::InvalidRequest(listed) = CallError::invalid(problems) else { panic!("not a refusal") };
        let paths: Vec<&str> = listed.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths.len(), MAX_PROBLEMS);
        assert_eq!(paths[9], "/tasks/9");
        assert_eq!(listed[9].hint.as_deref(), Some("and 2 more problems after this one"));
    }
}
