//! What the components of the package are made of, as a CycloneDX document: the crates that are compiled for the one of the runs and
//! the one that reads agent files, by Cargo.lock. The linker leaves out what is not used, such as what only writes schemas.
//!
//! The rest of the package is this project's own code and what jco makes of the components, so there is nothing else to list.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{process, toolchain, workspace};

const ROOT: &str = "parallel-agents";
const AGENT_FILES: &str = "parallel-agents-agent-files";
/// Separates what cargo says of a crate.
const BETWEEN: char = '|';

/// A crate by its name and version.
type Crate = (String, String);

/// The document. The same sources give the same one.
///
/// # Errors
/// If cargo does not list the crates as expected.
pub fn of_the_component() -> Result<Value> {
    let mut tree = workspace::cargo();
    // With this setting cargo lists the whole workspace.
    tree.env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION");
    tree.args([
        "tree",
        "--locked",
        "--package",
        ROOT,
        "--package",
        AGENT_FILES,
        "--target",
        toolchain::WASM_TARGET,
        "--no-dedupe",
    ]);
    tree.args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}"]);
    let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    document(&process::read(&mut tree, "")?, &lock)
}

fn document(tree: &str, lock: &str) -> Result<Value> {
    let checksums = checksums(lock);
    let mut crates = BTreeMap::new();
    // An empty line stands between what two packages are made of.
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (package, licences) =
            line.split_once(BETWEEN).with_context(|| format!("cargo says {line:?} of a crate"))?;
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let version = version.strip_prefix('v').with_context(|| format!("{package} has no version"))?;
        crates.insert((name.to_owned(), version.to_owned()), licences.to_owned());
    }
    let root =
        crates.keys().find(|(name, _)| name == ROOT).cloned().context("cargo does not list the component itself")?;
    let parts: Vec<Value> = crates
        .iter()
        .filter(|(one, _)| **one != root)
        .map(|(one, licences)| component(one, licences, checksums.get(one)))
        .collect();
    ensure!(!parts.is_empty(), "cargo lists nothing that the component is made of");
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(&root, crates.get(&root).map_or("", String::as_str), None) },
        "components": parts,
    }))
}

fn component((name, version): &Crate, licences: &str, checksum: Option<&String>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": format!("{name}@{version}"),
        "name": name,
        "version": version,
        "licenses": [{ "expression": licences }],
    });
    // Crates of this repository are in no registry, and have no checksum.
    if let (Some(fields), Some(checksum)) = (component.as_object_mut(), checksum) {
        fields.insert("purl".to_owned(), json!(format!("pkg:cargo/{name}@{version}")));
        fields.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": checksum }]));
    }
    component
}

/// The checksums of Cargo.lock.
fn checksums(lock: &str) -> BTreeMap<Crate, String> {
    let field = |package: &str, name: &str| {
        let value = package
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} = \"")).and_then(|rest| rest.strip_suffix('"')));
        value.map(str::to_owned)
    };
    let packages = lock.split("[[package]]");
    packages.filter_map(|one| Some(((field(one, "name")?, field(one, "version")?), field(one, "checksum")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_has_its_version_licence_and_checksum() {
        let tree = "parallel-agents v0.1.0 (here)|MIT\nitoa v1.0.1|MIT OR Apache-2.0\nown v0.1.0 (here)|MIT\nitoa v1.0.1|MIT OR Apache-2.0\n";
        let lock = "[[package]]\nname = \"itoa\"\nversion = \"1.0.1\"\nsource = \"x\"\nchecksum = \"abc\"\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n";
        let document = document(tree, lock).unwrap();
        assert_eq!(document["metadata"]["component"]["name"], "parallel-agents");
        let expected = json!([
            { "type": "library", "bom-ref": "itoa@1.0.1", "name": "itoa", "version": "1.0.1", "licenses": [{ "expression": "MIT OR Apache-2.0" }],
              "purl": "pkg:cargo/itoa@1.0.1", "hashes": [{ "alg": "SHA-256", "content": "abc" }] },
            { "type": "library", "bom-ref": "own@0.1.0", "name": "own", "version": "0.1.0", "licenses": [{ "expression": "MIT" }] },
        ]);
        assert_eq!(document["components"], expected);
    }

    #[test]
    fn the_component_is_made_of_crates_that_are_in_the_lock() {
        let document = of_the_component().unwrap();
        let names: Vec<&str> =
            document["components"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        assert!(names.contains(&"serde_json") && names.contains(&"parallel-agents-engine"), "{names:?}");
        assert!(!names.contains(&"wasmtime") && !names.contains(&"insta"), "{names:?}");
    }

    #[test]
    fn what_cargo_does_not_say_as_expected_is_refused() {
        for wrong in ["", "itoa v1.0.1|MIT\n", "parallel-agents|MIT\n", "nonsense\n"] {
            assert!(document(wrong, "").is_err(), "{wrong:?}");
        }
    }
}
