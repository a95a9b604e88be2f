//! Agent types that were made and found good: numbered versions, named by their content.
//!
//! The component keeps nothing: a registry comes with a request and goes back with the result.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::order;
use parallel_agents_engine::problem::Problem;
use parallel_agents_engine::score::Score;
use parallel_agents_engine::task::AgentSource;

/// One agent type in its current version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The agent type.
    pub name: String,
    /// Counted from 1.
    pub version: u32,
    /// SHA-256 of the definition, in hexadecimal.
    pub hash: String,
    /// What its judges gave it, 0 to 10.
    pub score: Value,
    /// The definition, as `agents` of a run takes it.
    pub definition: Value,
}

impl Entry {
    /// Whether the definition is the one that was judged.
    pub fn is_intact(&self) -> bool {
        hash(&self.definition) == self.hash
    }
}

/// The registry of a request, without the entries that are not to be used; why is said of each.
pub fn read(values: &[Value], problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut registry: Vec<Entry> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let why = match Entry::deserialize(value) {
            Ok(entry) if !entry.is_intact() => "its definition is not the one that its hash names".to_owned(),
            Ok(entry) if Score::read(&entry.score).is_none() => "its score is no number from 0 to 10".to_owned(),
            Ok(entry) if name_of(&entry) != Some(entry.name.as_str().to_owned()) => {
                "its definition is unusable, or defines another name".to_owned()
            }
            Ok(entry) if registry.iter().any(|known| known.name == entry.name) => "its name stands twice".to_owned(),
            Ok(entry) => {
                registry.push(entry);
                continue;
            }
            Err(error) => error.to_string(),
        };
        problems.push(Problem::new("E_REGISTRY", format!("/registry/{index}"), format!("registry: {why}")));
    }
    registry
}

fn name_of(entry: &Entry) -> Option<String> {
    AgentDefinition::read(&AgentSource::Definition(entry.definition.clone())).ok().map(|agent| agent.name.into())
}

/// What became of a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promotion {
    /// It is the current one.
    Promoted,
    /// It says the same as the current one.
    Unchanged,
    /// The current one has a better score.
    KeptBetter,
}

impl Promotion {
    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::Unchanged => "unchanged",
            Self::KeptBetter => "kept_better",
        }
    }
}

/// Offers a version. A better one is never replaced.
pub fn promote(registry: &mut Vec<Entry>, name: &str, definition: &Value, score: Score) -> Promotion {
    let entry = |version| Entry {
        name: name.to_owned(),
        version,
        hash: hash(definition),
        score: score.value(),
        definition: definition.clone(),
    };
    let Some(current) = registry.iter_mut().find(|entry| entry.name == name) else {
        registry.push(entry(1));
        return Promotion::Promoted;
    };
    if current.hash == hash(definition) {
        return Promotion::Unchanged;
    }
    if Score::read(&current.score).is_some_and(|known| known > score) {
        return Promotion::KeptBetter;
    }
    *current = entry(current.version.saturating_add(1));
    Promotion::Promoted
}

/// SHA-256 over the compact text of the definition with its keys in order, so that only content counts.
pub fn hash(definition: &Value) -> String {
    let digest = Sha256::digest(sorted(definition).to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let ordered = order::sorted_by_key(fields.iter().collect(), |(name, _)| *name);
            Value::Object(ordered.into_iter().map(|(name, field)| (name.clone(), sorted(field))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn score(value: f64) -> Score {
        Score::read(&json!(value)).expect("a score")
    }

    #[test]
    fn a_better_version_is_never_replaced() {
        let mut registry = Vec::new();
        let (first, second, third) = (json!({"a": 1}), json!({"a": 2}), json!({"a": 3}));
        assert_eq!(promote(&mut registry, "x", &first, score(8.5)), Promotion::Promoted);
        assert_eq!(promote(&mut registry, "x", &second, score(8.4)), Promotion::KeptBetter);
        assert_eq!(promote(&mut registry, "x", &first, score(9.0)), Promotion::Unchanged);
        assert_eq!(promote(&mut registry, "x", &third, score(8.5)), Promotion::Promoted);
        assert_eq!((registry.len(), registry[0].version, registry[0].is_intact()), (1, 2, true));
    }

    #[test]
    fn the_order_of_keys_is_no_content() {
        assert_eq!(hash(&json!({"a": 1, "b": {"c": 2, "d": 3}})), hash(&json!({"b": {"d": 3, "c": 2}, "a": 1})));
        assert_ne!(hash(&json!({"a": [1, 2]})), hash(&json!({"a": [2, 1]})));
    }
}
