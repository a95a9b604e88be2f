//! The shape of a script file, before anything in it is checked.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents_engine::json::schema::join;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::error::ScriptProblem;
use super::faults::FaultProfile;
use super::host_profile::HostProfile;
use super::wire::WireProfile;

/// Reading stops after this many problems; nobody works through more at once.
const MOST_PROBLEMS: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ScriptFile {
    pub version: Option<u32>,
    pub default_model: Option<String>,
    pub host: HostProfile,
    pub faults: FaultProfile,
    pub wire: WireProfile,
    pub models: BTreeMap<String, ModelEntry>,
    pub answers: Vec<AnswerEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ModelEntry {
    pub tier: Option<String>,
    pub input_price: Option<u64>,
    pub output_price: Option<u64>,
    pub applied_as: Option<String>,
    pub max_concurrent: Option<u32>,
    pub rate: Option<RateEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RateEntry {
    pub starts: Option<u32>,
    pub per_ms: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AnswerEntry {
    pub agent_type: Option<String>,
    pub tier: Option<String>,
    pub model: Option<String>,
    pub task_contains: Option<String>,
    pub max_attempt: Option<u32>,
    pub odds: OddsEntry,
    pub latency: Option<LatencyEntry>,
    pub late_factor: Option<u32>,
    pub late_min_ms: Option<u64>,
    pub tokens: TokensEntry,
    pub malformed_kinds: Option<Vec<DamageName>>,
    pub failures: Option<Vec<FailureEntry>>,
    pub template: Option<String>,
    pub tool_calls: Option<u32>,
    pub tool_text: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OddsEntry {
    pub good: Option<u32>,
    pub malformed: u32,
    pub empty: u32,
    pub late: u32,
    pub failing: u32,
    pub hanging: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LatencyEntry {
    pub constant_ms: Option<u64>,
    pub uniform_ms: Option<[u64; 2]>,
    pub lognormal: Option<LognormalEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LognormalEntry {
    pub median_ms: Option<u64>,
    pub sigma: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TokensEntry {
    pub input: Option<u64>,
    pub output: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FailureEntry {
    pub kind: Option<FailureName>,
    pub weight: Option<u32>,
    pub message: Option<String>,
    pub latency_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FailureName {
    Infrastructure,
    RateLimited,
    Authentication,
    Rejected,
    ContextOverflow,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DamageName {
    TwoObjects,
    Truncated,
    WrongType,
    MissingField,
    TrailingComma,
    Wrapped,
    SingleQuotes,
    Comments,
    DuplicateKey,
    TooDeep,
    NotANumber,
    OddNumber,
    ControlChars,
    ForgedMarker,
}

/// Reads a document and reports everything that does not fit the shape, not only the first thing.
///
/// What does not fit is taken out and the rest is read again, so the shape is written down once, in the types above.
pub(super) fn read<T: DeserializeOwned + Default>(document: Value) -> (T, Vec<ScriptProblem>) {
    let mut document = document;
    let mut problems: Vec<ScriptProblem> = Vec::new();
    let mut blanked = BTreeSet::new();
    while problems.len() < MOST_PROBLEMS {
        let error = match serde_path_to_error::deserialize(&document) {
            Ok(read) => return (read, problems),
            Err(error) => error,
        };
        let mut path: Vec<String> = error.path().iter().filter_map(name).collect();
        if blanked.contains(&path) {
            // Not a list of tables after all; its item is reported already.
            path.pop();
        } else {
            problems.push(ScriptProblem { path: pointer(&path), message: error.inner().to_string() });
        }
        match take_out(&mut document, &path) {
            Taken::Removed => {}
            Taken::Blanked => {
                blanked.insert(path);
            }
            Taken::Nothing => break,
        }
    }
    (T::default(), problems)
}

fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |path, name| join(&path, name))
}

fn name(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        // Neither is a step down in the document.
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

#[derive(Debug)]
enum Taken {
    Removed,
    Blanked,
    Nothing,
}

/// Removes what stands at `path`.
fn take_out(document: &mut Value, path: &[String]) -> Taken {
    let Some((last, parents)) = path.split_last() else {
        return Taken::Nothing;
    };
    let parent = parents.iter().try_fold(document, |value, name| match value {
        Value::Object(map) => map.get_mut(name),
        Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    });
    match parent {
        Some(Value::Object(map)) => match map.shift_remove(last) {
            Some(_) => Taken::Removed,
            None => Taken::Nothing,
        },
        // Removing an item would renumber the ones behind it, and their problems would point at the wrong place.
        Some(Value::Array(items)) => match last.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
            Some(item) => {
                *item = Value::Object(serde_json::Map::new());
                Taken::Blanked
            }
            None => Taken::Nothing,
        },
        _ => Taken::Nothing,
    }
}
