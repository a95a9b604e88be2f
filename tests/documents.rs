//! Documents for people: what they link to is there, and what they say a reader may see is what the programs say.

#![expect(clippy::disallowed_methods, reason = "documents and sources are files")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where messages are made.
const SOURCES: [&str; 9] =
    ["engine/src", "workflows/src", "src", "agent-files/src", "cli", "host-sim", "skill/src", "xtask/src", "tests"];

/// A piece of a message that is shorter than this proves nothing.
const WORTH_LOOKING_FOR: usize = 8;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a directory with one of these endings.
fn files(directory: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "dist"].contains(&name.as_str()) && !name.starts_with('.') {
                files(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let mut documents = Vec::new();
    files(root(), &[".md"], &mut documents);
    let mut links = 0;
    let mut lost = Vec::new();
    for document in documents {
        // What is no text for people, such as the corpora of fuzzing, may be anything.
        let Ok(text) = fs::read_to_string(&document) else { continue };
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.contains(['.', '/']) || file.contains("://") || file.contains(char::is_whitespace) {
                continue;
            }
            links += 1;
            if !document.parent().expect("a directory").join(file).exists() {
                lost.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(links > 60, "{links} links");
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn the_index_has_every_document() {
    let index = fs::read_to_string(root().join("docs/README.md")).expect("the index");
    let mut documents = Vec::new();
    files(&root().join("docs"), &[".md"], &mut documents);
    let names = documents.iter().filter_map(|path| path.file_name()?.to_str()).filter(|name| *name != "README.md");
    let missing: Vec<&str> = names.filter(|name| !index.contains(&format!("]({name})"))).collect();
    assert!(documents.len() > 8 && missing.is_empty(), "{missing:?}");
}

/// The first column of the tables: codes are explained elsewhere too, and messages stand in a source.
#[test]
fn what_goes_wrong_is_what_the_programs_say() {
    let codes = fs::read_to_string(root().join("docs/errors.md")).expect("the codes");
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).expect("the page");
    let mut sources = Vec::new();
    SOURCES.iter().for_each(|place| files(&root().join(place), &[".rs", ".ts"], &mut sources));
    sources.retain(|path| !path.ends_with("tests/documents.rs"));
    // A long message is written in several lines.
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default().replace("\\\n", "");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let sources: Vec<String> = sources.iter().map(|path| words(&read(path))).collect();
    let (mut found, mut wrong) = (0, Vec::new());
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    for seen in rows.filter_map(|row| row.split(" | ").next()) {
        for quoted in seen.split('`').skip(1).step_by(2) {
            found += 1;
            if quoted.starts_with("E_") {
                if !codes.contains(&format!("`{quoted}`")) {
                    wrong.push(quoted);
                }
                continue;
            }
            let parts = quoted.split('…').map(str::trim).filter(|part| part.len() >= WORTH_LOOKING_FOR);
            if parts.into_iter().any(|part| !sources.iter().any(|source| source.contains(part))) {
                wrong.push(quoted);
            }
        }
    }
    assert!(found > 60, "{found} codes and messages");
    assert!(wrong.is_empty(), "nothing says: {wrong:#?}");
}
