//! The example of each function: `examples.txt`, where `…` is the report of the first one.

use std::collections::BTreeMap;

use futures::executor::block_on;
use gateway_sim::answering;
use gateway_sim::odd_host::{facts, refusing};
use parallel_agents::documents::{self, DocumentReply, Function};
use parallel_agents_engine::host::HostError;
use serde_json::Value;

use crate::{files, returns};

/// By function, as the page shows them.
fn examples() -> BTreeMap<&'static str, &'static str> {
    let parts = include_str!("examples.txt").trim().split("\n\n");
    parts.map(|part| part.split_once('\n').expect("a name and a request")).collect()
}

/// The example of a function.
pub fn shown(function: &str) -> String {
    let request = examples().get(function).copied().unwrap_or_else(|| panic!("{function} has no example"));
    if request.contains('…') {
        let link = "[`run_tasks`](#run_tasks)";
        return format!("Example, where `…` is the report that {link} returned:\n\n```text\n{request}\n```\n");
    }
    format!("Example:\n\n```json\n{request}\n```\n")
}

fn call(function: &str, request: &str) -> Value {
    // It reads sessions of other calls, and a gateway has them no more.
    let gone = || HostError::NotFound("no such session".to_owned());
    let reply = match function {
        "collect_results" => {
            block_on(documents::call_named(function, request.to_owned(), &mut refusing(facts(), gone())))
        }
        _ => answering::call(function, request, |_, _| "Nothing is wrong with it.".to_owned()).reply,
    };
    match reply {
        DocumentReply::Answer(text) => serde_json::from_str(&text).expect("JSON"),
        DocumentReply::Refused(text) => panic!("{function}: {text}"),
    }
}

#[test]
fn each_example_is_accepted_and_answered_as_the_reference_says() {
    let examples = examples();
    let report = call("run_tasks", examples["run_tasks"]);
    assert_eq!(report["census"]["completed"], 2, "{report:#}");
    for function in Function::ALL {
        let request = examples[function.name()].replace('…', &report.to_string());
        let reply = call(function.name(), &request);
        let asked: Value = serde_json::from_str(&request).expect("JSON");
        let kind = returns(*function)[usize::from(asked["run"] == true)];
        fits(&reply, &files::result(kind), function.name());
    }
    assert_eq!(examples.len(), Function::ALL.len());
}

/// A result has the fields that its schema requires, and none that it does not have.
fn fits(value: &Value, schema: &Value, place: &str) {
    let base = schema["$ref"]
        .as_str()
        .map_or(Value::Null, |file| files::read(&format!("results/{}", file.trim_end_matches(".json"))));
    let found = |name: &str| schema["properties"].get(name).or_else(|| base["properties"].get(name));
    let is_described = [schema, &base].iter().any(|schema| schema["properties"].is_object());
    if let Some(choices) = schema["enum"].as_array() {
        assert!(choices.contains(value), "{place}: {value}");
    }
    match value {
        Value::Object(fields) if is_described => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(fields.contains_key(name), "{place} lacks {name}");
            }
            for (name, field) in fields {
                let described = found(name).unwrap_or_else(|| panic!("{place}.{name} is in no schema"));
                fits(field, described, &format!("{place}.{name}"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fits(item, &schema["items"], place)),
        _ => {}
    }
}
