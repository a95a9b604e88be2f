//! The program alone: copied into an empty folder, for a user who has nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use host_sim::component::COMPONENT_VARIABLE;
use tempfile::TempDir;

use super::{Ran, command, ran};

/// A folder with nothing but the program, outside of every build directory.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a directory");
    let program = folder.path().join("parallel-agents");
    place(env!("CARGO_BIN_EXE_parallel-agents"), &program);
    (folder, program)
}

/// Nothing is written where that can be avoided: a program that another test's new process still holds open does not start.
fn place(program: &str, at: &Path) {
    fs::hard_link(program, at).or_else(|_| fs::copy(program, at).map(drop)).expect("a copy");
}

/// Runs the copy, whose user has an empty home and no variables that would lead anywhere else.
fn alone(folder: &Path, program: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("HOME", folder);
    for name in [COMPONENT_VARIABLE, "XDG_CACHE_HOME", "XDG_STATE_HOME", "PARALLEL_AGENTS_NO_CACHE"] {
        command.env_remove(name);
    }
    ran(&mut command, b"")
}

/// The files below a directory with their times, and none if it is not there.
fn files(directory: &Path) -> Vec<(PathBuf, std::time::SystemTime)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .flat_map(|entry| match entry.metadata() {
            Ok(about) if about.is_file() => vec![(entry.path(), about.modified().expect("a time"))],
            _ => files(&entry.path()),
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_program_alone_runs_and_keeps_its_machine_code() {
    let (folder, program) = folder();
    let cache = folder.path().join(".cache/parallel-agents/code");
    let first = alone(folder.path(), &program, &["agents", "list", "--json"]);
    assert_eq!((first.code, first.err.as_str()), (0, ""));
    let code = |(path, _): &(PathBuf, _)| fs::metadata(path).is_ok_and(|about| about.len() > 100_000);
    let kept: Vec<_> = files(&cache).into_iter().filter(code).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let second = alone(folder.path(), &program, &["agents", "list", "--json"]);
    assert_eq!((second.code, second.err.as_str(), second.out == first.out), (0, "", true));
    let still: Vec<_> = files(&cache).into_iter().filter(code).collect();
    assert_eq!(still, kept, "the machine code was found, and not written again");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&cache).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "what is executed is its owner's alone: {mode:o}");
    }
    // A file that was damaged is compiled again.
    let (path, _) = kept.first().expect("one file");
    fs::write(path, "no machine code").expect("a file");
    let third = alone(folder.path(), &program, &["agents", "list", "--json"]);
    assert_eq!((third.code, third.out == first.out), (0, true), "{}", third.err);
}

#[test]
fn a_cache_that_cannot_be_written_is_a_warning_and_no_failure() {
    let run = |arguments: &[&str]| {
        let mut command = command(&[&["call", "versions"], arguments].concat());
        ran(command.env("XDG_CACHE_HOME", "/dev/null/nowhere"), b"")
    };
    let warned = run(&[]);
    assert_eq!(warned.code, 0, "{}", warned.err);
    assert!(warned.err.starts_with("warning: machine code cannot be kept in /dev/null/nowhere"), "{}", warned.err);
    assert_eq!(warned.err.lines().count(), 1, "{}", warned.err);
    let off = run(&["--no-cache"]);
    assert_eq!((off.code, off.err.as_str(), off.out == warned.out), (0, "", true));
    let mut by_variable = command(&["call", "versions"]);
    by_variable.env("XDG_CACHE_HOME", "/dev/null/nowhere").env("PARALLEL_AGENTS_NO_CACHE", "1");
    let by_variable = ran(&mut by_variable, b"");
    assert_eq!((by_variable.code, by_variable.err.as_str()), (0, ""));
}

#[test]
fn the_name_of_before_still_starts_the_program() {
    let mut old = Command::new(env!("CARGO_BIN_EXE_parallel-agents-sim"));
    let version = ran(old.arg("--version"), b"");
    assert_eq!((version.code, version.out.starts_with("parallel-agents 0.")), (0, true), "{}", version.err);
    let (folder, _) = folder();
    let lonely = folder.path().join("elsewhere");
    place(env!("CARGO_BIN_EXE_parallel-agents-sim"), &lonely);
    fs::remove_file(folder.path().join("parallel-agents")).expect("it was there");
    let lost = ran(Command::new(&lonely).arg("--version"), b"");
    assert!(lost.code == 3 && lost.err.contains("parallel-agents now"), "{}", lost.err);
}
