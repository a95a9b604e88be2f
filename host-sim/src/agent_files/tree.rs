//! The files of a directory and of those in it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::kind;
use super::text::MAX_FILE_BYTES;

/// Directories that hold the work of tools.
const SKIPPED: [&str; 2] = [".git", "node_modules"];

/// How deep a directory is looked into.
const MAX_DEPTH: usize = 32;

/// Files of one directory that are looked at.
const MAX_FILES: usize = 100_000;

/// What was found in a directory.
#[derive(Debug, Default)]
pub struct Tree {
    /// Files that may hold an agent, by their path.
    pub files: Vec<PathBuf>,
    /// What could not be looked into, and why.
    pub unread: Vec<(PathBuf, String)>,
}

/// Finds the files in a directory, or the one that is given. Links are followed, a file that is reached twice counts once.
pub fn walk(root: &Path) -> Tree {
    let mut tree = Tree::default();
    let mut seen = BTreeSet::new();
    let wanted = |entry: &DirEntry| entry.depth() == 0 || !SKIPPED.iter().any(|name| entry.file_name() == *name);
    let walk = WalkDir::new(root).follow_links(true).max_depth(MAX_DEPTH).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(wanted) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                // A link that leads back to where one came from leads to nothing new.
                if error.loop_ancestor().is_none() {
                    let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    tree.unread.push((path, why));
                }
                continue;
            }
        };
        let path = entry.path();
        let is_wanted = kind::is_candidate(path) || kind::may_be_other(path) || entry.depth() == 0;
        // A pipe or a device would be waited for.
        if !entry.file_type().is_file() || !is_wanted {
            continue;
        }
        if tree.files.len() == MAX_FILES {
            tree.unread.push((root.to_owned(), format!("there are more than {MAX_FILES} files; the rest is left out")));
            break;
        }
        if seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())) {
            tree.files.push(path.to_owned());
        }
    }
    tree
}

/// The bytes of a file, and one more than may be used of one that is too large.
pub fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
