//! Requests that are kept under a name: a call with placeholders, and the parameters that fill them.
//!
//! The host keeps the document and gives it back; here it is checked, and becomes a call.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::functions::known;
use super::spec::{ParameterSpec, SavedSpec};
use parallel_agents_engine::json::schema;
use parallel_agents_engine::json::strict::MAX_REQUEST_BYTES;
use parallel_agents_engine::order;
use parallel_agents_engine::placeholders::{self, Place};
use parallel_agents_engine::problem::{CallError, Problem, unknown_name};
use parallel_agents_engine::report::document;
use parallel_agents_engine::text;

/// Where the call's own arguments stand in a request for `fill_request`.
const TEMPLATE: &str = "/saved/arguments";

impl ParameterSpec {
    fn is_required(&self) -> bool {
        self.required.unwrap_or(self.default.is_none())
    }
}

/// Answers `fill_request`, whose document fits its schema: what the request is for, its parameters, and, where values are
/// given, the call with them in it.
pub(super) fn fill(document: &Value) -> Result<String, CallError> {
    let saved = document.get("saved").cloned().unwrap_or_default();
    let saved: SavedSpec = serde_json::from_value(saved)
        .map_err(|error| CallError::invalid(vec![Problem::new("E_SAVED", "/saved", format!("saved: {error}"))]))?;
    let given = document.get("values").and_then(Value::as_object);
    known(&saved.function, "/saved/function")?;
    let declared = saved.declared().map_err(CallError::invalid)?;
    let arguments = given.map(|given| saved.call(&declared, given)).transpose().map_err(CallError::invalid)?;
    let parameters: Vec<Value> = declared.iter().map(|(name, declared)| described(name, declared)).collect();
    Ok(document::to_text(&json!({
        "function": saved.function,
        "description": saved.description,
        "parameters": parameters,
        "arguments": arguments,
    })))
}

fn described(name: &str, declared: &ParameterSpec) -> Value {
    json!({
        "name": name,
        "description": declared.description,
        "required": declared.is_required(),
        "default": declared.default,
    })
}

impl SavedSpec {
    /// The parameters by name, each of which the template uses; or all that is wrong with them and with the template.
    fn declared(&self) -> Result<BTreeMap<String, ParameterSpec>, Vec<Problem>> {
        let used = placeholders::names(&self.arguments, TEMPLATE)?;
        let Some(parameters) = &self.parameters else {
            return Ok(order::filled(used.into_keys().map(|name| (name, ParameterSpec::default()))));
        };
        let mut problems = Vec::new();
        let mut declared = BTreeMap::new();
        for (name, parameter) in parameters {
            problems.extend(wrong_declaration(name, parameter.as_ref(), used.contains_key(name)));
            declared.insert(name.clone(), parameter.clone().unwrap_or_default());
        }
        let undeclared = used.iter().filter(|(name, _)| !declared.contains_key(*name));
        problems.extend(undeclared.map(|(name, path)| {
            let known = declared.keys().map(String::as_str);
            let hint = "declare it in parameters, or leave parameters out";
            unknown_name("E_PARAMETER_UNDECLARED", path, "placeholder", name, known, hint)
        }));
        if problems.is_empty() { Ok(declared) } else { Err(problems) }
    }

    /// The arguments with values in all places, or every value that is missing or that no parameter takes.
    fn call(
        &self,
        declared: &BTreeMap<String, ParameterSpec>,
        given: &Map<String, Value>,
    ) -> Result<Value, Vec<Problem>> {
        let unknown = given.keys().filter(|name| !declared.contains_key(*name)).map(|name| {
            let known = declared.keys().map(String::as_str);
            let names = declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let hint = if names.is_empty() { "there are none".to_owned() } else { format!("there are {names}") };
            unknown_name("E_PARAMETER_UNKNOWN", schema::join("/values", name), "parameter", name, known, &hint)
        });
        let mut problems: Vec<Problem> = unknown.collect();
        let mut values = Map::new();
        for (name, parameter) in declared {
            match given.get(name).or(parameter.default.as_ref()) {
                Some(value) if given.contains_key(name) || !parameter.is_required() => {
                    values.insert(name.clone(), value.clone());
                }
                None if !parameter.is_required() => {
                    values.insert(name.clone(), Value::Null);
                }
                _ => problems.push(missing(name, parameter)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        placeholders::fill(&self.arguments, &values, Place { at: TEMPLATE, most_bytes: MAX_REQUEST_BYTES })
    }
}

fn missing(name: &str, parameter: &ParameterSpec) -> Problem {
    let meaning = parameter.description.as_deref().map(|words| format!(" ({})", text::first_chars(words, 100)));
    let message = format!("the parameter {name} is missing{}", meaning.unwrap_or_default());
    Problem::new("E_PARAMETER_MISSING", schema::join("/values", name), message).got(name).hint("give it a value")
}

/// What is wrong with one declaration.
fn wrong_declaration(name: &str, parameter: Option<&ParameterSpec>, is_used: bool) -> Vec<Problem> {
    let problem =
        |code: &str, message: String| Problem::new(code, schema::join("/saved/parameters", name), message).got(name);
    let mut problems = Vec::new();
    if !placeholders::is_name(name) {
        let message = format!("{}: is no name of a parameter", text::quoted(name));
        let limit = format!("a letter, then at most {} letters, digits, _ or -", placeholders::MAX_NAME_CHARS - 1);
        problems.push(problem("E_PARAMETER", message).limit(limit));
    } else if !is_used {
        let message = format!("the parameter {name} is declared, but no placeholder uses it");
        problems.push(
            problem("E_PARAMETER_UNUSED", message).hint("leave it out, or write {{…}} with its name where it belongs"),
        );
    }
    if parameter.is_some_and(|one| one.required == Some(true) && one.default.is_some()) {
        let message = format!("the parameter {name} is required, so its default never counts");
        problems.push(problem("E_PARAMETER", message).hint("leave one of the two out"));
    }
    problems
}
