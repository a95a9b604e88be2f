//! Puts an option of the command line into a request without touching the rest of it.
//!
//! The component judges the request's own bytes: reading it here and writing it again would hide duplicate keys and
//! whatever else is wrong with it. So the text is only cut open at one place.

use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};

/// The request with another cap. A text that is not a JSON object comes back as it was, for the component to refuse.
pub fn with_max_concurrent(request: &str, cap: u32) -> String {
    with_field(request, "max_concurrent", &Value::from(cap))
}

/// The request with another value of a field; otherwise as [`with_max_concurrent`].
pub fn with_field(request: &str, name: &str, value: &Value) -> String {
    match members(request) {
        Some(members) => replace(request, &members, name, &value.to_string()),
        None => request.to_owned(),
    }
}

/// The request with agent definitions. None if it has a list of agents already: two lists would have to be merged by
/// guessing. A text that is not a JSON object comes back as it was, for the component to refuse.
pub fn with_agents(request: &str, definitions: &[String]) -> Option<String> {
    let Some(members) = members(request) else { return Some(request.to_owned()) };
    if members.iter().any(|member| member.name == "agents") {
        return None;
    }
    Some(replace(request, &members, "agents", &Value::from(definitions).to_string()))
}

/// A member of an object: its name, and where its value stands.
struct Member {
    name: String,
    value: std::ops::Range<usize>,
}

fn replace(text: &str, members: &[Member], name: &str, value: &str) -> String {
    let mut new = text.to_owned();
    match members.iter().rev().find(|member| member.name == name) {
        Some(member) => new.replace_range(member.value.clone(), value),
        None => {
            let after_brace = text.find('{').map_or(0, |at| at + 1);
            let comma = if members.is_empty() { "" } else { "," };
            new.insert_str(after_brace, &format!("{}:{value}{comma}", Value::from(name)));
        }
    }
    new
}

/// The members of a JSON object in the order of the text. None if the text is anything else.
fn members(text: &str) -> Option<Vec<Member>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut cursor = Cursor { text, at: 0 };
    let mut members = Vec::new();
    cursor.pass('{')?;
    while !cursor.is_at('}') {
        let name_at = cursor.value()?;
        let name = serde_json::from_str(&text[name_at]).ok()?;
        cursor.pass(':')?;
        members.push(Member { name, value: cursor.value()? });
        if !cursor.is_at('}') {
            cursor.pass(',')?;
        }
    }
    Some(members)
}

/// A place in a text that is known to be JSON.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn is_at(&mut self, sign: char) -> bool {
        self.skip_space();
        self.text[self.at..].starts_with(sign)
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn pass(&mut self, sign: char) -> Option<()> {
        self.is_at(sign).then(|| self.at += sign.len_utf8())
    }

    fn value(&mut self) -> Option<std::ops::Range<usize>> {
        self.skip_space();
        let mut values = Deserializer::from_str(&self.text[self.at..]).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let range = self.at..self.at + values.byte_offset();
        self.at = range.end;
        Some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &str, expected: &str) {
        assert_eq!(with_max_concurrent(request, 7), expected);
    }

    #[test]
    fn a_missing_cap_is_added() {
        check("{}", r#"{"max_concurrent":7}"#);
        check(" { \"tasks\" : [] }", " {\"max_concurrent\":7, \"tasks\" : [] }");
    }

    #[test]
    fn a_cap_is_replaced_whatever_it_was() {
        check(r#"{"max_concurrent": 99, "tasks": []}"#, r#"{"max_concurrent": 7, "tasks": []}"#);
        check(
            r#"{"a":[{"max_concurrent":1}],"max_concurrent":"many"}"#,
            r#"{"a":[{"max_concurrent":1}],"max_concurrent":7}"#,
        );
        check(r#"{"a":"}","max_concurrent":[1,{"x":"]"}] }"#, r#"{"a":"}","max_concurrent":7 }"#);
    }

    #[test]
    fn agents_are_added_where_there_are_none() {
        let add = |request| with_agents(request, &["a \"quoted\"\nline".to_owned(), "b".to_owned()]);
        let list = r#""agents":["a \"quoted\"\nline","b"]"#;
        assert_eq!(add("{}"), Some(format!("{{{list}}}")));
        assert_eq!(add(r#"{"tasks":[{"agents":1}]}"#), Some(format!(r#"{{{list},"tasks":[{{"agents":1}}]}}"#)));
        assert_eq!(add(r#"{"agents":[]}"#), None);
        assert_eq!(add("[]").as_deref(), Some("[]"));
    }

    #[test]
    fn everything_else_keeps_its_bytes() {
        check(r#"{"tasks":[1],"tasks":[2]}"#, r#"{"max_concurrent":7,"tasks":[1],"tasks":[2]}"#);
        for broken in ["", "[]", "{", r#"{"a":1,}"#, "null", "{} {}"] {
            check(broken, broken);
        }
    }
}
