//! JSON as it comes from outside: read strictly, checked against a closed set of schema keywords.

use serde_json::Value;

pub mod output_schema;
pub mod schema;
pub mod strict;

/// The text of a value. `Value::to_string` gives the same, by way of a formatter that costs several times as much.
pub fn text(value: &Value) -> String {
    // A value cannot fail to be written.
    serde_json::to_string(value).unwrap_or_default()
}

/// Bytes of that text, without making it.
pub fn length(value: &Value) -> usize {
    // Each entry has a comma but the last.
    let between = |entries: usize| 2 + entries.saturating_sub(1);
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text_length(text),
        Value::Array(items) => between(items.len()) + items.iter().map(length).sum::<usize>(),
        Value::Object(fields) => {
            let each = fields.iter().map(|(name, field)| text_length(name) + 1 + length(field));
            between(fields.len()) + each.sum::<usize>()
        }
    }
}

/// Bytes of a text with its quotes and with what has to be escaped in it.
fn text_length(text: &str) -> usize {
    let is_escaped = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let more = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        _ => 5,
    };
    // Counting alone needs no branches, and in most texts there is nothing to escape.
    let escaped = match text.bytes().filter(is_escaped).count() {
        0 => 0,
        _ => text.bytes().filter(is_escaped).map(more).sum(),
    };
    2 + text.len() + escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_and_its_length_are_those_of_the_value() {
        let every_byte: String = (0..=0xff_u8).map(char::from).collect();
        let values = [
            json!({"a": [1, -2.5, null, true, false, 1e300, u64::MAX], "\u{e9}\"\n": "\u{1f600}\u{1}"}),
            json!([[], {}, "", [[]], {"": {}}]),
            json!({ &every_byte: every_byte }),
        ];
        for value in values {
            assert_eq!(text(&value), value.to_string());
            assert_eq!(length(&value), value.to_string().len(), "{value}");
        }
    }
}
