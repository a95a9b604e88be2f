//! `agents`.

use std::fs;

use serde_json::json;

use super::{native, path, sim};

#[test]
fn the_list_has_one_line_per_agent_type() {
    let ran = sim(&["agents", "list"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let listed = sim(&["agents", "list", "--json"]).json()["agents"].as_array().map(Vec::len).expect("a list");
    assert_eq!(ran.out.lines().count(), listed + 1, "and a header");
    assert!(listed >= 20, "{listed}");
    assert!(ran.out.lines().any(|line| line.starts_with("code_reviewer ") && line.contains(" qa ")), "{}", ran.out);
}

#[test]
fn a_category_narrows_the_list_and_an_unknown_one_is_refused() {
    let ran = native(&["agents", "list", "--category", "qa"], "");
    assert!(ran.out.lines().skip(1).all(|line| line.contains(" qa ")), "{}", ran.out);
    assert!(ran.out.lines().count() > 3);
    let unknown = native(&["agents", "list", "--category", "qaa"], "");
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("E_CATEGORY_UNKNOWN"), "{}", unknown.err);
}

#[test]
fn one_agent_type_is_shown_in_full() {
    let ran = sim(&["agents", "show", "code_reviewer"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in ["no tools", "answers as json within 2 min 00 s", "WHAT IT IS TOLD", "WHAT IT EXPECTS", "\"findings\""]
    {
        assert!(ran.out.contains(words), "{words:?} is missing in\n{}", ran.out);
    }
    let unknown = native(&["agents", "show", "code_reviewr"], "");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("did you mean code_reviewer"), "{}", unknown.err);
}

/// A directory of its own for one test, with the given files and nothing else.
pub(super) fn directory(name: &str, files: &[(&str, &[u8])]) -> String {
    let directory = path(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap_or_else(|error| panic!("{directory}: {error}"));
    for (file, content) in files {
        fs::write(format!("{directory}/{file}"), content).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    directory
}

pub(super) fn definition(name: &str, description: &str) -> String {
    format!("---\nname: {name}\ndescription: {description}\ntools: none\n---\n\nYou weigh what you are given.\n")
}

#[test]
fn a_directory_of_definitions_extends_the_catalogue() {
    let (second, first) = (definition("weigher_b", "Weighs twice."), definition("weigher_a", "Weighs once."));
    let own = directory(
        "own-agents",
        &[("b.md", second.as_bytes()), ("a.md", first.as_bytes()), ("notes.txt", b"not a definition")],
    );
    let listed = native(&["agents", "list", "--json", "--category", "custom", "--agents", &own], "");
    let names = listed.json()["agents"]
        .as_array()
        .map(|agents| agents.iter().map(|agent| agent["name"].clone()).collect::<Vec<_>>());
    assert_eq!(names, Some(vec![json!("weigher_a"), json!("weigher_b")]), "{}", listed.err);

    let shown = sim(&["agents", "show", "weigher_b", "--agents", &own]);
    assert!(shown.code == 0 && shown.out.contains("Weighs twice."), "{} {}", shown.out, shown.err);

    let request = r#"{"tasks": [{"agent_type": "weigher_a", "task_description": "Weigh this."}]}"#;
    let ran = native(&["run", "-", "--json", "--agents", &own], request);
    assert_eq!((ran.code, &ran.json()["results"][0]["agent_type"]), (0, &json!("weigher_a")), "{}", ran.err);
    let without = native(&["run", "-"], request);
    assert!(without.code == 2 && without.err.contains("E_AGENT_UNKNOWN"), "{}", without.err);
}

#[test]
fn a_directory_that_cannot_be_used_exits_with_2_and_is_named() {
    let valid = definition("weigher", "Weighs.");
    let cases = [
        (path("no-such-agents"), "cannot read the directory"),
        (directory("empty-agents", &[("notes.txt", valid.as_bytes())]), "no file ends in .md"),
    ];
    let request = r#"{"tasks": [{"agent_type": "code_reviewer", "task_description": "Review this."}]}"#;
    for (own, words) in cases {
        for arguments in [&["run", "-"][..], &["agents", "list"], &["agents", "show", "code_reviewer"]] {
            let ran = native(&[arguments, &["--agents", &own]].concat(), request);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?} {own}");
            assert!(ran.err.contains(words), "{arguments:?} {own}: {}", ran.err);
        }
    }
}

#[test]
fn a_request_with_agents_takes_no_directory() {
    let own = directory("more-agents", &[("a.md", definition("weigher", "Weighs.").as_bytes())]);
    let ran = native(&["run", "-", "--json", "--agents", &own], r#"{"agents": [], "tasks": []}"#);
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &json!("E_AGENTS_TWICE")));
}

#[test]
fn a_terminal_obeys_nothing_that_a_document_holds() {
    let prompt = "You weigh \u{9b}31m what \u{202e}you are given.";
    let agent = json!({ "name": "odd_one", "description": "d", "category": "custom", "prompt": prompt,
        "output_schema": { "type": "object", "description": prompt } });
    let request = json!({ "agent_type": "odd_one", "agents": [agent] }).to_string();
    let shown = native(&["call", "describe_agent", "-"], &request);
    assert_eq!((shown.code, &shown.json()["prompt"]), (0, &json!(prompt)), "{}", shown.err);
    assert!(!shown.out.contains(['\u{9b}', '\u{202e}']) && shown.out.contains("\\u009b31m"), "{}", shown.out);
    let plain = native(&["call", "describe_agent", "-", "--json"], &request);
    assert_eq!(plain.json(), shown.json());
}
