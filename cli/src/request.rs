//! Puts options of the command line into a request.

pub use agent_files::request::with_field;
use serde_json::Value;

use crate::args::RunRules;

/// The request with the rules that the command line sets.
pub fn with_rules(mut request: String, rules: &RunRules) -> String {
    let RunRules { max_concurrent, task_timeout } = rules;
    for (name, value) in [("max_concurrent", max_concurrent), ("task_timeout_seconds", task_timeout)] {
        if let Some(value) = value {
            request = with_field(&request, name, &Value::from(*value));
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_put_in_if_they_are_given() {
        let with = |max_concurrent, task_timeout| {
            with_rules(r#"{"tasks": []}"#.to_owned(), &RunRules { max_concurrent, task_timeout })
        };
        assert_eq!(with(Some(7), Some(600)), r#"{"task_timeout_seconds":600,"max_concurrent":7,"tasks": []}"#);
        assert_eq!(with(None, Some(600)), r#"{"task_timeout_seconds":600,"tasks": []}"#);
        assert_eq!(with(None, None), r#"{"tasks": []}"#);
    }
}
