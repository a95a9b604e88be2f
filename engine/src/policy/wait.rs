//! When it is enough.

use serde_json::Value;

use crate::task::{TaskResult, TaskStatus, WaitMode};

/// The rule of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What is waited for.
    pub mode: WaitMode,
    /// How many completed tasks; at least 1.
    pub count: usize,
    /// Where tasks have to agree.
    pub pointer: String,
    /// How long, for `until`.
    pub seconds: u32,
}

impl Default for Wait {
    fn default() -> Self {
        Self { mode: WaitMode::All, count: 1, pointer: String::new(), seconds: 0 }
    }
}

/// What was reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Enough {
    /// The value that was agreed on, for a quorum.
    pub value: Option<Value>,
}

/// Whether the results so far are enough to stop the rest. `all` and `until` never say so before everything has ended.
/// `completed`: how many of them are; only a quorum looks at each.
pub fn enough<'a>(wait: &Wait, completed: usize, results: impl Iterator<Item = &'a TaskResult>) -> Option<Enough> {
    match wait.mode {
        WaitMode::All | WaitMode::Until => None,
        WaitMode::Any => (completed > 0).then_some(Enough { value: None }),
        WaitMode::First => (completed >= wait.count).then_some(Enough { value: None }),
        WaitMode::Quorum => {
            // Values are few and small: counting pairs needs no order on JSON values.
            let mut votes: Vec<(&Value, usize)> = Vec::new();
            let passed = results.filter(|result| result.status == TaskStatus::Completed);
            for value in passed.filter_map(|result| result.output.as_ref()?.pointer(&wait.pointer)) {
                match votes.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, count)) => *count += 1,
                    None => votes.push((value, 1)),
                }
            }
            let agreed = votes.into_iter().find(|(_, count)| *count >= wait.count);
            agreed.map(|(value, _)| Enough { value: Some(value.clone()) })
        }
    }
}
