//! Every input of `corpus/` through its target, on any stable Rust.

#![expect(clippy::disallowed_methods, reason = "the corpus consists of files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use parallel_agents::documents;
use serde_json::Value;

/// Bytes of all inputs together: they are in git.
const MAX_BYTES: usize = 200_000;

/// With fewer inputs a target checks next to nothing.
const FEW: usize = 15;

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        const TARGETS: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            for (path, data) in inputs(stringify!($name)) {
                // Shown by the test runner if the target panics.
                println!("{}", path.display());
                parallel_agents_fuzz::$name::check(&data);
            }
        })*
    };
}

targets![event_seq, extract_json, host_reply, journal, render, request, schema, wrap];

#[test]
fn corpora_are_small_and_all_are_run() {
    let manifest = include_str!("../Cargo.toml");
    let mut bytes = 0;
    for name in TARGETS {
        let inputs = inputs(name);
        assert!(inputs.len() >= FEW, "{name} has {} inputs", inputs.len());
        bytes += inputs.iter().map(|(_, data)| data.len()).sum::<usize>();
        assert!(manifest.contains(&format!("targets/{name}.rs")), "{name} is no target of cargo-fuzz");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len(), "a target has no test");
    assert!(bytes <= MAX_BYTES, "{bytes} bytes of corpora");
}

/// libFuzzer does not guess a field's name.
#[test]
fn the_dictionary_has_every_field() {
    let words = include_str!("../words.dict");
    let mut fields = BTreeSet::new();
    for function in documents::functions() {
        assert!(words.contains(&format!("\"{}\\x0a\"", function.name)), "{}", function.name);
        collect_fields(&serde_json::from_str(&function.parameters).expect("a schema"), &mut fields);
    }
    assert!(fields.len() > 50, "{fields:?}");
    let missing: Vec<_> = fields.iter().filter(|field| !words.contains(&format!("\"\\x22{field}\\x22: \""))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn collect_fields(schema: &Value, fields: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        fields.extend(properties.keys().cloned());
        properties.values().for_each(|property| collect_fields(property, fields));
    }
    if schema["items"].is_object() {
        collect_fields(&schema["items"], fields);
    }
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let paths = entries.map(|entry| entry.expect("a readable directory").path());
    let mut inputs: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).expect("a readable file"))).collect();
    inputs.sort();
    inputs
}
