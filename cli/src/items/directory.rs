//! Files of a directory: each is an item with its path, its name and its text.

use std::path::Path;

use globset::{Glob, GlobSet, GlobSetBuilder};
use parallel_agents_engine::task::MAX_TASKS;
use serde_json::{Value, json};
use walkdir::{DirEntry, WalkDir};

use crate::fault::Fault;
use crate::input;
use crate::outcome::Failure;

/// Bytes of one file: with what stands beside it, a task's input has room for no more.
const MAX_FILE_BYTES: usize = 120 * 1024;

/// The files that fit one of the patterns, in the order of their paths.
pub fn read(directory: &Path, patterns: &[String]) -> Result<Vec<Value>, Failure> {
    let wanted = patterns_of(patterns)?;
    let mut items = Vec::new();
    for entry in WalkDir::new(directory).sort_by_file_name().into_iter().filter_entry(is_shown) {
        let entry = entry.map_err(|error| Failure::file(directory, error.into()))?;
        let below = entry.path().strip_prefix(directory).unwrap_or(entry.path());
        // A link to a file is one.
        if !entry.path().is_file() || !wanted.as_ref().is_none_or(|wanted| wanted.is_match(below)) {
            continue;
        }
        if items.len() == MAX_TASKS {
            let message = format!("{} has more than {MAX_TASKS} such files", directory.display());
            let fault = Fault::new(directory.display(), message).limit(format!("1..={MAX_TASKS}"));
            return Err(Failure::file(directory, fault.hint("choose fewer with --pattern").into()));
        }
        let text = input::source(entry.path(), MAX_FILE_BYTES)?;
        let path = below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        items.push(json!({ "path": path, "name": entry.file_name().to_string_lossy(), "text": text }));
    }
    Ok(items)
}

/// Files and directories whose names begin with a dot are left out, but not the directory itself.
fn is_shown(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
}

/// None: every file is wanted.
fn patterns_of(patterns: &[String]) -> Result<Option<GlobSet>, Failure> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let bad = |pattern: &str, error: globset::Error| {
        let fault = Fault::new("--pattern", format!("{pattern} is no pattern: {error}")).got(pattern);
        Failure::Bad { code: "E_USAGE", error: fault.hint("such as '*.md' or '**/*.rs'").into() }
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| bad(pattern, error))?);
    }
    set.build().map(Some).map_err(|error| bad(&patterns.join(" "), error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_that_fit_are_items_in_the_order_of_their_paths() {
        let place = tempfile::tempdir().expect("a directory");
        for (path, text) in [("b.md", "B"), ("a/c.md", "C"), ("a/d.txt", "D"), (".git/e.md", "E"), (".f.md", "F")] {
            let path = place.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, text).expect("a file");
        }
        let paths = |patterns: &[&str]| -> Vec<String> {
            let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            let items = read(place.path(), &patterns).expect("items");
            items.iter().map(|item| item["path"].as_str().expect("a path").to_owned()).collect()
        };
        assert_eq!(paths(&["**/*.md"]), ["a/c.md", "b.md"]);
        assert_eq!(paths(&[]), ["a/c.md", "a/d.txt", "b.md"]);
        assert_eq!(paths(&["*.txt", "b*"]), ["a/d.txt", "b.md"]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(place.path().join("b.md"), place.path().join("link.md")).expect("a link");
            std::os::unix::fs::symlink(place.path(), place.path().join("loop")).expect("a link");
            assert_eq!(paths(&["**/*.md"]), ["a/c.md", "b.md", "link.md"]);
        }
        let item = read(place.path(), &["b.md".to_owned()]).expect("items").remove(0);
        assert_eq!(item, json!({"path": "b.md", "name": "b.md", "text": "B"}));
        assert!(read(place.path(), &["a{".to_owned()]).is_err());
        fs::write(place.path().join("x.md"), b"a\0b").expect("a file");
        assert!(read(place.path(), &["*.md".to_owned()]).is_err(), "it is no text");
    }
}
