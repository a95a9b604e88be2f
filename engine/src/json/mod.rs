//! JSON as it comes from outside: read strictly, checked against a closed set of schema keywords.

use std::io;

use serde_json::Value;

pub mod number;
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
    let mut counted = Counted(0);
    // Counting takes whatever it is given.
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0 += bytes.len();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
