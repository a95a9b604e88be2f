//! How long a value is, read without keeping it.

use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Bytes of a value: of a text the text's own, of anything else those of its JSON without spaces, and none of null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written(pub(super) usize);

/// A value that is counted.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    /// A text has its quotation marks and escapes, and null its letters.
    Inner,
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Part::Whole.deserialize(deserializer).map(Self)
    }
}

impl<'de> DeserializeSeed<'de> for Part {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<usize, E> {
        Ok(match self {
            Self::Whole => 0,
            Self::Inner => "null".len(),
        })
    }

    fn visit_bool<E>(self, value: bool) -> Result<usize, E> {
        Ok(json_bytes(&value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<usize, E> {
        Ok(json_bytes(&value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<usize, E> {
        Ok(json_bytes(&value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<usize, E> {
        Ok(json_bytes(&value))
    }

    fn visit_str<E>(self, text: &str) -> Result<usize, E> {
        Ok(match self {
            Self::Whole => text.len(),
            Self::Inner => json_bytes(text),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        // Brackets, and a comma between two.
        let mut bytes = 1;
        while let Some(item) = items.next_element_seed(Self::Inner)? {
            bytes += item + 1;
        }
        Ok(bytes.max(2))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<usize, A::Error> {
        let mut bytes = 1;
        while let Some(name) = members.next_key_seed(Self::Inner)? {
            bytes += name + 1 + members.next_value_seed(Self::Inner)? + 1;
        }
        Ok(bytes.max(2))
    }
}

/// Counts what is written.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn json_bytes<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut count = Count(0);
    // Counting does not fail, and these values can all be written.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_value_has_as_many_bytes_as_its_json() {
        for value in [
            json!([]),
            json!({}),
            json!([1, -2, 1.5e300, true, false, null, "é\"\n\u{1}"]),
            json!({"a\\": {"b": [[], {}, null]}, "": ""}),
            json!(7),
        ] {
            let pretty = serde_json::to_string_pretty(&value).expect("JSON");
            let read: Written = serde_json::from_str(&pretty).expect("a value");
            assert_eq!(read.0, value.to_string().len(), "{value}");
        }
    }

    #[test]
    fn a_text_has_its_own_bytes_and_null_has_none() {
        for (value, bytes) in [(json!("é\"\n"), 4), (Value::Null, 0)] {
            assert_eq!(serde_json::from_value::<Written>(value).ok(), Some(Written(bytes)));
        }
    }
}
