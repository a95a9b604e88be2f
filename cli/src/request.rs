//! Puts options of the command line into a request.

pub use agent_files::request::with_field;
use parallel_agents_engine::task::Tier;
use serde_json::{Map, Value};

use crate::args::RunRules;

/// The request with what the command line says in place of its own rules: what is forecast, agreed to and run.
pub fn with_options(mut request: String, rules: &RunRules, tiers: &[(Tier, String)]) -> String {
    if !tiers.is_empty() {
        let models: Map<String, Value> =
            tiers.iter().map(|(tier, model)| (tier.name().to_owned(), Value::from(model.as_str()))).collect();
        request = with_field(&request, "models", &Value::Object(models));
    }
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
    fn options_are_put_in_if_they_are_given() {
        let with = |max_concurrent, task_timeout| {
            with_options(r#"{"tasks": []}"#.to_owned(), &RunRules { max_concurrent, task_timeout }, &[])
        };
        assert_eq!(with(Some(7), Some(600)), r#"{"task_timeout_seconds":600,"max_concurrent":7,"tasks": []}"#);
        assert_eq!(with(None, Some(600)), r#"{"task_timeout_seconds":600,"tasks": []}"#);
        assert_eq!(with(None, None), r#"{"tasks": []}"#);
        let tiers = [(Tier::Standard, "a".to_owned()), (Tier::Standard, "b".to_owned())];
        let none = RunRules { max_concurrent: None, task_timeout: None };
        let tiered = with_options(r#"{"models": {"premium": "c"}}"#.to_owned(), &none, &tiers);
        assert_eq!(tiered, r#"{"models": {"standard":"b"}}"#);
    }
}
