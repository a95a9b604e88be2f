//! The schema of an answer, as it is passed around.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A schema and its text. Cloning it is free, as many tasks of a run tend to have the same one.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSchema {
    value: Arc<Value>,
    text: Arc<str>,
}

impl OutputSchema {
    /// Of a value that `schema::inlined` gave, or that has no `schema::faults`.
    pub fn new(value: impl Into<Arc<Value>>) -> Self {
        let value = value.into();
        Self { text: super::text(&value).into(), value }
    }

    /// The schema as checks read it.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Whether it is `{}`, which asks for nothing.
    pub fn fits_everything(&self) -> bool {
        self.value.as_object().is_some_and(Map::is_empty)
    }

    /// The schema as prompts show it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same, to be passed on.
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

/// `{}`, which fits everything.
impl Default for OutputSchema {
    fn default() -> Self {
        Self::new(Value::Object(Map::new()))
    }
}
