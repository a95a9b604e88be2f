//! Directories of agent files: looked up for a request, listed, checked.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::agents::{definition, directory};
use super::{native, path};

/// A request with one task for each type.
fn request(types: &[&str]) -> String {
    let tasks: Vec<Value> =
        types.iter().map(|name| json!({ "agent_type": name, "task_description": "Weigh this." })).collect();
    json!({ "tasks": tasks }).to_string()
}

fn file(head: &str) -> String {
    format!("---\n{head}\n---\n\nYou weigh what you are given.\n")
}

/// Writes files into a directory of their own, making those in between.
fn tree(name: &str, files: &[(&str, String)]) -> String {
    let root = directory(name, &[]);
    for (file, content) in files {
        let place = Path::new(&root).join(file);
        fs::create_dir_all(place.parent().expect("a parent")).expect("a directory");
        fs::write(&place, content).expect("a file");
    }
    root
}

#[test]
fn a_bad_file_that_no_task_needs_fails_no_run() {
    let own = tree(
        "one-bad-file",
        &[
            ("a.md", definition("weigher_a", "Weighs.")),
            ("README.md", "# My agents\n".to_owned()),
            ("broken.md", file("name: broken\ntier: gold\ndescription: d")),
        ],
    );
    let ran = native(&["run", "-", "--json", "--progress", "off", "--agents", &own], request(&["weigher_a"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = ran.err.replace(&own, "DIR");
    let expected = "note: not used: DIR/broken.md:3: tier: got \"gold\", need one of economy, standard, premium\n\
        note: no definition: DIR/README.md\n";
    assert_eq!(told, expected);
}

#[test]
fn a_bad_file_that_a_task_needs_is_told_with_all_that_is_wrong() {
    let own = tree(
        "needed-bad-file",
        &[
            ("x/broken.md", file("name: broken\ntier: gold\ndescription: d\ntimeout_seconds: soon")),
            ("other.md", file("name: other\ndescription: d\noutput_format: xml")),
        ],
    );
    let ran = native(&["run", "-", "--json", "--agents", &own], request(&["broken", "other", "code_reviewer"]));
    assert_eq!(ran.code, 2);
    let document = ran.json();
    let told: Vec<_> = document["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|problem| (problem["path"].as_str().unwrap_or_default().replace(&own, "DIR"), problem["limit"].clone()))
        .collect();
    let expected = [
        ("DIR/x/broken.md:3".to_owned(), json!("one of economy, standard, premium")),
        ("DIR/x/broken.md:5".to_owned(), json!("integer, 1..=86400")),
        ("DIR/other.md:4".to_owned(), json!("one of json, markdown, code, text")),
    ];
    assert_eq!(told, expected, "{document:#}");
    assert_eq!(document["error"]["code"], "E_AGENT_FILE");
    assert!(ran.err.contains("tier: got \"gold\", need one of economy, standard, premium"), "{}", ran.err);
}

#[test]
fn only_what_a_request_names_is_sent_from_a_large_tree() {
    let files: Vec<(String, String)> = (0..60)
        .map(|n| {
            (format!("group-{}/deep/agent-{n}.md", n % 7), file(&format!("name: agent-{n}\ndescription: Number {n}.")))
        })
        .collect();
    let files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    let own = tree("large-tree", &files);
    let ran = native(&["run", "-", "--json", "--progress", "off", "--agents", &own], request(&["agent_7", "agent_41"]));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let listed = native(&["agents", "list", "--json", "--category", "custom", "--agents", &own], "").json();
    assert_eq!(listed["agents"].as_array().map(Vec::len), Some(60));
    // A judge is an agent of the request too.
    let judged = r#"{"tasks": [{"agent_type": "agent_3", "task_description": "x"}], "judge": {"agent": "agent_4", "threshold": 5}}"#;
    let refused = native(&["run", "-", "--json", "--agents", &own], judged).json();
    assert_eq!(refused["error"]["code"], "E_AGENT_TOOLS", "it was sent, and may not judge: {refused:#}");
}

#[test]
fn a_name_of_a_file_is_as_good_as_its_id() {
    let own = tree("named", &[("a.md", file("name: Tone Checker\ndescription: d\ncolor: blue"))]);
    for name in ["Tone Checker", "tone-checker", "tone_checker"] {
        let ran = native(&["run", "-", "--json", "--progress", "off", "--agents", &own], request(&[name]));
        assert_eq!(
            (ran.code, &ran.json()["results"][0]["agent_type"]),
            (0, &json!("tone_checker")),
            "{name}: {}",
            ran.err
        );
        assert!(ran.err.contains("a.md: not used: color"), "{}", ran.err);
    }
    let near = native(&["run", "-", "--json", "--agents", &own], request(&["tone_chekcer"]));
    assert_eq!(near.code, 2);
    assert!(near.err.contains("has no agent tone_chekcer; did you mean tone_checker?"), "{}", near.err);
    let shown = native(&["agents", "show", "Tone Checker", "--agents", &own], "");
    assert!(shown.code == 0 && shown.out.starts_with("tone_checker  Tone Checker  custom\n"), "{}", shown.out);
}

#[test]
fn files_of_one_name_are_told_and_used_only_if_they_agree() {
    let (one, two) = (file("name: a\ndescription: d"), file("name: a\ndescription: another"));
    let own = tree(
        "collisions",
        &[("x/a.md", one.clone()), ("y/a.md", one.clone()), ("z/b.md", file("name: b\ndescription: d"))],
    );
    let ran = native(&["run", "-", "--json", "--progress", "off", "--agents", &own], request(&["a"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("y/a.md is called a as well and says the same"), "{}", ran.err);
    let own = tree("differing", &[("x/a.md", one), ("y/a.md", two), ("z/b.md", file("name: b\ndescription: d"))]);
    let refused = native(&["run", "-", "--json", "--agents", &own], request(&["a"]));
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (2, &json!("E_AGENT_COLLISION")));
    assert!(refused.err.contains("x/a.md") && refused.err.contains("y/a.md"), "{}", refused.err);
    let other = native(&["run", "-", "--json", "--progress", "off", "--agents", &own], request(&["b"]));
    assert_eq!(other.code, 0, "{}", other.err);
}

#[test]
fn check_tells_what_each_file_is_taken_for() {
    let own = tree(
        "checked",
        &[
            ("plain.md", definition("plain", "Weighs.")),
            (
                "team/coloured.md",
                file("name: Coloured One\ndescription: d\nmodel: haiku\ntools: Read, Grep\ncolor: blue"),
            ),
            ("team/colon.md", file("name: colon\ndescription: Use it: always: here")),
            ("broken.md", file("name: broken\ntier: gold\ndescription: d")),
            ("README.md", "# Mine\n".to_owned()),
            ("codex.toml", "name = \"x\"\ndeveloper_instructions = \"You weigh.\"\n".to_owned()),
            ("package.json", "{\"name\": \"x\"}".to_owned()),
        ],
    );
    let ran = native(&["agents", "check", &own], "");
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    insta::assert_snapshot!("agents_check", ran.out.replace(&own, "DIR"));
    let document = native(&["agents", "check", &own, "--json"], "").json();
    let counts = json!({"files": 6, "taken": 3, "with_warnings": 2, "refused": 1, "passed_over": 2});
    assert_eq!(document["counts"], counts);
    let broken =
        document["files"].as_array().expect("files").iter().find(|file| file["file"] == "broken.md").expect("it");
    let problem = json!({"line": 3, "field": "tier", "message": "got \"gold\", need one of economy, standard, premium",
        "got": "\"gold\"", "limit": "one of economy, standard, premium", "hint": "leave it out for the usual value"});
    assert_eq!((&broken["result"], &broken["problems"]), (&json!("refused"), &json!([problem])));
    let fine = native(&["agents", "check", &format!("{own}/team")], "");
    assert_eq!(fine.code, 0, "{}", fine.out);
    let one = native(&["agents", "check", &format!("{own}/plain.md"), "--json"], "").json();
    assert_eq!(one["files"][0]["result"], "taken");
    assert_eq!(native(&["agents", "check", &path("no-such-agents")], "").code, 2);
}

#[test]
fn a_list_tells_what_it_left_out() {
    let own = tree(
        "listed",
        &[
            ("a.md", file("name: A One\ndescription: Weighs.\ncolor: blue")),
            ("code-reviewer.md", file("name: code-reviewer\ndescription: Mine.")),
            ("broken.md", file("name: broken\ntier: gold\ndescription: d")),
        ],
    );
    let ran = native(&["agents", "list", "--agents", &own, "--category", "custom"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let rows: Vec<&str> = ran.out.lines().skip(1).collect();
    assert!(
        rows.len() == 2 && rows[0].contains("A One: Weighs.") && rows[1].starts_with("code_reviewer "),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("broken.md:3: tier") && ran.err.contains("a.md: not used: color"), "{}", ran.err);
    let all = native(&["agents", "list", "--agents", &own, "--json"], "").json();
    let mine = all["agents"].as_array().expect("agents").iter().filter(|agent| agent["name"] == "code_reviewer");
    assert_eq!(mine.map(|agent| agent["description"].clone()).collect::<Vec<_>>(), [json!("Mine.")]);
    let unknown = native(&["agents", "list", "--agents", &own, "--category", "none-such"], "");
    assert!(unknown.code == 2 && unknown.err.contains("E_CATEGORY_UNKNOWN"), "{}", unknown.err);
}

#[test]
fn a_planner_is_offered_a_directory_that_is_small_enough() {
    let goal = r#"{"goal": "Weigh everything."}"#;
    let small = tree("offered", &[("a.md", definition("weigher", "Weighs."))]);
    let ran = native(&["call", "orchestrate", "-", "--agents", &small], goal);
    assert!(ran.code < 2 && !ran.err.contains("note"), "{} {}", ran.code, ran.err);
    let files: Vec<(String, String)> =
        (0..21).map(|n| (format!("a{n}.md"), definition(&format!("weigher_{n}"), "Weighs."))).collect();
    let files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    let ran = native(&["call", "orchestrate", "-", "--agents", &tree("offered-many", &files)], goal);
    assert!(ran.code < 2 && ran.err.contains("21 types are more than the 20"), "{} {}", ran.code, ran.err);
}
