//! Values that fit a schema.

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

/// Something that fits a schema, as far as the schemas of built-in agents go. When the bytes are used up, the first choice and the
/// smallest size are taken.
pub fn instance(source: &mut Unstructured<'_>, schema: &Value) -> Result<Value> {
    if let Some(options) = schema["enum"].as_array().filter(|options| !options.is_empty()) {
        let index = if source.is_empty() { 0 } else { source.choose_index(options.len())? };
        return Ok(options[index].clone());
    }
    if let Some(option) = schema["anyOf"].as_array().and_then(|options| options.first()) {
        return instance(source, option);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    let least = |name: &str| usize::try_from(schema[name].as_u64().unwrap_or(1)).unwrap_or(1).max(1);
    Ok(match kind {
        "object" => {
            let mut fields = serde_json::Map::new();
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                fields.insert(name.to_owned(), instance(source, &schema["properties"][name])?);
            }
            Value::Object(fields)
        }
        "array" => {
            json!((0..least("minItems")).map(|_| instance(source, &schema["items"])).collect::<Result<Vec<_>>>()?)
        }
        "string" => json!("word ".repeat(least("minLength").div_ceil(5))),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => {
            let most = schema["maximum"].as_u64().unwrap_or(9);
            let low = schema["minimum"].as_u64().unwrap_or(0);
            json!(if source.is_empty() {
                most.saturating_sub(1).max(low)
            } else {
                source.int_in_range(low..=most.max(low))?
            })
        }
    })
}
