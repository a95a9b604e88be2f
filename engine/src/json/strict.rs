//! Reads one JSON value and refuses what serde_json alone would let pass.
//!
//! serde_json keeps the last of two equal keys, which lets whoever writes a document choose what a reader sees. Depth and
//! the number of values are bounded, so that no text costs more than it is long.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::number;
use crate::text;

/// How large a document may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Nested arrays and objects.
    pub depth: usize,
    /// Values of any kind, keys not counted.
    pub values: usize,
}

/// Names of an object that are compared one by one.
const FEW_NAMES: usize = 16;

/// Model output: the limits of the fault table, row 37.
pub const ANSWER_BOUNDS: Bounds = Bounds { depth: 64, values: 10_000 };

/// Bytes of a request document.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Requests: 16 levels of our own, plus input data and schemas that may nest as deep as answers.
/// As many values as 10,000 items with a hundred fields have.
pub const REQUEST_BOUNDS: Bounds = Bounds { depth: 64, values: 1_000_000 };

/// Why a text is not one acceptable JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// Not JSON; line and column count from 1.
    Syntax {
        /// What the reader stumbled over.
        message: String,
        /// The line of the text, from 1.
        line: usize,
        /// The byte in that line, from 1.
        column: usize,
    },
    /// An object names this key twice.
    DuplicateKey(String),
    /// Deeper than the bound.
    TooDeep(usize),
    /// More values than the bound.
    TooMany(usize),
    /// A number that would come out as another one.
    Inexact(String),
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message, line, column } => write!(f, "line {line}, column {column}: {message}"),
            Self::DuplicateKey(key) => write!(f, "the key {key:?} stands twice in one object"),
            Self::TooDeep(depth) => write!(f, "nested deeper than {depth} levels"),
            Self::TooMany(values) => write!(f, "more than {values} values"),
            Self::Inexact(number) => write!(
                f,
                "the number {number} has more digits than are kept exactly; write it as a text, or with fewer digits"
            ),
        }
    }
}

/// Reads the whole text as one JSON value. No number in it is rounded.
pub fn parse(text: &str, bounds: Bounds) -> Result<Value, JsonError> {
    let (value, has_fractions) = read(text, bounds)?;
    match has_fractions.then(|| number::changed(text)).flatten() {
        Some(number) => Err(JsonError::Inexact(text::head(number, text::MAX_ECHO_BYTES).to_owned())),
        None => Ok(value),
    }
}

/// Reads the object or array that a text begins with, under the bounds of answers, and says how long it is; what follows does not
/// matter. None: there is none that [`parse`] would take.
pub fn first(text: &str) -> Option<(Value, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<InAnswer>();
    let InAnswer(value, has_fractions) = values.next()?.ok()?;
    let length = values.byte_offset();
    let is_kept = !has_fractions || number::changed(text.get(..length)?).is_none();
    is_kept.then_some((value, length))
}

/// A value under the bounds of answers, and whether it has fractions.
struct InAnswer(Value, bool);

impl<'de> Deserialize<'de> for InAnswer {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let mut reader = Reader::new(ANSWER_BOUNDS);
        let value = Seed { reader: &mut reader, depth: 0 }.deserialize(source)?;
        Ok(Self(value, reader.has_fractions))
    }
}

/// The value, and whether a number in it is kept as a fraction: any other one is kept as it is.
fn read(text: &str, bounds: Bounds) -> Result<(Value, bool), JsonError> {
    let mut reader = Reader::new(bounds);
    let mut source = serde_json::Deserializer::from_str(text);
    // The reader's own bound comes first and is lower than serde_json's 128.
    let parsed = Seed { reader: &mut reader, depth: 0 }.deserialize(&mut source).and_then(|value| {
        source.end()?;
        Ok(value)
    });
    parsed.map(|value| (value, reader.has_fractions)).map_err(|error| match reader.refused {
        Some(refused) => refused,
        None => JsonError::Syntax { message: bare_message(&error), line: error.line(), column: error.column() },
    })
}

/// serde_json appends the position to its message; `JsonError` carries it apart.
fn bare_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

struct Reader {
    bounds: Bounds,
    values: usize,
    has_fractions: bool,
    refused: Option<JsonError>,
    /// What was read of the arrays that are not at their end, the innermost last. Once an array has ended, it gets a list of
    /// just its size: one that grows has room for twice of what it holds, and values are large.
    items: Vec<Value>,
    /// The same of objects.
    entries: Vec<(String, Value)>,
}

impl Reader {
    fn new(bounds: Bounds) -> Self {
        Self { bounds, values: 0, has_fractions: false, refused: None, items: Vec::new(), entries: Vec::new() }
    }

    fn refuse<E: serde::de::Error>(&mut self, why: JsonError) -> E {
        let error = E::custom(&why);
        self.refused.get_or_insert(why);
        error
    }
}

struct Seed<'a> {
    reader: &'a mut Reader,
    depth: usize,
}

impl Seed<'_> {
    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        if self.depth >= self.reader.bounds.depth {
            return Err(self.reader.refuse(JsonError::TooDeep(self.reader.bounds.depth)));
        }
        Ok(())
    }

    /// For what stands in this value.
    fn inner(&mut self) -> Seed<'_> {
        Seed { reader: self.reader, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        self.reader.values += 1;
        if self.reader.values > self.reader.bounds.values {
            return Err(self.reader.refuse(JsonError::TooMany(self.reader.bounds.values)));
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.reader.has_fractions = true;
        // serde_json refuses 1e400 itself; this keeps an infinity out should that ever change.
        serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.enter()?;
        let begin = self.reader.items.len();
        while let Some(item) = items.next_element_seed(self.inner())? {
            self.reader.items.push(item);
        }
        Ok(Value::Array(self.reader.items.drain(begin..).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        self.enter()?;
        let begin = self.reader.entries.len();
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            // To look at a few names costs less than to hash one.
            let few = self.reader.entries.get(begin..).unwrap_or_default();
            if few.iter().any(|(known, _)| *known == key) || map.contains_key(&key) {
                return Err(self.reader.refuse(JsonError::DuplicateKey(key)));
            }
            let is_full = few.len() == FEW_NAMES;
            if is_full {
                map.extend(self.reader.entries.drain(begin..));
            }
            let value = entries.next_value_seed(self.inner())?;
            self.reader.entries.push((key, value));
        }
        if map.is_empty() {
            map = Map::with_capacity(self.reader.entries.len() - begin);
        }
        map.extend(self.reader.entries.drain(begin..));
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> JsonError {
        parse(text, Bounds { depth: 3, values: 8 }).expect_err("must be refused")
    }

    #[test]
    fn keeps_order_and_numbers() {
        let value = parse(r#"{"b":1,"a":[7.25,-3,18446744073709551615]}"#, ANSWER_BOUNDS).expect("valid");
        assert_eq!(value.to_string(), r#"{"b":1,"a":[7.25,-3,18446744073709551615]}"#);
    }

    #[test]
    fn lists_have_just_their_size() {
        for text in ["[]", "[1]", "[1,2,3,4,5]"] {
            let Ok(Value::Array(list)) = parse(text, ANSWER_BOUNDS) else { panic!("{text}") };
            assert_eq!(list.capacity(), list.len(), "{text}");
        }
    }

    #[test]
    fn names_are_compared_and_kept_in_order_however_many_there_are() {
        for count in [FEW_NAMES - 1, FEW_NAMES, FEW_NAMES + 1, 3 * FEW_NAMES] {
            let fields: Vec<String> = (0..count).map(|name| format!("\"n{name}\":[{{\"n{name}\":{name}}}]")).collect();
            let text = format!("{{{}}}", fields.join(","));
            assert_eq!(parse(&text, ANSWER_BOUNDS).expect("valid").to_string(), text);
            for twice in [0, count - 1] {
                let text = format!("{{{},\"n{twice}\":1}}", fields.join(","));
                assert_eq!(parse(&text, ANSWER_BOUNDS), Err(JsonError::DuplicateKey(format!("n{twice}"))));
            }
        }
    }

    #[test]
    fn refuses_duplicate_keys_at_any_level() {
        assert_eq!(refused(r#"{"a":1,"a":2}"#), JsonError::DuplicateKey("a".into()));
        assert_eq!(refused(r#"[{"x":{"k":1,"\u006b":2}}]"#), JsonError::DuplicateKey("k".into()));
    }

    #[test]
    fn what_a_text_begins_with_is_read_as_if_it_stood_alone() {
        for (text, length) in [("{\"a\": [1]} and {", Some(10)), ("[1][2]", Some(3)), ("[]x", Some(2))] {
            let read = first(text);
            assert_eq!(read.as_ref().map(|(_, length)| *length), length, "{text}");
            assert_eq!(
                read.map(|(value, _)| value),
                length.and_then(|length| parse(&text[..length], ANSWER_BOUNDS).ok())
            );
        }
        for text in ["", "{'a': 1}", "[1,]", "{\"a\": 1, \"a\": 2}", "[0.10000000000000001] x", &"[".repeat(65)] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn refuses_depth_and_number_of_values() {
        assert_eq!(refused("[[[[]]]]"), JsonError::TooDeep(3));
        assert_eq!(refused("[1,2,3,4,5,6,7,8]"), JsonError::TooMany(8));
        assert!(matches!(parse(&"[".repeat(100_000), ANSWER_BOUNDS), Err(JsonError::TooDeep(64))));
    }

    #[test]
    fn refuses_numbers_that_would_be_rounded() {
        assert_eq!(refused("[1, 18446744073709551616]"), JsonError::Inexact("18446744073709551616".into()));
        assert_eq!(refused("0.10000000000000001"), JsonError::Inexact("0.10000000000000001".into()));
        let long = refused(&"1".repeat(5_000)).to_string();
        assert!(long.len() < 250, "{long}");
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in ["", "{", "NaN", "1e400", "{'a':1}", "[1,]", "1 2", "{\"a\":1} x", "\u{feff}1"] {
            assert!(matches!(refused(text), JsonError::Syntax { .. }), "{text}");
        }
    }
}
