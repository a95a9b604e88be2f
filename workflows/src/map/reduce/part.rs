//! An answer on its way into the next one.

use serde_json::{Value, json};

use parallel_agents_engine::json;
use parallel_agents_engine::text;

/// Bytes of one answer that are shown; of a longer one its beginning.
pub(super) const PART_BYTES: usize = 56 * 1024;

/// Bytes that an answer takes besides its text: where it comes from.
pub(super) const BESIDE: usize = 64;

/// An answer, and the items that it stands for.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) first: usize,
    pub(super) last: usize,
    /// Items among these whose answers are in it.
    pub(super) answers: usize,
    /// The task that gave it; of an item none.
    pub(super) task_id: Option<String>,
    pub(super) output: Value,
}

impl Part {
    /// As a group's task is given it.
    pub(super) fn shown(self, is_item: bool) -> Value {
        if is_item {
            return json!({ "item": self.first + 1, "output": self.output });
        }
        json!({ "first_item": self.first + 1, "last_item": self.last + 1, "output": self.output })
    }
}

/// An answer that fits; of one that does not, its beginning as a text.
pub(super) fn bounded(output: Value) -> Value {
    if json::length(&output) <= PART_BYTES {
        return output;
    }
    let text = match output {
        Value::String(text) => text,
        other => json::text(&other),
    };
    // Written as JSON a character takes at most six bytes for each of its own.
    let mut kept = text::head(&text, PART_BYTES);
    while json::length(&Value::from(kept)) > PART_BYTES - BESIDE {
        kept = text::head(kept, kept.len() * 3 / 4);
    }
    Value::from(format!("{kept} [cut]"))
}
