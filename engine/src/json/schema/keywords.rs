//! The keywords of schemas, and how a value can break one.

use serde_json::Value;

/// The keywords that a caller's schema may use; `inlined` takes some more and writes them in these.
pub const KEYWORDS: [&str; 31] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "title",
    "description",
    "default",
    "examples",
    "format",
    "$schema",
];

/// Error code for this place, in this crate's own schemas.
pub(super) const CODE_KEYWORD: &str = "x-code";

/// Schema of the values of an object whose names are free, in this crate's own schemas.
pub(super) const VALUES_KEYWORD: &str = "x-values";

/// What the names of this crate's own annotations begin with.
pub(super) const OWN_PREFIX: &str = "x-";

/// What kind of rule a value broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The wrong type.
    Type,
    /// A field that has to be there is not.
    Missing,
    /// A field that is not known.
    Unknown,
    /// Not one of the listed values.
    Enum,
    /// Outside a numeric, length or count bound.
    Range,
    /// None of the alternatives fits, or more than the one that may.
    AnyOf,
}

/// One place where a value does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the value.
    pub path: String,
    /// The kind of keyword that does not hold.
    pub rule: Rule,
    /// The schema's own code for this place.
    pub code: Option<String>,
    /// What was there, in a few words.
    pub got: String,
    /// What is allowed.
    pub limit: String,
    /// Whether the place is for an object.
    pub wants_object: bool,
}

/// The schema without this crate's own annotations, as it is shown to callers.
pub fn published(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, _)| !key.starts_with(OWN_PREFIX))
                .map(|(k, v)| (k.clone(), published(v)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(published).collect()),
        other => other.clone(),
    }
}
