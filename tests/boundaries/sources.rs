//! The files of this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tokens::{Token, outside_tests, tokens};

/// A file with its text.
pub struct Source {
    /// Relative to the root of the checkout, with slashes.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// A file that need not exist.
    pub fn new(path: &str, text: String) -> Self {
        Self { path: path.to_owned(), text }
    }

    /// Whether the whole file is a test or serves tests.
    pub fn is_test(&self) -> bool {
        let names = ["tests", "test", "testing"];
        self.path.split(['/', '.']).any(|part| names.contains(&part))
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.has_extension(&["rs"])
    }

    /// The module at the top of `src/` that it belongs to. None: it is the map, or no part of the engine.
    pub fn stage(&self) -> Option<String> {
        let inside = self.path.strip_prefix("src/")?;
        let first = inside.split('/').next()?;
        let stage = first.strip_suffix(".rs").unwrap_or(first);
        (stage != "lib").then(|| stage.to_owned())
    }

    /// Whether `super` means the crate's root here.
    pub fn is_top_of_stage(&self) -> bool {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        !inside.contains('/') || (inside.ends_with("/mod.rs") && inside.matches('/').count() == 1)
    }

    /// The tokens, without comments and without what is compiled only for tests.
    pub fn tokens_outside_tests(&self) -> Vec<Token> {
        outside_tests(&tokens(&self.text))
    }

    fn has_extension(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| extensions.iter().any(|known| found == *known))
    }
}

/// Everything that people write in a programming language.
pub fn code_files() -> Vec<Source> {
    files(|source| source.has_extension(&["rs", "wit", "ts", "mts", "js", "mjs", "sh", "py"]))
}

/// The engine: what is under `src/`, without the files that only serve tests.
pub fn engine() -> Vec<Source> {
    files(|source| source.path.starts_with("src/") && source.is_rust() && !source.is_test())
}

/// Every file that is text, whatever its kind.
pub fn text_files() -> Vec<Source> {
    files(|_| true)
}

/// What git has. None: this is no checkout of git.
pub fn tracked() -> Option<Vec<String>> {
    if !root().join(".git").exists() {
        return None;
    }
    let output = Command::new("git").arg("ls-files").current_dir(root()).output().expect("git is installed");
    assert!(output.status.success(), "git ls-files failed");
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn files(wanted: impl Fn(&Source) -> bool) -> Vec<Source> {
    let mut found = Vec::new();
    walk(root(), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found.retain(|source| wanted(source));
    assert!(!found.is_empty(), "the scan found no file, so it checked nothing");
    found
}

fn walk(directory: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let path: PathBuf = entry.expect("a readable directory").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() || [".git", "target", "node_modules", "dist"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let relative = path.strip_prefix(root()).unwrap_or(&path);
            let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            found.push(Source::new(&parts.join("/"), text));
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
