//! What the door of a gateway has written down of the keys that were given to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::gateway::Gateway;

const REGISTRY: &str = "state/parallel-agents/door/keys.jsonl";

/// What became of a key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Key {
    /// The sessions that were spawned under it.
    pub sessions: BTreeSet<String>,
    /// Whether it is written down that they have ended.
    pub is_ended: bool,
}

impl Gateway {
    /// The keys of its door, also of processes that it had before. None: nobody has come through the door.
    ///
    /// # Errors
    /// If a line cannot be understood.
    pub fn keys(&self) -> Result<BTreeMap<String, Key>> {
        let lines = fs::read_to_string(self.place().join(REGISTRY)).unwrap_or_default();
        keys_in(&lines).with_context(|| format!("the registry of the door at {}", self.address))
    }
}

/// Half a line at the end is one that is being written, or what a kill has left.
fn keys_in(lines: &str) -> Result<BTreeMap<String, Key>> {
    let mut keys = BTreeMap::<String, Key>::new();
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines() {
        let note: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        let text = |place: &str| note.pointer(place).and_then(Value::as_str);
        let key = keys.entry(text("/key").with_context(|| format!("no key: {line}"))?.to_owned()).or_default();
        match text("/what") {
            Some("receipt") => {
                let session = text("/receipt/sessionKey").with_context(|| format!("no session: {line}"))?;
                key.sessions.insert(session.to_owned());
            }
            Some("ended" | "deleted") => key.is_ended = true,
            Some("asked" | "refused" | "cancelled") => {}
            _ => bail!("it is not known what this means: {line}"),
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_of_a_key_is_found_and_half_a_line_is_left_out() {
        let lines = concat!(
            r#"{"at":1,"key":"a","what":"asked","print":"p","label":"l","group":"g"}"#,
            "\n",
            r#"{"at":2,"key":"a","what":"receipt","receipt":{"sessionKey":"agent:main:subagent:1","runId":"1"}}"#,
            "\n",
            r#"{"at":3,"key":"b","what":"asked","print":"p","label":"m","group":"g"}"#,
            "\n",
            r#"{"at":4,"key":"a","what":"receipt","receipt":{"sessionKey":"agent:main:subagent:2","runId":"2"}}"#,
            "\n",
            r#"{"at":5,"key":"a","what":"ended","outcome":"completed"}"#,
            "\n",
            r#"{"at":6,"key":"b","what":"end"#,
        );
        let keys = keys_in(lines).unwrap();
        let sessions: Vec<&str> = keys["a"].sessions.iter().map(String::as_str).collect();
        assert_eq!(sessions, ["agent:main:subagent:1", "agent:main:subagent:2"]);
        assert!(keys["a"].is_ended);
        assert_eq!(keys["b"], Key::default());
        assert_eq!(keys_in("").unwrap(), BTreeMap::new());
    }

    #[test]
    fn a_line_that_nobody_understands_is_an_error() {
        assert!(keys_in("{\"key\":\"a\",\"what\":\"begun\"}\n").is_err());
        assert!(keys_in("{\"what\":\"asked\"}\n").is_err());
    }
}
