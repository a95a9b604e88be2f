//! The commands of the documents, as they stand there, and what the documents say that they print.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Ran, command, ran};

/// Commands that need more than this machine has: a model server, or something that only they would make.
const ELSEWHERE: [&str; 7] = [
    "--backend openai",
    "cargo install",
    "cargo xtask wide",
    "review src/lib.rs  ",
    "agents doctor",
    "agents init",
    "resume JOURNAL",
];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A directory of one test that is empty but for the program, which is there by its name and runs the engine that is compiled
/// into it, because that starts at once.
fn place(name: &str) -> PathBuf {
    let place = PathBuf::from(super::path(name));
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(place.join("bin")).expect("a directory");
    let program = place.join("bin/parallel-agents");
    let text = format!("#!/bin/sh\nexec '{}' \"$@\" --engine native\n", env!("CARGO_BIN_EXE_parallel-agents"));
    fs::write(&program, text).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program that may be started");
    place
}

/// Runs a command line as bash does it.
fn bash(line: &str, place: &Path, directory: &Path) -> Ran {
    let path = format!("{}:{}", place.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    command.args(["-o", "pipefail", "-c", line]).current_dir(directory).env("PATH", path).env("HOME", place);
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
    ran(&mut command, b"")
}

/// Whether a text is what a document shows of it: its beginning, or with a line of three dots its beginning and its end.
fn is_shown(text: &str, shown: &str) -> bool {
    let Some((begin, end)) = shown.split_once("...\n") else { return text.starts_with(shown) };
    text.len() >= begin.len() + end.len() && text.starts_with(begin) && text.ends_with(end)
}

#[test]
fn the_examples_print_what_their_page_says() {
    let examples = root().join("skill/examples");
    let page = fs::read_to_string(examples.join("README.md")).expect("the page is there");
    let has_jq = Command::new("jq").arg("--version").output().is_ok();
    let place = place("examples");
    let mut count = 0;
    for block in page.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").expect("a block has an end");
        let (line, shown) = if block.contains(" |\n") {
            let (first, rest) = block.split_once(" |\n").expect("a pipe");
            let (second, shown) = rest.split_once('\n').expect("a line");
            (format!("{first} | {}", second.trim()), shown)
        } else {
            let (line, shown) = block.split_once('\n').expect("a line");
            (line.to_owned(), shown)
        };
        let line = line.strip_prefix("$ ").unwrap_or_else(|| panic!("no command: {block}"));
        count += 1;
        if line.contains("| jq") && !has_jq {
            let (line, _) = line.split_once(" | jq").expect("a pipe");
            assert_eq!(bash(line, &place, &examples).code, 0, "{line}");
            continue;
        }
        let ran = bash(line, &place, &examples);
        assert_eq!(ran.code, 0, "{line}\n{}", ran.err);
        assert!(is_shown(&ran.out, shown), "{line}\nprints\n{}\nand the page says\n{shown}", ran.out);
    }
    assert!(count >= 9, "{count} commands");
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the readme is there");
    let (_, shown) = readme.split_once("It prints, shortened:\n\n").expect("what it prints");
    let mut demo =
        command(&["review", "skill/examples/nightly-review.js", "--backend", "script", "--engine", "native"]);
    let ran = ran(demo.current_dir(root()), b"");
    let (mut rest, mut count) = (ran.out.as_str(), 0);
    for line in shown.lines().map_while(|line| line.strip_prefix("    ")).filter(|line| *line != "…") {
        let found = rest.split_once(&format!("{line}\n"));
        (_, rest) = found.unwrap_or_else(|| panic!("{line}\nis not printed, or in another place:\n{}", ran.out));
        count += 1;
    }
    assert!(ran.code == 0 && count > 8, "{count} lines\n{}", ran.err);
}

#[test]
fn the_commands_of_the_readme_work() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the readme is there");
    let (_, section) = readme.split_once("\n## You have an API key or a local model\n").expect("the section is there");
    let (section, _) = section.split_once("\n## Beside others\n").expect("it has an end");
    let place = place("readme");
    // The program itself, as `init` takes no engine.
    let mut init = Command::new(env!("CARGO_BIN_EXE_parallel-agents"));
    assert_eq!(ran(init.arg("init").current_dir(&place), b"").code, 0);
    let unfolded = section.replace("\\\n", " ");
    let lines = unfolded.lines().filter_map(|line| line.strip_prefix("    ")).map(str::trim);
    let mut count = 0;
    for line in lines.filter(|line| !ELSEWHERE.iter().any(|words| line.contains(words))) {
        let (line, _) = line.split_once(" #").unwrap_or((line, ""));
        let line = fewer_seeds(line.trim());
        let ran = bash(&line, &place, &place);
        assert_eq!(ran.code, 0, "{line}\n{}\n{}", ran.out, ran.err);
        count += 1;
    }
    assert_eq!(count, 9, "commands");
}

/// Exploring is shown with as many seeds as take minutes; whether the command works is seen with one.
fn fewer_seeds(line: &str) -> String {
    if !line.contains(" explore") {
        return line.to_owned();
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let kept: Vec<&str> = match words.iter().position(|word| *word == "--seeds") {
        Some(at) => [words.get(..at), words.get(at + 2..)].into_iter().flatten().flatten().copied().collect(),
        None => words,
    };
    format!("{} --seeds 3", kept.join(" "))
}
