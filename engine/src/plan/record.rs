//! From a request that came as a record to a plan.

use std::mem;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::planned::Plan;
use super::shape::check_document;
use super::validate::{plan, plan_spec};
use crate::agents::BuiltIn;
use crate::json;
use crate::problem::CallError;
use crate::task::RunSpec;

/// Checks a request for `run_tasks` and makes a plan of it, or lists all of its problems. The text is the document that says
/// the same as the record.
pub fn plan_record(request_schema: &Value, built_in: BuiltIn, mut spec: RunSpec) -> Result<(String, Plan), CallError> {
    // A record goes through the same checks as a document, so that there is one set of them.
    if !fits(request_schema, &mut spec) {
        let document = serde_json::to_value(&spec).unwrap_or_default();
        let text = json::text(&document);
        return plan(request_schema, built_in, document).map(|plan| (text, plan));
    }
    let text = serde_json::to_string(&spec).unwrap_or_default();
    plan_spec(spec, built_in, Vec::new()).map(|plan| (text, plan))
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
