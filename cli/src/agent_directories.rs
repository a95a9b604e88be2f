//! Agent files in a directory of this machine, as the command line reads them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use agent_files::{Given, INDEX, Library, MAX_FILE_BYTES, is_candidate, may_be_other};
use walkdir::{DirEntry, WalkDir};

/// Directories that hold the work of tools.
const SKIPPED: [&str; 2] = [".git", "node_modules"];

/// How deep a directory is looked into.
const MAX_DEPTH: usize = 32;

/// Files of one directory that are looked at.
const MAX_FILES: usize = 100_000;

/// Why a directory holds no definitions at all.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// It is not there, or may not be read.
    #[error("cannot read the directory {}", path.display())]
    Unreadable {
        /// As it was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No file of it may hold one.
    #[error("there are no agent definitions in {}: no file ends in .md", path.display())]
    Empty {
        /// As it was named.
        path: PathBuf,
    },
}

/// Reads a directory with all that is in it, or one file.
///
/// # Errors
/// If it cannot be read, or no file of it could hold a definition.
pub fn read(root: &Path) -> Result<Library, LibraryError> {
    fs::metadata(root)
        .and_then(|metadata| if metadata.is_dir() { fs::read_dir(root).map(|_| ()) } else { Ok(()) })
        .map_err(|source| LibraryError::Unreadable { path: root.to_owned(), source })?;
    let found = walk(root);
    if !found.files.iter().any(|path| is_candidate(path)) && found.unread.is_empty() {
        return Err(LibraryError::Empty { path: root.to_owned() });
    }
    let files = found.files.into_iter().map(|path| {
        let content = bytes(&path).map_err(|error| error.to_string());
        Given { path, content }
    });
    let unread = found.unread.into_iter().map(|(path, why)| Given { path, content: Err(why) });
    Ok(Library::of(files.chain(unread), |folder| fs::read_to_string(folder.join(INDEX)).ok()))
}

/// What was found in a directory.
#[derive(Debug, Default)]
struct Tree {
    /// Files that may hold an agent, by their path.
    files: Vec<PathBuf>,
    /// What could not be looked into, and why.
    unread: Vec<(PathBuf, String)>,
}

/// Finds the files in a directory, or the one that is given. Links are followed, a file that is reached twice counts once.
fn walk(root: &Path) -> Tree {
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
        let is_wanted = is_candidate(path) || may_be_other(path) || entry.depth() == 0;
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
fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use agent_files::{Found, Reading};

    use super::*;

    #[test]
    fn five_thousand_files_links_in_a_circle_and_what_is_no_text_are_no_trouble() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        for n in 0..5000 {
            let folder = root.join(format!("g{}", n / 250));
            fs::create_dir_all(&folder).expect("a directory");
            fs::write(
                folder.join(format!("agent-{n}.md")),
                format!("---\nname: agent-{n}\ndescription: d\n---\n\nYou weigh what you are given.\n"),
            )
            .expect("a file");
        }
        fs::write(root.join("binary.md"), b"\x7fELF\0\0").expect("a file");
        fs::write(root.join("latin.md"), b"---\nname: caf\xe9\ndescription: d\n---\nx").expect("a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(root, root.join("g1/back")).expect("a link");
            symlink("/no/such/file.md", root.join("dangling.md")).expect("a link");
            symlink(root.join("g0"), root.join("twice")).expect("a link");
        }
        let library = read(root).expect("a library");
        let taken = library.files().iter().filter(|file| matches!(file.reading, Reading::Taken(_))).count();
        assert_eq!(taken, 5000);
        assert!(matches!(library.find("agent-4321"), Found::Agent(..)));
        assert!(matches!(library.find("latin"), Found::Unusable(_)), "it is named by its file");
        let refused = library.files().iter().filter(|file| matches!(file.reading, Reading::Refused { .. })).count();
        assert_eq!(refused, if cfg!(unix) { 2 } else { 1 });
    }
}
