//! Puts a field into a request without touching the rest of it.
//!
//! The component judges the request's own bytes: reading it here and writing it again would hide duplicate keys and
//! whatever else is wrong with it. So the text is only cut open at one place.

use std::ops::Range;

use parallel_agents_engine::task::AgentSource;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};

/// The request with another value of a field. A text that is not a JSON object comes back as it was, for the component to refuse.
pub fn with_field(request: &str, name: &str, value: &Value) -> String {
    match members(request) {
        Some(members) => replace(request, &members, name, &value.to_string()),
        None => request.to_owned(),
    }
}

/// Whether a request has a list of agents. Another one would have to be merged with it by guessing.
pub fn brings_agents(request: &str) -> bool {
    members(request).is_some_and(|members| members.iter().any(|member| member.name == "agents"))
}

/// The agent definitions that a request has itself, as far as they can be told.
pub fn own_agents(request: &str) -> Vec<AgentSource> {
    let value = members(request).and_then(|members| members.into_iter().rev().find(|member| member.name == "agents"));
    let text = value.and_then(|member| request.get(member.value)).unwrap_or_default();
    let items = items(text).unwrap_or_default();
    items.into_iter().filter_map(|item| serde_json::from_str(text.get(item)?).ok()).collect()
}

/// The request with further definitions after its own. If it has something else in their place, the component is to say so.
pub fn with_agents(request: &str, more: &[Value]) -> String {
    let Some(members) = members(request) else { return request.to_owned() };
    let Some(own) = members.iter().rev().find(|member| member.name == "agents") else {
        return replace(request, &members, "agents", &Value::from(more).to_string());
    };
    let Some(items) = items(request.get(own.value.clone()).unwrap_or_default()) else { return request.to_owned() };
    let mut list = more.iter().map(Value::to_string).collect::<Vec<_>>().join(",");
    if !items.is_empty() && !list.is_empty() {
        list.insert(0, ',');
    }
    let mut new = request.to_owned();
    new.insert_str(own.value.end - 1, &list);
    new
}

/// Fields that name an agent type.
const NAMING: [&str; 3] = ["agent_type", "judge_agent", "refiner_agent"];

/// Fields whose values are data of the caller, whatever stands in them.
const DATA: [&str; 5] = ["items", "input_data", "output_schema", "example_input", "draft"];

/// An agent type that a request names, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is written in the request.
    pub name: String,
    place: Range<usize>,
}

/// The agent types that a request names, in the order of the text.
pub fn agent_names(request: &str) -> Vec<Named> {
    let mut names = Vec::new();
    collect_names(request, 0, None, &mut names);
    names
}

/// Looks through the value that begins at a place; `parent` is the field that it is the value of.
fn collect_names(request: &str, at: usize, parent: Option<&str>, names: &mut Vec<Named>) {
    let Some(text) = request.get(at..) else { return };
    for Member { name, value } in members(text).unwrap_or_default() {
        let place = at + value.start..at + value.end;
        let is_name = NAMING.contains(&name.as_str()) || parent == Some("judge") && name == "agent";
        match serde_json::from_str::<String>(text.get(value).unwrap_or_default()) {
            Ok(named) if is_name => names.push(Named { name: named, place }),
            Ok(_) => {}
            Err(_) if DATA.contains(&name.as_str()) => {}
            Err(_) => collect_names(request.get(..place.end).unwrap_or_default(), place.start, Some(&name), names),
        }
    }
    for item in items(text).unwrap_or_default() {
        collect_names(request.get(..at + item.end).unwrap_or_default(), at + item.start, None, names);
    }
}

/// The request with other names in the places of those that were found.
pub fn with_names(request: &str, names: &[Named]) -> String {
    let mut new = request.to_owned();
    for Named { name, place } in names.iter().rev() {
        new.replace_range(place.clone(), &Value::from(name.as_str()).to_string());
    }
    new
}

/// A member of an object: its name, and where its value stands.
struct Member {
    name: String,
    value: Range<usize>,
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

/// The items of a JSON array. None if the text is anything else.
fn items(text: &str) -> Option<Vec<Range<usize>>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut cursor = Cursor { text, at: 0 };
    let mut items = Vec::new();
    cursor.pass('[')?;
    while !cursor.is_at(']') {
        items.push(cursor.value()?);
        if !cursor.is_at(']') {
            cursor.pass(',')?;
        }
    }
    Some(items)
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

    fn value(&mut self) -> Option<Range<usize>> {
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
        assert_eq!(with_field(request, "max_concurrent", &7.into()), expected);
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
        let list = r#""agents":["a \"quoted\"\nline","b"]"#;
        let add = |request| with_field(request, "agents", &Value::from(vec!["a \"quoted\"\nline", "b"]));
        assert_eq!(add("{}"), format!("{{{list}}}"));
        assert_eq!(add(r#"{"tasks":[{"agents":1}]}"#), format!(r#"{{{list},"tasks":[{{"agents":1}}]}}"#));
        assert_eq!(add("[]"), "[]");
        assert!(
            brings_agents(r#"{"agents":[]}"#) && !brings_agents(r#"{"tasks":[{"agents":1}]}"#) && !brings_agents("[]")
        );
    }

    #[test]
    fn agent_types_are_found_wherever_a_request_names_one() {
        let request = r#" {"tasks": [{"agent_type": "A \"b\"", "input_data": {"agent_type": "no"}}, {"agent_type":"c"}],
            "judge": {"agent": "d", "threshold": 7}, "judge_agent": "e", "agents": "x", "refiner_agent": null,
            "task": {"agent_type": "f", "agent": "no"}}"#;
        let mut names = agent_names(request);
        let found: Vec<&str> = names.iter().map(|named| named.name.as_str()).collect();
        assert_eq!(found, ["A \"b\"", "c", "d", "e", "f"]);
        assert_eq!(with_names(request, &names), request);
        "a_b".clone_into(&mut names[0].name);
        assert_eq!(with_names(request, &names), request.replace(r#""A \"b\"""#, r#""a_b""#));
        for other in ["", "[", "7", "{\"agent_type\":", "[[[]]]", "{\"agent_type\": 7}"] {
            assert_eq!(agent_names(other), [], "{other}");
        }
        assert_eq!(agent_names(r#"[[{"agent_type":"a"}]]"#).len(), 1);
        let items = r#"{"steps":[{"agent_type":"a"}],"items":[{"agent_type":"B"},{"judge":{"agent":"C"}}]}"#;
        assert_eq!(agent_names(items).len(), 1, "items are data");
    }

    #[test]
    fn everything_else_keeps_its_bytes() {
        check(r#"{"tasks":[1],"tasks":[2]}"#, r#"{"max_concurrent":7,"tasks":[1],"tasks":[2]}"#);
        for broken in ["", "[]", "{", r#"{"a":1,}"#, "null", "{} {}"] {
            check(broken, broken);
        }
    }

    #[test]
    fn agents_are_added_after_those_that_are_there() {
        let more = [Value::from("x"), Value::from("y")];
        for (request, expected) in [
            (r#"{"tasks": []}"#, r#"{"agents":["x","y"],"tasks": []}"#),
            (r#"{"agents": [ ]}"#, r#"{"agents": [ "x","y"]}"#),
            (r#"{"agents": ["a", {"name": "b"}], "n": 1}"#, r#"{"agents": ["a", {"name": "b"},"x","y"], "n": 1}"#),
            (r#"{"agents": null}"#, r#"{"agents": null}"#),
            ("[]", "[]"),
        ] {
            assert_eq!(with_agents(request, &more), expected);
        }
        assert_eq!(with_agents(r#"{"agents": ["a"]}"#, &[]), r#"{"agents": ["a"]}"#);
        assert_eq!(own_agents(r#"{"agents": ["a", {"name": "b"}]}"#).len(), 2);
        assert_eq!([own_agents("{}"), own_agents("7"), own_agents(r#"{"agents": 7}"#)], [vec![], vec![], vec![]]);
    }
}
