//! Named places in a document: `{{name}}` in any of its strings stands for a value that is given later.
//!
//! A string that is one placeholder and nothing else becomes the value itself, whatever its type. Elsewhere a text is put in as it
//! is, null as nothing, and any other value as compact JSON. What a value holds is never looked at again, so no value can name a
//! further one. `\{{` is two braces that mean nothing, and `\\{{` a backslash before a placeholder. Names of fields are left alone.
//!
//! ```
//! use parallel_agents_engine::placeholders;
//! use serde_json::json;
//!
//! let values = json!({ "files": ["a.rs"], "depth": 2, "who": "{{depth}}" });
//! let filled = placeholders::fill(
//!     &json!({ "input": "{{files}}", "text": "{{who}} reads {{ files }} to depth {{depth}}, \\{{so}}" }),
//!     values.as_object().expect("an object"),
//!     placeholders::Place { at: "/request", most_bytes: 1_000 },
//! );
//! let expected = json!({ "input": ["a.rs"], "text": "{{depth}} reads [\"a.rs\"] to depth 2, {{so}}" });
//! assert_eq!(filled.expect("all names have values"), expected);
//! ```

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::json::schema;
use crate::order;
use crate::problem::{Problem, unknown_name};
use crate::text;

/// Characters of a name: a letter, then letters, digits, `_` and `-`.
pub const MAX_NAME_CHARS: usize = 64;

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
const ALLOWED: &str = "{{name}}, where the name has at most 64 letters, digits, _ or -, and begins with a letter";

/// Where the document stands, and how much it may grow.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// JSON pointer of the document in its request; problems begin with it.
    pub at: &'a str,
    /// Bytes of all values that are put in, each as often as it is used.
    pub most_bytes: usize,
}

/// The names that a document uses, each with the pointer of its first place; or all braces that are no placeholder
/// (`E_PLACEHOLDER`). The document is nested no deeper than the strict reader allows.
pub fn names(document: &Value, at: &str) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let mut found = BTreeMap::new();
    let mut problems = Vec::new();
    visit(document, at, &mut |text, path| match pieces(text) {
        Ok(pieces) => {
            for piece in pieces {
                if let Piece::Name(name) = piece {
                    found.entry(name.to_owned()).or_insert_with(|| path.to_owned());
                }
            }
        }
        Err(wrong) => problems.push(malformed(wrong, path)),
    });
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// The document with a value in place of every placeholder, or all that stands in the way: braces that are no placeholder
/// (`E_PLACEHOLDER`), names without a value (`E_PARAMETER_MISSING`), and too much text (`E_REQUEST_TOO_LARGE`). Values that
/// nothing uses are no problem.
pub fn fill(document: &Value, values: &Map<String, Value>, place: Place<'_>) -> Result<Value, Vec<Problem>> {
    let used = names(document, place.at)?;
    let missing: Vec<Problem> = used
        .iter()
        .filter(|(name, _)| !values.contains_key(*name))
        .map(|(name, path)| no_value(name, path, values))
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let texts = used.keys().filter_map(|name| values.get(name).map(|value| (name.as_str(), (value, shown(value)))));
    let mut filling = Filling { texts: order::filled(texts), room: place.most_bytes };
    filling.fill(document).ok_or_else(|| {
        let message = format!("the values that are put in have more than {} bytes", place.most_bytes);
        vec![Problem::new("E_REQUEST_TOO_LARGE", place.at, message).limit(format!("0..={} bytes", place.most_bytes))]
    })
}

/// A value as it stands inside of a text.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Each value by its name, as itself and as a text, and the bytes that may still be put in.
struct Filling<'a> {
    texts: BTreeMap<&'a str, (&'a Value, String)>,
    room: usize,
}

impl Filling<'_> {
    /// None: there is no room for all of it.
    fn fill(&mut self, document: &Value) -> Option<Value> {
        Some(match document {
            Value::String(text) => self.text(text)?,
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect::<Option<_>>()?),
            Value::Object(fields) => {
                let filled = fields.iter().map(|(name, field)| Some((name.clone(), self.fill(field)?)));
                Value::Object(filled.collect::<Option<_>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => document.clone(),
        })
    }

    fn text(&mut self, text: &str) -> Option<Value> {
        // `names` has refused what cannot be read, and names without a value.
        let pieces = pieces(text).unwrap_or_default();
        if let [Piece::Name(name)] = pieces.as_slice() {
            return self.take(name).map(|(value, _)| value.clone());
        }
        let mut filled = String::with_capacity(text.len());
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Name(name) => filled.push_str(self.take(name)?.1),
            }
        }
        Some(Value::String(filled))
    }

    fn take(&mut self, name: &str) -> Option<(&Value, &str)> {
        let (value, text) = self.texts.get(name)?;
        self.room = self.room.checked_sub(text.len())?;
        Some((value, text))
    }
}

#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// A string in its parts; or the braces in it that are no placeholder, and what follows them.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let unslashed = before.trim_end_matches('\\');
        let slashes = before.len() - unslashed.len();
        // Two backslashes are one, and one that is left takes the meaning from the braces.
        let kept = before.get(..unslashed.len() + slashes / 2).unwrap_or(before);
        push(&mut pieces, kept);
        if slashes % 2 == 1 {
            push(&mut pieces, OPEN);
            rest = after;
            continue;
        }
        let malformed = rest.get(before.len()..).unwrap_or(rest);
        let (name, later) = after.split_once(CLOSE).ok_or(malformed)?;
        let name = name.trim_matches(' ');
        if !is_name(name) {
            return Err(malformed);
        }
        pieces.push(Piece::Name(name));
        rest = later;
    }
    push(&mut pieces, rest);
    Ok(pieces)
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

/// Whether this may be the name of a placeholder.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= MAX_NAME_CHARS
        && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_' || one == '-')
}

/// Goes through all strings of a document, each with its pointer; `path` is that of the document.
fn visit<'a>(document: &'a Value, path: &str, look: &mut impl FnMut(&'a str, &str)) {
    match document {
        Value::String(text) => look(text, path),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| visit(item, &format!("{path}/{index}"), look));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, field)| visit(field, &schema::join(path, name), look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn malformed(wrong: &str, path: &str) -> Problem {
    let shown = text::first_chars(wrong, 40);
    let message = format!("{}: these braces are no placeholder", text::quoted(shown));
    Problem::new("E_PLACEHOLDER", path, message)
        .got(shown)
        .limit(ALLOWED)
        .hint(r"for two braces that mean nothing write \{{")
}

fn no_value(name: &str, path: &str, values: &Map<String, Value>) -> Problem {
    let known = values.keys().map(String::as_str);
    let message = format!("the placeholder {} has no value", text::quoted(name));
    Problem { message, ..unknown_name("E_PARAMETER_MISSING", path, "", name, known, "give it a value") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PLACE: Place<'_> = Place { at: "/request", most_bytes: 100 };

    fn filled(document: &Value, values: &Value) -> Result<Value, Vec<(String, String)>> {
        fill(document, values.as_object().expect("an object"), PLACE)
            .map_err(|problems| problems.into_iter().map(|problem| (problem.code, problem.path)).collect())
    }

    #[test]
    fn a_string_of_one_placeholder_becomes_the_value_and_keeps_its_type() {
        let values = json!({ "n": 3, "list": [1, "x"], "off": false, "none": null, "text": "a" });
        let document = json!(["{{n}}", "{{ list }}", "{{off}}", "{{none}}", "{{text}}", {"deep": ["{{n}}"]}, 7, null]);
        let expected = json!([3, [1, "x"], false, null, "a", {"deep": [3]}, 7, null]);
        assert_eq!(filled(&document, &values), Ok(expected));
    }

    #[test]
    fn inside_of_a_text_values_are_written_out() {
        let values = json!({ "n": 3, "list": [1, "x"], "none": null, "text": "ä\"{" });
        let document = json!("{{n}}{{list}}/{{none}}/{{text}}}}.");
        assert_eq!(filled(&document, &values), Ok(json!("3[1,\"x\"]//ä\"{}}.")));
    }

    #[test]
    fn a_value_is_not_filled_again() {
        let values = json!({ "a": "{{b}}", "b": "{{a}}", "c": "{{" });
        assert_eq!(filled(&json!(["{{a}}", "x{{b}}", "{{c}}a}}"]), &values), Ok(json!(["{{b}}", "x{{a}}", "{{a}}"])));
    }

    #[test]
    fn backslashes_take_the_meaning_from_braces_and_from_backslashes() {
        let document = json!([r"\{{a}}", r"C:\\{{a}}", r"\\\{{a}}", r"\a", "{a}"]);
        let expected = json!(["{{a}}", r"C:\1", r"\{{a}}", r"\a", "{a}"]);
        assert_eq!(filled(&document, &json!({ "a": 1 })), Ok(expected));
    }

    #[test]
    fn names_of_fields_are_left_alone() {
        assert_eq!(filled(&json!({ "{{a}}": "{{a}}" }), &json!({ "a": 1 })), Ok(json!({ "{{a}}": 1 })));
    }

    #[test]
    fn every_name_without_a_value_is_told_at_its_first_place() {
        let document = json!({ "x/y": ["{{one}} {{two}}", "{{one}}"], "z": "{{there}}" });
        let problems = fill(&document, json!({ "there": 1, "ones": 2 }).as_object().expect("an object"), PLACE);
        let problems = problems.expect_err("two have no value");
        let told: Vec<_> =
            problems.iter().map(|one| (one.got.as_deref(), one.path.as_str(), one.hint.as_deref())).collect();
        let path = "/request/x~1y/0";
        let nearly = Some("did you mean ones? give it a value");
        assert_eq!(told, [(Some("one"), path, nearly), (Some("two"), path, Some("give it a value"))]);
        assert!(problems.iter().all(|problem| problem.code == "E_PARAMETER_MISSING"));
    }

    #[test]
    fn braces_that_are_no_placeholder_are_told_all_at_once() {
        let long = format!("{{{{{}}}}}", "a".repeat(MAX_NAME_CHARS + 1));
        for wrong in ["{{}}", "{{ }}", "{{a", "{{1}}", "{{a b}}", "{{{a}}", "{{ä}}", long.as_str()] {
            let refused = filled(&json!(["fine", wrong, wrong]), &json!({ "a": 1 }));
            let places = ["/request/1", "/request/2"].map(|path| ("E_PLACEHOLDER".to_owned(), path.to_owned()));
            assert_eq!(refused, Err(places.to_vec()), "{wrong}");
        }
        let problem = names(&json!("see {{ secrets.KEY }}"), "").expect_err("not a name").remove(0);
        assert_eq!(problem.got.as_deref(), Some("{{ secrets.KEY }}"));
    }

    #[test]
    fn what_is_put_in_is_bounded_however_often_it_is_used() {
        let document = json!(["{{a}}", "{{a}}{{a}}"]);
        let fits = json!({ "a": "x".repeat(33) });
        assert!(filled(&document, &fits).is_ok());
        let too_large = Err(vec![("E_REQUEST_TOO_LARGE".to_owned(), "/request".to_owned())]);
        assert_eq!(filled(&document, &json!({ "a": "x".repeat(34) })), too_large);
        assert_eq!(filled(&document, &json!({ "a": vec![1; 40] })), too_large);
    }

    #[test]
    fn names_are_found_with_their_first_places() {
        let found = names(&json!({ "b": "{{two}}", "a": ["{{one}}-{{two}}"] }), "").expect("no stray braces");
        let expected = [("one", "/a/0"), ("two", "/b")].map(|(name, path)| (name.to_owned(), path.to_owned()));
        assert_eq!(found, BTreeMap::from(expected));
    }
}
