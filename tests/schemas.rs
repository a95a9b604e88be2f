//! The schemas of requests are generated from the types that read them, so that a field is described in one
//! place.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p parallel-agents --test schemas` writes the files again.

#![allow(clippy::disallowed_methods, reason = "a test reads the files of the tree")]

use std::path::Path;
use std::{env, fs};

use parallel_agents::documents::spec::{
    CheckApprovalSpec, CollectSpec, DefinitionFileSpec, DescribeAgentSpec, DescribeFunctionSpec, DigestSpec,
    ExplainSpec, FillSpec, ListAgentsSpec, ManyTasksSpec, OneTaskSpec, PageSpec, RenderPromptSpec, VersionsSpec,
};
use parallel_agents_engine::task::{RunSpec, TaskSpec};
use parallel_agents_workflows::spec::{
    AgentSpec, ContentTeamSpec, CreationSpec, DevelopmentTeamSpec, ForecastSpec, ImprovementSpec, MapSpec,
    MetaWorkflowSpec, OrchestrationSpec, RefinementSpec, ReviewTeamSpec, TeamSpec,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Where a property of a run belongs that workflows do not have; all other rules are `session_rules`.
const PART: &str = "x-part";

/// The properties that only `run_tasks` itself has.
const OWN: [&str; 2] = ["tasks", "agents"];

#[test]
fn schemas_are_those_of_the_types() {
    let update = env::var_os("UPDATE_SCHEMAS").is_some();
    let mut old = Vec::new();
    for (name, schema) in generated() {
        let path = Path::new("schemas").join(name);
        let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        if update {
            fs::write(&path, text).expect("the file can be written");
        } else if fs::read_to_string(&path).expect("the file is there") != text {
            old.push(name);
        }
    }
    assert!(old.is_empty(), "not what the types say: {old:?}; write them with UPDATE_SCHEMAS=1");
}

fn generated() -> Vec<(&'static str, Value)> {
    let mut all = of_runs();
    all.extend([
        ("map_tasks.json", request::<MapSpec>()),
        ("forecast_run.json", request::<ForecastSpec>()),
        ("run_iterative_refinement.json", request::<RefinementSpec>()),
        ("create_agents.json", request::<CreationSpec>()),
        ("orchestrate.json", request::<OrchestrationSpec>()),
        ("content_team.json", request::<ContentTeamSpec>()),
        ("development_team.json", request::<DevelopmentTeamSpec>()),
        ("review_team.json", request::<ReviewTeamSpec>()),
        ("custom_agent.json", custom_agent()),
        ("meta_workflow.json", request::<MetaWorkflowSpec>()),
        ("spawn_with_retry.json", request::<OneTaskSpec>()),
        ("spawn_with_model_hierarchy.json", request::<OneTaskSpec>()),
        ("spawn_parallel_with_retry.json", request::<ManyTasksSpec>()),
        ("collect_results.json", request::<CollectSpec>()),
        ("check_approval.json", request::<CheckApprovalSpec>()),
        ("fill_request.json", request::<FillSpec>()),
        ("result_digest.json", request::<DigestSpec>()),
        ("result_page.json", request::<PageSpec>()),
        ("explain_task.json", request::<ExplainSpec>()),
        ("list_agents.json", request::<ListAgentsSpec>()),
        ("describe_agent.json", request::<DescribeAgentSpec>()),
        ("render_prompt.json", request::<RenderPromptSpec>()),
        ("definition_file.json", request::<DefinitionFileSpec>()),
        ("describe_function.json", request::<DescribeFunctionSpec>()),
        ("versions.json", request::<VersionsSpec>()),
        ("shared/improvement.json", properties(&schema::<ImprovementSpec>())),
        ("shared/team.json", properties(&schema::<TeamSpec>())),
    ]);
    all
}

/// The request of a function; what it is for stands in the list of functions.
fn request<T: JsonSchema>() -> Value {
    let mut schema = schema::<T>();
    schema.as_object_mut().and_then(|schema| schema.shift_remove("description"));
    schema
}

/// One agent type is the whole request.
fn custom_agent() -> Value {
    let mut schema = request::<AgentSpec>();
    schema["x-code"] = json!("E_REQUEST_TYPE");
    schema["x-include"] = json!(["team", "session_rules", "run_rules"]);
    schema
}

fn of_runs() -> Vec<(&'static str, Value)> {
    let mut run = request::<RunSpec>();
    let mut parts = [Map::new(), Map::new(), Map::new()];
    let [own, session_rules, run_rules] = &mut parts;
    let Value::Object(all) = properties(&run) else { return Vec::new() };
    for (name, mut property) in all {
        let part = property.as_object_mut().and_then(|property| property.shift_remove(PART));
        let part = match part {
            Some(_) => &mut *run_rules,
            None if OWN.contains(&name.as_str()) => &mut *own,
            None => &mut *session_rules,
        };
        part.insert(name, property);
    }
    let agents = own.insert("agents".to_owned(), json!({ "x-ref": "agents" })).unwrap_or_default();
    run["x-include"] = json!(["session_rules", "run_rules"]);
    let [own, session_rules, run_rules] = parts.map(Value::Object);
    run["properties"] = own;
    vec![
        ("run_tasks.json", run),
        ("shared/agents.json", agents),
        ("shared/run_rules.json", run_rules),
        ("shared/session_rules.json", session_rules),
        ("shared/task.json", schema::<TaskSpec>()),
    ]
}

fn properties(schema: &Value) -> Value {
    schema["properties"].clone()
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    schema
}

/// Brings a schema into the form that the engine's own checker reads: a null is one more type, choices are one list, and what
/// Rust says about sizes of numbers and about defaults is left out.
fn plain(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(fields) if fields.contains_key("x-ref") => fields.retain(|name, _| name == "x-ref"),
        Value::Object(fields) => {
            for name in ["$schema", "title", "format", "default"] {
                // A property of that name is a schema, and has at least its description.
                if fields.get(name).and_then(Value::as_object).is_none_or(Map::is_empty) {
                    fields.shift_remove(name);
                }
            }
            fields.values_mut().for_each(plain);
            one_choice(fields);
            or_null(fields);
            if let Some(values) = fields.get("additionalProperties").filter(|values| values.is_object()).cloned() {
                fields.shift_remove("additionalProperties");
                fields.insert("x-values".to_owned(), values);
            }
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace('\n', " ");
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `oneOf` constants become `enum`; what each means stands in the description of the field.
fn one_choice(fields: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = fields.get("oneOf") else { return };
    let names: Vec<Value> = choices.iter().filter_map(|choice| choice.get("const")).cloned().collect();
    assert_eq!(names.len(), choices.len(), "no choice of names: {choices:?}");
    fields.shift_remove("oneOf");
    fields.insert("type".to_owned(), json!("string"));
    fields.insert("enum".to_owned(), Value::Array(names));
}

/// `anyOf` something and null becomes that something, with null among its types and names. Other forms are told apart when
/// they are read.
fn or_null(fields: &mut Map<String, Value>) {
    let Some(Value::Array(forms)) = fields.get("anyOf") else { return };
    let form = match forms.as_slice() {
        [Value::Object(form), null] if null["type"] == "null" => form.clone(),
        // The types of the forms stand beside them.
        _ => Map::new(),
    };
    fields.shift_remove("anyOf");
    for (name, value) in form {
        let value = match (name.as_str(), value) {
            ("type", Value::String(own)) => json!([own, "null"]),
            ("enum", Value::Array(names)) => names.into_iter().chain([Value::Null]).collect(),
            (_, value) => value,
        };
        fields.entry(name).or_insert(value);
    }
}
