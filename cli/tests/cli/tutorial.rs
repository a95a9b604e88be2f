//! The tutorial, followed word for word: its files are written, its commands are run, and they print what it says.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use super::{command, ran};

/// A block between two lines of three backticks.
struct Block {
    /// The line of the page on which it begins, counted from 1.
    line: usize,
    /// What stands behind the backticks: the language, then `NAME=VALUE`.
    info: String,
    text: String,
}

impl Block {
    fn value(&self, name: &str) -> Option<&str> {
        self.info
            .split(' ')
            .filter_map(|word| word.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for (index, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if is_inside => is_inside = false,
            Some(info) => {
                is_inside = true;
                blocks.push(Block { line: index + 1, info: info.to_owned(), text: String::new() });
            }
            None if is_inside => blocks.last_mut().expect("a block").text += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(!is_inside, "a block without an end");
    blocks
}

/// The commands of a block, each with what it prints.
fn commands(block: &Block) -> Vec<(&str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in block.text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push((command, String::new())),
            None => commands.last_mut().expect("a command comes first").1 += &format!("{line}\n"),
        }
    }
    commands
}

/// Runs a line as a reader does, who sees both outputs. Its exit code and these.
fn run(line: &str, directory: &Path) -> (i32, String) {
    let own = command(&[]);
    let program = Path::new(own.get_program()).parent().expect("a directory");
    let path = format!("{}:{}", program.display(), env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-o", "pipefail", "-c", &format!("exec 2>&1\n{line}")]).current_dir(directory).env("PATH", path);
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let ran = ran(&mut shell, b"");
    (ran.code, ran.out)
}

/// Whether a text is what the page shows of it; a line of three dots stands for any lines.
fn is_shown(text: &str, shown: &str) -> bool {
    let lines: Vec<&str> = shown.lines().collect();
    let parts: Vec<String> =
        lines.split(|line| *line == "...").map(|part| part.iter().map(|line| format!("{line}\n")).collect()).collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    if parts.len() == 1 {
        return text == first;
    }
    let Some(mut rest) = text.strip_prefix(first.as_str()).and_then(|text| text.strip_suffix(last.as_str())) else {
        return false;
    };
    parts[1..parts.len() - 1].iter().all(|part| match rest.split_once(part.as_str()) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

#[test]
fn the_tutorial_works_word_for_word() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/tutorial.md")).expect("the tutorial");
    assert!(page.lines().count() < 250, "{} lines", page.lines().count());
    let place = tempfile::tempdir().expect("a directory");
    let (mut steps, mut shown) = (0, 0);
    for block in blocks(&page) {
        if let Some(name) = block.value("title") {
            assert!(page.contains(&format!("`{name}`:")), "{name} has its name above it");
            fs::write(place.path().join(name), &block.text).expect("a file");
            continue;
        }
        assert!(block.info.starts_with("console"), "line {}: neither a file nor commands", block.line);
        // Of several commands the last that needs it ends otherwise than with 0; the page says so.
        let expected: i32 = block.value("exit").map_or(0, |code| code.parse().expect("a number"));
        let mut codes = Vec::new();
        for (line, prints) in commands(&block) {
            let (code, text) = run(line, place.path());
            assert!(
                is_shown(&text, &prints),
                "line {}: {line}\nprints\n{text}\nand the page says\n{prints}",
                block.line
            );
            codes.push(code);
            steps += 1;
            shown += usize::from(!prints.is_empty());
        }
        assert!(codes.iter().all(|code| [0, expected].contains(code)), "line {}: exit codes {codes:?}", block.line);
        assert!(codes.contains(&expected), "line {}: exit codes {codes:?}", block.line);
    }
    assert!(steps >= 18 && shown >= 14, "{steps} commands, {shown} with their output");
    let made = fs::read_to_string(place.path().join("run.html")).expect("the page of the last step");
    assert!(made.starts_with("<!doctype html>"));
    assert_eq!(page.matches("\n## ").count(), 10, "ten steps");
}

#[test]
fn only_lines_of_dots_may_stand_for_others() {
    for (shown, is) in [
        ("a\nb\nc\n", true),
        ("a\n...\n", true),
        ("...\nc\n", true),
        ("a\n...\nc\n", true),
        ("...\nb\n...\n", true),
        ("a\nb\n", false),
        ("b\n...\n", false),
        ("...\nx\n...\n", false),
        ("a\n...\nb\n", false),
        ("", false),
    ] {
        assert_eq!(is_shown("a\nb\nc\n", shown), is, "{shown:?}");
    }
    assert!(is_shown("", "") && !is_shown("", "a\n"));
}
