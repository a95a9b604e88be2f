//! From a request that came as a record to a plan.

use std::mem;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::validate::plan_spec;
use super::{Plan, check_document, plan};
use crate::json;
use crate::problem::CallError;
use crate::task::RunSpec;

/// Checks a request for `run_tasks` and makes a plan of it, or lists all of its problems. The text is the document that says
/// the same as the record.
pub fn plan_record(request_schema: &Value, mut spec: RunSpec) -> Result<(String, Plan), CallError> {
    // A record goes through the same checks as a document, so that there is one set of them.
    if !fits(request_schema, &mut spec) {
        let document = serde_json::to_value(&spec).unwrap_or_default();
        let text = json::text(&document);
        return plan(request_schema, document).map(|plan| (text, plan));
    }
    let text = serde_json::to_string(&spec).unwrap_or_default();
    plan_spec(spec, Vec::new()).map(|plan| (text, plan))
}

/// Whether a request has the shape of one. The schema of requests says nothing about inputs and answer schemas but of which
/// type they are, and they are most of a request; so they are not copied for this.
fn fits(request_schema: &Value, spec: &mut RunSpec) -> bool {
    let hollow = Arc::new(Value::Object(Map::new()));
    let mut kept = Vec::with_capacity(spec.tasks.len());
    for task in &mut spec.tasks {
        let input = task.input_data.as_mut().filter(|input| input.is_object()).map(Value::take);
        if input.is_some() {
            task.input_data = Some(Value::Object(Map::new()));
        }
        let schema = task.output_schema.as_mut().filter(|schema| schema.is_object());
        kept.push((input, schema.map(|schema| mem::replace(schema, Arc::clone(&hollow)))));
    }
    let fits =
        serde_json::to_value(&*spec).is_ok_and(|mut outline| check_document(request_schema, &mut outline).is_empty());
    for (task, (input, schema)) in spec.tasks.iter_mut().zip(kept) {
        task.input_data = input.or(task.input_data.take());
        task.output_schema = schema.or(task.output_schema.take());
    }
    fits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::documents::run_schema;
    use crate::task::TaskSpec;

    #[test]
    fn inputs_and_answer_schemas_are_only_held_to_their_types() {
        let schema = run_schema();
        for field in ["input_data", "output_schema"] {
            let place = format!("/properties/tasks/items/properties/{field}");
            let rules = schema.pointer(&place).and_then(Value::as_object).expect("a schema");
            let names: Vec<&str> = rules.keys().map(String::as_str).filter(|name| *name != "x-code").collect();
            assert_eq!(names, ["type"], "{field}");
        }
    }

    #[test]
    fn a_record_and_its_document_give_one_plan_or_the_same_problems() {
        let task = TaskSpec {
            agent_type: "code_reviewer".to_owned(),
            task_description: "Look.".to_owned(),
            input_data: Some(json!({"code": "x"})),
            output_schema: Some(Arc::new(json!({"type": "object"}))),
            ..TaskSpec::default()
        };
        let changes: [fn(&mut TaskSpec); 6] = [
            |_| {},
            |task| task.input_data = Some(json!([1])),
            |task| task.input_data = Some(Value::Null),
            |task| task.output_schema = Some(Arc::new(json!("no"))),
            |task| task.output_schema = Some(Arc::new(json!({"type": 7}))),
            |task| task.priority = Some(2_000_000),
        ];
        for change in changes {
            let mut changed = task.clone();
            change(&mut changed);
            let spec = RunSpec { tasks: vec![task.clone(), changed], ..RunSpec::default() };
            let schema = run_schema();
            let by_document = plan(&schema, serde_json::to_value(&spec).expect("JSON"));
            let by_record = plan_record(&schema, spec).map(|(text, planned)| {
                let again = plan(&schema, serde_json::from_str(&text).expect("JSON"));
                assert_eq!(again.as_ref(), Ok(&planned));
                planned
            });
            assert_eq!(by_record, by_document);
        }
    }
}
