//! The rules: each looks at one file and returns what it found.

use crate::sources::Source;
use crate::tokens::{Kind, Token};

/// One place that breaks a rule.
#[derive(Debug)]
pub struct Finding {
    path: String,
    /// Counted from 1.
    pub line: usize,
    what: String,
}

impl Finding {
    /// A finding in a line of a file.
    pub fn new(file: &Source, line: usize, what: String) -> Self {
        Self { path: file.path.clone(), line, what }
    }
}

/// Fails with all findings, one a line.
pub fn report(findings: &[Finding]) {
    let lines: Vec<_> =
        findings.iter().map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.what)).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

/// Imports of stages that stand to the right of the file's own, and of names that the table does not know.
pub fn imports(file: &Source, stages: &[&str], exceptions: &[(&str, &str, &str)]) -> Vec<Finding> {
    let Some(own) = file.stage() else {
        return Vec::new();
    };
    let position = |stage: &str| stages.iter().position(|known| *known == stage);
    let Some(own_position) = position(&own) else {
        return vec![Finding::new(file, 1, format!("the stage `{own}` is not in the table STAGES"))];
    };
    let tokens = file.tokens_outside_tests();
    let mut names = second_segments(&tokens, "crate");
    if file.is_top_of_stage() {
        names.extend(second_segments(&tokens, "super"));
    }
    let mut findings = Vec::new();
    for (line, name) in names {
        // Constants and macros of the map itself.
        let is_module = name.starts_with(|first: char| first.is_ascii_lowercase());
        if !is_module || exceptions.iter().any(|(who, what, _)| *who == own && *what == name) {
            continue;
        }
        match position(&name) {
            None if own_position + 1 == stages.len() => {}
            None => {
                let what = "is no stage; what lib.rs itself defines is for the outermost stage and for other crates";
                findings.push(Finding::new(file, line, format!("`{name}` {what}")));
            }
            Some(other) if other > own_position => {
                findings.push(Finding::new(file, line, format!("`{own}` imports `{name}`, which comes after it")));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Names and paths that the engine must not use outside its tests.
pub fn banned(file: &Source, bans: &[(&[&str], &str)]) -> Vec<Finding> {
    let tokens = file.tokens_outside_tests();
    let of_std = second_segments(&tokens, "std");
    let words = tokens.iter().filter_map(|token| match &token.kind {
        Kind::Word(word) => Some((token.line, word.clone())),
        _ => None,
    });
    let used: Vec<_> = words.chain(of_std.into_iter().map(|(line, name)| (line, format!("std::{name}")))).collect();
    let mut findings = Vec::new();
    for (names, reason) in bans {
        for (line, name) in used.iter().filter(|(_, name)| names.contains(&name.as_str())) {
            findings.push(Finding::new(file, *line, format!("{name}: {reason}")));
        }
    }
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// Literals that speak to a model.
pub fn prompts(file: &Source) -> Vec<Finding> {
    const START: &str = "You are ";
    let what = || "this reads like a prompt: put it under prompts/".to_owned();
    if file.is_rust() {
        let tokens = file.tokens_outside_tests();
        let literals = tokens.iter().filter(|token| matches!(&token.kind, Kind::Text(text) if text.contains(START)));
        return literals.map(|token| Finding::new(file, token.line, what())).collect();
    }
    let comment = |line: &str| ["//", "*", "/*", "#"].iter().any(|mark| line.trim_start().starts_with(mark));
    let lines = file.text.lines().enumerate().filter(|(_, line)| line.contains(START) && !comment(line));
    lines.map(|(index, _)| Finding::new(file, index + 1, what())).collect()
}

/// Error codes that a text does not list. Families are beginnings of codes.
pub fn codes(file: &Source, list: &str, families: &[&str]) -> Vec<Finding> {
    let is_code = |text: &str| {
        text.strip_prefix("E_").is_some_and(|name| {
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
        })
    };
    let is_known = |text: &str| families.contains(&text) || list.contains(&format!("`{text}`"));
    let tokens = file.tokens_outside_tests();
    let codes = tokens.iter().filter_map(|token| match &token.kind {
        Kind::Text(text) if is_code(text) && !is_known(text) => Some((token.line, text)),
        _ => None,
    });
    codes.map(|(line, code)| Finding::new(file, line, format!("{code} is not in the list of error codes"))).collect()
}

/// Absolute paths of somebody's home or work directory.
pub fn machine_paths(file: &Source) -> Vec<Finding> {
    // In two pieces, so that this file passes its own rule.
    let roots = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for root in roots {
            // Preceded by a letter it is a part of an address or of a relative path.
            let starts_there =
                |at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-~".contains(before));
            if line.match_indices(root).any(|(at, _)| starts_there(at)) {
                findings.push(Finding::new(file, index + 1, format!("{root}… is a path of one machine")));
            }
        }
    }
    findings
}

/// Whether a path looks like something that a build makes.
pub fn is_built(path: &str) -> bool {
    path.ends_with(".wasm") || path.split('/').any(|part| ["dist", "target", "node_modules"].contains(&part))
}

/// The names after `root::`, from plain paths and from groups in braces, with their lines.
fn second_segments(tokens: &[Token], root: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let is_path = tokens[at].is_word(root)
            && tokens.get(at + 1).is_some_and(|token| token.is_sign(':'))
            && tokens.get(at + 2).is_some_and(|token| token.is_sign(':'))
            // `self::crate` does not exist, but `parallel_agents::std` might.
            && !(at > 0 && tokens[at - 1].is_sign(':'));
        if !is_path {
            continue;
        }
        match tokens.get(at + 3) {
            Some(Token { line, kind: Kind::Word(name) }) => found.push((*line, name.clone())),
            Some(open) if open.is_sign('{') => group(&tokens[at + 4..], &mut found),
            _ => {}
        }
    }
    found
}

/// The first name of each entry of a group whose brace has just been opened.
fn group(tokens: &[Token], found: &mut Vec<(usize, String)>) {
    let (mut depth, mut at_start) = (1, true);
    for token in tokens {
        match &token.kind {
            Kind::Sign('{') => depth += 1,
            Kind::Sign('}') => depth -= 1,
            Kind::Sign(',') if depth == 1 => {
                at_start = true;
                continue;
            }
            Kind::Word(name) if at_start && depth == 1 => found.push((token.line, name.clone())),
            _ => {}
        }
        at_start = false;
        if depth == 0 {
            return;
        }
    }
}
