//! A request against its schema, which says which fields there are, of which type and in which range.
//!
//! What does not fit becomes a problem and is taken out, so that the rest can still be checked and everything that is
//! wrong is reported together.

use serde_json::{Map, Value};

use crate::json::schema::{self, Rule, Violation};
use crate::problem::Problem;
use crate::text;

/// Checks a document against one of this crate's request schemas; leaves in it only what fits.
pub fn check_document(request_schema: &Value, document: &mut Value) -> Vec<Problem> {
    let violations = schema::check(request_schema, document);
    schema::with_integers(request_schema, document);
    for violation in &violations {
        if violation.rule != Rule::Missing {
            take_out(document, &violation.path, violation.wants_object);
        }
    }
    violations.into_iter().map(problem).collect()
}

fn problem(violation: Violation) -> Problem {
    let Violation { path, rule, code, got, limit, .. } = violation;
    let place = if path.is_empty() { "the request" } else { path.trim_start_matches('/') };
    let place = text::escaped(text::head(place, 2 * text::MAX_ECHO_BYTES));
    match rule {
        Rule::Unknown => {
            let name = got.as_str();
            let near = text::nearest(name, limit.split(", "));
            let hint = match near.first() {
                Some(known) => format!("did you mean {known}?"),
                None => format!("known fields: {limit}"),
            };
            Problem::new("E_UNKNOWN_FIELD", &path, format!("{place}: this field is not known"))
                .got(name)
                .limit(&limit)
                .hint(hint)
        }
        Rule::Missing => {
            let code = code.unwrap_or_else(|| "E_FIELD_MISSING".to_owned());
            Problem::new(&code, &path, format!("{place}: is missing, need {limit}")).limit(&limit)
        }
        Rule::Type | Rule::Enum | Rule::Range | Rule::AnyOf => {
            let code = code.unwrap_or_else(|| "E_TYPE".to_owned());
            Problem::new(&code, &path, format!("{place}: got {got}, need {limit}")).got(&got).limit(&limit)
        }
    }
}

/// Removes a field, or empties a list entry so that the entries after it keep their places.
fn take_out(document: &mut Value, path: &str, wants_object: bool) {
    let Some((parent, last)) = path.rsplit_once('/') else {
        *document = Value::Object(Map::new());
        return;
    };
    let name = last.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            // What is refused need not keep its order, and keeping it would cost as much as all that stands behind.
            fields.swap_remove(&name);
        }
        Some(Value::Array(items)) => {
            if let Some(item) = name.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                *item = if wants_object { Value::Object(Map::new()) } else { Value::from("") };
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_everything_and_keeps_what_fits() {
        let schema = json!({"type":"object","additionalProperties":false,"required":["a"],"properties":{
            "a":{"type":"integer","minimum":1,"maximum":50,"x-code":"E_A"},
            "b":{"type":"array","items":{"type":"object"}},
            "c":{"type":"string","enum":["x","y"]}}});
        let mut document = json!({"a":0,"b":[1,{"k":2}],"c":"z","typo":1});
        let problems = check_document(&schema, &mut document);
        let told: Vec<(&str, &str)> = problems.iter().map(|p| (p.code.as_str(), p.path.as_str())).collect();
        assert_eq!(told, [("E_A", "/a"), ("E_TYPE", "/b/0"), ("E_TYPE", "/c"), ("E_UNKNOWN_FIELD", "/typo")]);
        assert_eq!(problems[0].message, "a: got 0, need 1..=50");
        assert_eq!(document, json!({"b":[{},{"k":2}]}));
        assert_eq!(check_document(&schema, &mut json!([]))[0].path, "");
        let mut document = json!({"a": 5.0});
        assert_eq!((check_document(&schema, &mut document), document), (Vec::new(), json!({"a": 5})));
    }
}
