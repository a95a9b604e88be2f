//! What is to be different when a recorded run is repeated.

use std::collections::BTreeMap;

use parallel_agents_engine::task::MAX_CONCURRENT;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::text::shown;

/// What is said of a setting that is none.
const FORM: &str = "it needs the form NAME=VALUE";

/// What is to be different.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Settings {
    /// Fields of the request.
    pub(super) fields: Vec<(String, Value)>,
    /// Sessions at once on the host.
    pub(super) host_cap: Option<u32>,
    /// Of the recorded latencies, in per mille.
    pub(super) scale: Option<u64>,
}

impl Settings {
    /// Reads `NAME=VALUE`, several of them also separated by commas.
    pub(super) fn read(texts: &[String]) -> Result<Self, Failure> {
        let mut settings = Self::default();
        for text in texts.iter().flat_map(|text| separated(text)) {
            let wrong = |why: &str| bad_setting("--set", text, why);
            let (name, value) = text.split_once('=').ok_or_else(|| wrong(FORM))?;
            match (name.trim(), value.trim()) {
                ("", _) | (_, "") => return Err(wrong(FORM)),
                ("ladder", value) => settings.fields.push(("models".to_owned(), ladder(value).map_err(wrong)?)),
                ("host_cap", value) => match value.parse() {
                    Ok(cap) if (1..=MAX_CONCURRENT).contains(&cap) => settings.host_cap = Some(cap),
                    _ => return Err(wrong(&format!("a cap is a number from 1 to {MAX_CONCURRENT}"))),
                },
                ("latency", value) => settings.scale = Some(per_mille(value).map_err(wrong)?),
                // The component judges the value, as it does in a request.
                (name, value) => {
                    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
                    settings.fields.push((name.to_owned(), value));
                }
            }
        }
        Ok(settings)
    }
}

/// Settings that commas separate. A comma within a JSON value is its own.
fn separated(text: &str) -> Vec<&str> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    for (at, _) in text.match_indices(',') {
        let value = text[begin..at].split_once('=').map_or("", |(_, value)| value.trim());
        let is_open = value.starts_with(['{', '[', '"']) && serde_json::from_str::<Value>(value).is_err();
        if !is_open {
            parts.push(&text[begin..at]);
            begin = at + 1;
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// The models of a request: one is the best tier, so that everything runs on it; two are the cheapest and the best.
fn ladder(names: &str) -> Result<Value, &'static str> {
    let names: Vec<&str> = names.split('+').map(str::trim).collect();
    let tiers: &[&str] = match names.len() {
        1 => &["premium"],
        2 => &["economy", "premium"],
        3 => &["economy", "standard", "premium"],
        _ => return Err("a ladder has one to three models"),
    };
    if names.iter().any(|name| name.is_empty()) {
        return Err("a model has no name");
    }
    let models: Map<String, Value> =
        tiers.iter().zip(names).map(|(tier, name)| ((*tier).to_owned(), Value::from(name))).collect();
    Ok(Value::Object(models))
}

/// Reads `MODEL=FACTOR`: for each model how many times as long it takes, in per mille.
pub(super) fn latency_factors(texts: &[String]) -> Result<BTreeMap<String, u64>, Failure> {
    let read = |text: &String| {
        let (model, factor) = text.rsplit_once('=').ok_or("it needs the form MODEL=FACTOR")?;
        Ok((model.trim().to_owned(), per_mille(factor.trim())?))
    };
    texts.iter().map(|text| read(text).map_err(|why: &str| bad_setting("--latency-factor", text, why))).collect()
}

/// A factor such as 1.5, per mille.
fn per_mille(text: &str) -> Result<u64, &'static str> {
    match text.parse::<f64>() {
        Ok(factor) if (0.001..=1_000.0).contains(&factor) => Ok((factor * 1_000.0).round() as u64),
        _ => Err("a factor is a number from 0.001 to 1000"),
    }
}

fn bad_setting(option: &str, text: &str, why: &str) -> Failure {
    let text = shown(text);
    let fault = Fault::new(option, format!("{text:?} makes no sense: {why}"));
    let fault = fault.got(text).limit(why).hint("what-if --help has all settings");
    Failure::Bad { code: "E_WHAT_IF", error: fault.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(texts: &[&str]) -> Settings {
        Settings::read(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).expect("settings")
    }

    #[test]
    fn settings_are_fields_of_the_request_or_of_the_host() {
        let read = settings(&["max_concurrent=16", "hedge=true", "x=y", "host_cap=2000", "latency=1.5"]);
        let fields = [("max_concurrent", json!(16)), ("hedge", json!(true)), ("x", json!("y"))];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(read, Settings { fields, host_cap: Some(2_000), scale: Some(1_500) });
        let several = settings(&[r#"budget={"tokens":9,"spawns":[1,2]},hedge=true,x=y,note="a, b""#]).fields;
        let values: Vec<Value> = several.into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, [json!({ "tokens": 9, "spawns": [1, 2] }), json!(true), json!("y"), json!("a, b")]);
        let models = |text: &str| settings(&[text]).fields.remove(0).1;
        assert_eq!(models("ladder=big"), json!({ "premium": "big" }));
        assert_eq!(models("ladder=a+b+c"), json!({ "economy": "a", "standard": "b", "premium": "c" }));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        for text in [
            "",
            "=1",
            "x=",
            "x",
            "x=1,",
            "ladder=a++b",
            "ladder=a+b+c+d",
            "host_cap=0",
            "host_cap=2001",
            "latency=0",
            "latency=NaN",
        ] {
            assert!(Settings::read(&[text.to_owned()]).is_err(), "{text}");
        }
        assert!(latency_factors(&["m".to_owned()]).is_err() && latency_factors(&["m=fast".to_owned()]).is_err());
        assert_eq!(latency_factors(&["a/b=1.25".to_owned()]).ok(), Some(BTreeMap::from([("a/b".to_owned(), 1_250)])));
    }
}
