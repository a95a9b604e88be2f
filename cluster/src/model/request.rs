//! What somebody wants of the door, read as strictly as the plugin reads it.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parallel_agents_engine::text::head;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::error::Refusal;
use super::note::Asked;

/// A call of the door.
#[derive(Debug)]
pub(super) enum Request {
    Facts,
    Spawn { key: Arc<str>, asked: Asked },
    Wait { keys: Vec<String>, started: BTreeSet<String>, timeout: Duration },
    Read { key: String, offset: usize, limit: usize },
    List { search: String, offset: usize, limit: usize },
    Cancel { key: Arc<str> },
    Delete { key: Arc<str> },
}

/// What a field holds.
enum Kind {
    /// As many UTF-16 units at the most.
    Text(usize),
    /// A list of keys.
    Keys,
    Whole(u64, u64),
    Flag,
}

/// Characters of a key.
const KEY: usize = 200;

/// Keys of one wait.
const MOST_KEYS: usize = 1_000;

/// The longest wait, in seconds.
pub(super) const MOST_WAIT: u64 = 240;

/// An action with the fields that it needs, and those that it may have.
type Takes = (&'static str, &'static [&'static str], &'static [&'static str]);

const ACTIONS: [Takes; 7] = [
    ("facts", &[], &[]),
    (
        "spawn",
        &["key", "task", "label"],
        &["task_name", "agent_id", "model", "thinking", "run_timeout_seconds", "tool_free"],
    ),
    ("wait", &["keys"], &["started", "timeout_seconds"]),
    ("read", &["key"], &["offset", "limit", "include_tools"]),
    ("list", &[], &["search", "offset", "limit"]),
    ("cancel", &["key"], &[]),
    ("delete", &["key"], &[]),
];

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "key" => Kind::Text(KEY),
        "keys" | "started" => Kind::Keys,
        "timeout_seconds" => Kind::Whole(0, MOST_WAIT),
        "task" => Kind::Text(2_000_000),
        "label" => Kind::Text(120),
        "task_name" => Kind::Text(64),
        "agent_id" | "model" => Kind::Text(128),
        "thinking" => Kind::Text(32),
        "run_timeout_seconds" => Kind::Whole(1, 86_400),
        "search" => Kind::Text(200),
        "offset" => Kind::Whole(0, 1_000_000),
        "limit" => Kind::Whole(1, 1_000),
        "tool_free" | "include_tools" => Kind::Flag,
        _ => return None,
    })
}

impl Request {
    /// The request, or everything that is wrong with it.
    pub(super) fn read(mut args: Map<String, Value>) -> Result<Self, Refusal> {
        let action = args.remove("action").unwrap_or_default();
        let named = ACTIONS.iter().find(|(name, ..)| action.as_str() == Some(name));
        let Some((name, needs, may)) = named else {
            let known = ACTIONS.map(|(name, ..)| name).join(", ");
            return Err(Refusal::request(vec![("/action".to_owned(), wrong(&action, &format!("one of {known}")))]));
        };
        let mut faults = Vec::new();
        for missing in needs.iter().filter(|need| !args.contains_key(**need)) {
            faults.push((format!("/{missing}"), format!("is missing; {name} needs it")));
        }
        for (field, value) in &args {
            match kind(field).filter(|_| needs.contains(&field.as_str()) || may.contains(&field.as_str())) {
                Some(kind) => faults.extend(kind.fault(value).map(|fault| (format!("/{field}"), fault))),
                None => {
                    let takes = [*needs, *may].concat().join(", ");
                    faults.push((format!("/{field}"), format!("{name} takes no {field}; it takes action, {takes}")));
                }
            }
        }
        if faults.is_empty() { Ok(Self::of(name, &mut Fields(args))) } else { Err(Refusal::request(faults)) }
    }

    /// The request in fields that fit.
    fn of(action: &str, fields: &mut Fields) -> Self {
        let key = fields.text("key").unwrap_or_default();
        let (offset, limit) = (fields.whole("offset", 0), fields.whole("limit", 50));
        let page = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let (offset, limit) = (page(offset), page(limit));
        match action {
            "spawn" => Self::Spawn { asked: fields.asked(&key), key: key.into() },
            "wait" => {
                let timeout = Duration::from_secs(fields.whole("timeout_seconds", 60));
                let mut keys = fields.keys("keys");
                keys.sort_unstable();
                keys.dedup();
                Self::Wait { keys, started: fields.keys("started").into_iter().collect(), timeout }
            }
            "read" => Self::Read { key, offset, limit },
            "list" => Self::List { search: fields.text("search").unwrap_or_default(), offset, limit },
            "cancel" => Self::Cancel { key: key.into() },
            "delete" => Self::Delete { key: key.into() },
            _ => Self::Facts,
        }
    }
}

impl Kind {
    /// What is wrong with a value.
    fn fault(&self, value: &Value) -> Option<String> {
        let fits = |value: &Value, most: usize| {
            value.as_str().is_some_and(|text| (1..=most).contains(&text.encode_utf16().take(most + 1).count()))
        };
        match *self {
            Self::Text(most) if !fits(value, most) => Some(wrong(value, &format!("a text of 1 to {most} characters"))),
            Self::Keys => match value.as_array().filter(|keys| keys.len() <= MOST_KEYS) {
                Some(keys) if keys.iter().all(|key| fits(key, KEY)) => None,
                _ => Some(wrong(value, &format!("a list of at most {MOST_KEYS} texts of 1 to {KEY} characters"))),
            },
            Self::Whole(least, most) if value.as_u64().is_none_or(|number| !(least..=most).contains(&number)) => {
                Some(wrong(value, &format!("a whole number from {least} to {most}")))
            }
            Self::Flag if !value.is_boolean() => Some(wrong(value, "true or false")),
            Self::Text(_) | Self::Whole(..) | Self::Flag => None,
        }
    }
}

fn wrong(value: &Value, need: &str) -> String {
    let text = value.to_string();
    format!("got {}, need {need}", head(&text, 100))
}

/// Fields whose values fit.
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    fn keys(&mut self, name: &str) -> Vec<String> {
        let Some(Value::Array(keys)) = self.0.remove(name) else { return Vec::new() };
        let text = |key: Value| match key {
            Value::String(key) => Some(key),
            _ => None,
        };
        keys.into_iter().filter_map(text).collect()
    }

    fn whole(&self, name: &str, otherwise: u64) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or(otherwise)
    }

    fn asked(&mut self, key: &str) -> Asked {
        let run_timeout_seconds = u32::try_from(self.whole("run_timeout_seconds", 600)).unwrap_or(u32::MAX);
        let tool_free = self.0.get("tool_free") == Some(&Value::Bool(true));
        let (task_name, thinking) = (self.text("task_name"), self.text("thinking"));
        let mut asked = Asked {
            print: String::new(),
            label: self.text("label").unwrap_or_default(),
            task: self.text("task").unwrap_or_default(),
            model: self.text("model"),
            agent_id: self.text("agent_id"),
            tool_free,
            run_timeout_seconds,
            said: OnceLock::new(),
        };
        let task_name = task_name.unwrap_or_else(|| format!("door-{key}"));
        let all = (&asked.task, &asked.label, &task_name, &asked.agent_id, &asked.model, &thinking);
        let all = serde_json::json!([all, run_timeout_seconds, tool_free]).to_string();
        asked.print = Sha256::digest(all).iter().map(|byte| format!("{byte:02x}")).collect();
        asked
    }
}
