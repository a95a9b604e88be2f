//! The schema of an answer, as it is passed around.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A schema and its text. Cloning it is free, as many tasks of a run tend to have the same one.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSchema(Arc<(Value, String)>);

impl OutputSchema {
    /// Of a value that has no `schema::faults`.
    pub fn new(value: Value) -> Self {
        let text = super::text(&value);
        Self(Arc::new((value, text)))
    }

    /// For checking.
    pub fn value(&self) -> &Value {
        &self.0.0
    }

    /// For showing.
    pub fn text(&self) -> &str {
        &self.0.1
    }
}

/// `{}`, which fits everything.
impl Default for OutputSchema {
    fn default() -> Self {
        Self::new(Value::Object(Map::new()))
    }
}
