//! When it is enough.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json::schema;
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

/// In which values completed tasks agree, for a quorum. Each task is counted once, when it has ended. As in a schema, 1 and 1.0
/// are one value.
#[derive(Debug, Default)]
pub struct Votes(BTreeMap<String, usize>);

impl Votes {
    /// Counts one more task with this value; how many there are now.
    fn count(&mut self, value: &Value) -> usize {
        let count = self.0.entry(schema::canonical(value)).or_default();
        *count += 1;
        *count
    }
}

/// Whether the results are enough to stop the rest, now that one more task has ended with `result`. `all` and `until` never say so
/// before everything has ended. `completed`: how many of all results are.
pub fn enough(wait: &Wait, votes: &mut Votes, completed: usize, result: Option<&TaskResult>) -> Option<Enough> {
    match wait.mode {
        WaitMode::All | WaitMode::Until => None,
        WaitMode::Any => (completed > 0).then_some(Enough { value: None }),
        WaitMode::First => (completed >= wait.count).then_some(Enough { value: None }),
        WaitMode::Quorum => {
            let passed = result.filter(|result| result.status == TaskStatus::Completed)?;
            let value = passed.output.as_ref()?.pointer(&wait.pointer)?;
            (votes.count(value) >= wait.count).then(|| Enough { value: Some(value.clone()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_counted_by_what_they_say_and_once_for_each_task() {
        let mut votes = Votes::default();
        let counted = [json!({"a": 1, "b": 2}), json!(7), json!({"b": 2, "a": 1}), json!(7.5), json!(7.0)];
        assert_eq!(counted.map(|value| votes.count(&value)), [1, 1, 2, 1, 2]);
        assert_eq!(votes.0.len(), 3);
    }
}
