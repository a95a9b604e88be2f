//! What no compiler sees of the tree: long files, paths of a machine, built files, error codes that nobody explains.

#![expect(clippy::disallowed_methods, reason = "the tree consists of files")]

use std::fs;
use std::path::Path;
use std::process::Command;

const MAX_LINES: usize = 400;

/// What is written in a programming language.
const CODE: [&str; 6] = ["rs", "wit", "ts", "js", "sh", "py"];

/// Directories of what a build makes.
const BUILT: [&str; 3] = ["dist", "target", "node_modules"];

/// Where error codes are made.
const MAKERS: [&str; 9] = [
    "engine/src/",
    "workflows/src/",
    "src/",
    "agent-files/src/",
    "cli/src/",
    "cluster/src/",
    "door/src/",
    "host-sim/src/",
    "host-sim/gateway/src/",
];

/// Beginnings of codes by which some code asks for all of a kind.
const KINDS_OF_CODES: [&str; 2] = ["E_", "E_JOURNAL"];

#[test]
fn files_stay_readable() {
    let long: Vec<String> = texts()
        .into_iter()
        .filter(|(path, _)| path.rsplit_once('.').is_some_and(|(_, extension)| CODE.contains(&extension)))
        .filter(|(_, text)| text.lines().count() > MAX_LINES)
        .map(|(path, _)| path)
        .collect();
    assert!(long.is_empty(), "more than {MAX_LINES} lines: {long:?}");
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    // In two pieces, so that this file passes its own rule.
    let roots = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    // Behind one of these it is a part of an address or of a relative path.
    let goes_on = |before: char| before.is_alphanumeric() || "._-~".contains(before);
    let names_one =
        |line: &str| roots.iter().any(|root| line.match_indices(root).any(|(at, _)| !line[..at].ends_with(goes_on)));
    let found: Vec<String> = texts()
        .iter()
        .flat_map(|(path, text)| text.lines().filter(|line| names_one(line)).map(move |line| format!("{path}: {line}")))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    assert!(names_one(concat!("see /ho", "me/somebody")) && !names_one(concat!("https://example.com/wo", "rk/")));
}

#[test]
fn nothing_built_is_kept() {
    let is_built = |path: &str| path.ends_with(".wasm") || path.split('/').any(|part| BUILT.contains(&part));
    let built: Vec<String> = kept().into_iter().filter(|path| is_built(path)).collect();
    assert!(built.is_empty(), "{built:?}");
    assert!(is_built("skill/dist/index.js") && !is_built("src/distance.rs"));
}

#[test]
fn every_error_code_is_explained() {
    let list = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md")).expect("the list");
    let mut codes = 0;
    let mut missing = Vec::new();
    for (path, text) in texts() {
        let is_test = path.split(['/', '.']).any(|part| ["tests", "testing"].contains(&part));
        if is_test || !path.ends_with(".rs") || !MAKERS.iter().any(|maker| path.starts_with(maker)) {
            continue;
        }
        let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (at, _) in shipped.match_indices("\"E_") {
            let literal = shipped[at + 1..].split('"').next().unwrap_or_default();
            if literal.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') {
                codes += 1;
                if !KINDS_OF_CODES.contains(&literal) && !list.contains(&format!("`{literal}`")) {
                    missing.push(format!("{path}: {literal}"));
                }
            }
        }
    }
    assert!(codes > 100, "the scan found {codes} codes");
    assert!(missing.is_empty(), "not in docs/errors.md: {missing:#?}");
}

/// The files of the repository: what git has, and in an unpacked release, which has no git directory, all there is.
fn kept() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    if !root.join(".git").exists() {
        walk(root, "", &mut files);
        return files;
    }
    let output = Command::new("git").arg("ls-files").current_dir(root).output().expect("git is installed");
    assert!(output.status.success(), "git ls-files failed");
    files.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
    files
}

fn walk(root: &Path, place: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(place)).expect("a directory").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if place.is_empty() { name.clone() } else { format!("{place}/{name}") };
        if entry.path().is_dir() {
            if !BUILT.contains(&name.as_str()) {
                walk(root, &path, files);
            }
        } else {
            files.push(path);
        }
    }
}

/// Those that are text, with it.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    kept().into_iter().filter_map(|path| fs::read_to_string(root.join(&path)).ok().map(|text| (path, text))).collect()
}
