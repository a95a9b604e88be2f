//! What criterion measured of the hot functions, natively.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long a function on the hot path takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hot {
    /// As in `benches/hot.rs`.
    pub name: String,
    /// Microseconds for one call, or for one task where a call does several; criterion's median.
    pub micros: f64,
}

/// All estimates below criterion's directory, by name.
pub fn estimates(directory: &Path) -> Result<Vec<Hot>> {
    let mut all = Vec::new();
    collect(directory, &mut all).with_context(|| format!("cannot read {}", directory.display()))?;
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// Criterion keeps a folder `new` for each function, at any depth.
fn collect(directory: &Path, all: &mut Vec<Hot>) -> Result<()> {
    let last = directory.join("new");
    if last.is_dir() {
        all.extend(hot(&read(&last.join("benchmark.json"))?, &read(&last.join("estimates.json"))?));
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, all)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Value> {
    Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
}

fn hot(benchmark: &Value, estimates: &Value) -> Option<Hot> {
    let elements = benchmark.pointer("/throughput/Elements").and_then(Value::as_f64).unwrap_or(1.0);
    let nanoseconds = estimates.pointer("/median/point_estimate")?.as_f64()?;
    Some(Hot { name: benchmark.get("full_id")?.as_str()?.to_owned(), micros: nanoseconds / elements / 1_000.0 })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_several_tasks_is_told_for_one() {
        let estimates = json!({ "median": { "point_estimate": 50_000.0 } });
        let told = |benchmark: Value| hot(&benchmark, &estimates).unwrap();
        let one = told(json!({ "full_id": "prompt", "throughput": null }));
        assert_eq!(one, Hot { name: "prompt".to_owned(), micros: 50.0 });
        assert_eq!(told(json!({ "full_id": "run/steps", "throughput": { "Elements": 50 } })).micros, 1.0);
        assert_eq!(hot(&json!({ "full_id": "x" }), &json!({})), None);
    }

    #[test]
    fn folders_are_gone_through_at_any_depth() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b/deep", "a"] {
            let last = directory.path().join(name).join("new");
            fs::create_dir_all(&last).unwrap();
            fs::write(last.join("benchmark.json"), json!({ "full_id": name }).to_string()).unwrap();
            fs::write(last.join("estimates.json"), r#"{"median":{"point_estimate":1000}}"#).unwrap();
        }
        let names: Vec<_> = estimates(directory.path()).unwrap().into_iter().map(|hot| hot.name).collect();
        assert_eq!(names, ["a", "b/deep"]);
    }
}
