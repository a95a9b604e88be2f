//! `registry`.

use std::fs;

use serde_json::{Value, json};

use super::{Ran, file, native, path, sim_with};

/// A reply with a registry of two agent types, and the registry.
fn made() -> (String, Value) {
    let request = r#"{"new_agents": [{"name": "log_reader", "purpose": "Read logs"},
        {"name": "note_sorter", "purpose": "Sort notes", "domain": "office"}]}"#;
    let ran = native(&["call", "create_agents", "-", "--json"], request);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let registry = ran.json()["registry"].clone();
    assert_eq!(registry.as_array().map(Vec::len), Some(2));
    (ran.out, registry)
}

fn fresh(name: &str) -> String {
    let directory = path(name);
    let _ = fs::remove_dir_all(&directory);
    directory
}

fn export(registry: &str, directory: &str) -> Ran {
    native(&["registry", "export", "-", directory, "--json"], registry)
}

fn outcomes(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()["agents"].as_array().expect("a list").iter().map(|agent| agent["outcome"].clone()).collect()
}

fn import(directory: &str) -> Value {
    let ran = native(&["registry", "import", directory], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()
}

#[test]
fn a_registry_goes_into_files_and_comes_back_to_the_byte() {
    let (reply, registry) = made();
    let directory = fresh("registry-round-trip");
    let ran = sim_with(&["registry", "export", "-", &directory], reply.as_bytes());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("log_reader") && ran.out.contains("log_reader.md") && ran.out.contains("written"));
    let mut files: Vec<String> = fs::read_dir(&directory)
        .expect("the directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, ["log_reader.md", "note_sorter.md", "registry.json"]);
    assert_eq!(import(&directory).to_string(), registry.to_string());

    // The registry alone is taken as well, and says the same.
    let again = fresh("registry-round-trip-again");
    assert_eq!(outcomes(&export(&registry.to_string(), &again)), ["written", "written"]);
    for name in files {
        let read = |directory: &str| fs::read(format!("{directory}/{name}")).expect("a file");
        assert_eq!(read(&directory), read(&again), "{name}");
    }
    assert_eq!(outcomes(&export(&registry.to_string(), &again)), ["unchanged", "unchanged"]);
}

#[test]
fn exported_agents_can_be_run() {
    let (reply, _) = made();
    let directory = fresh("registry-run");
    export(&reply, &directory);
    let request =
        r#"{"tasks": [{"agent_type": "log_reader", "task_description": "Read.", "input_data": {"material": "x"}}]}"#;
    let ran = native(&["run", "-", "--json", "--agents", &directory], request);
    assert_eq!((ran.code, &ran.json()["results"][0]["status"]), (0, &json!("completed")), "{}", ran.err);
    let shown = native(&["agents", "show", "note_sorter", "--agents", &directory], "");
    assert!(shown.code == 0 && shown.out.contains("Sort notes"), "{} {}", shown.out, shown.err);
}

#[test]
fn line_ends_of_windows_change_no_definition() {
    let (reply, registry) = made();
    let directory = fresh("registry-windows");
    export(&reply, &directory);
    for name in ["log_reader.md", "note_sorter.md"] {
        let path = format!("{directory}/{name}");
        let text = fs::read_to_string(&path).expect("a file");
        fs::write(&path, text.replace('\n', "\r\n")).expect("a file");
    }
    assert_eq!(import(&directory), registry);
}

/// The registry with another version of its first agent type, which has a score.
fn other_version(registry: &Value, score: f64) -> String {
    let mut definition = registry[0]["definition"].clone();
    definition["prompt"] = json!(format!("Another prompt, worth {score}."));
    let asked = native(&["call", "definition_file", "-", "--json"], json!({ "definition": definition }).to_string());
    let mut changed = registry.clone();
    changed[0]["definition"] = definition;
    changed[0]["hash"] = asked.json()["hash"].clone();
    changed[0]["score"] = json!(score);
    changed[0]["version"] = json!(2);
    changed.to_string()
}

#[test]
fn a_better_version_is_never_replaced() {
    let (_, registry) = made();
    let directory = fresh("registry-better");
    export(&registry.to_string(), &directory);
    assert_eq!(outcomes(&export(&other_version(&registry, 1.5), &directory)), ["kept_better", "unchanged"]);
    assert_eq!(import(&directory), registry);
    let better = other_version(&registry, 9.9);
    assert_eq!(outcomes(&export(&better, &directory)), ["replaced", "unchanged"]);
    assert_eq!(import(&directory).to_string(), better);
    assert_eq!(outcomes(&export(&registry.to_string(), &directory)), ["kept_better", "unchanged"]);
    // What is in the directory and not in the registry stays.
    let second = json!([registry[1]]).to_string();
    assert_eq!(outcomes(&export(&second, &directory)), ["unchanged"]);
    assert_eq!(import(&directory).as_array().map(Vec::len), Some(2));
}

#[test]
fn what_does_not_fit_its_hash_is_refused_and_nothing_is_written() {
    let (_, registry) = made();
    let directory = fresh("registry-damaged");
    let mut damaged = registry.clone();
    damaged[1]["definition"]["prompt"] = json!("Something else.");
    let ran = export(&damaged.to_string(), &directory);
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &json!("E_REGISTRY")));
    assert!(!fs::exists(&directory).expect("it can be looked up"), "not even the first of the two");

    export(&registry.to_string(), &directory);
    let edited = format!("{directory}/log_reader.md");
    let text = fs::read_to_string(&edited).expect("a file");
    fs::write(&edited, text.replace("Read logs", "Write logs")).expect("it can be written");
    for arguments in [&["registry", "import", &directory][..], &["registry", "export", "-", &directory]] {
        let ran = native(&[arguments, &["--json"]].concat(), registry.to_string());
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &json!("E_REGISTRY")), "{arguments:?}");
        assert!(ran.out.contains("log_reader.md"), "{}", ran.out);
    }
}

#[test]
fn files_that_are_not_ours_are_left_alone() {
    let (_, registry) = made();
    let directory = fresh("registry-foreign");
    fs::create_dir_all(&directory).expect("it can be made");
    let own = format!("{directory}/note_sorter.md");
    fs::write(&own, "mine").expect("it can be written");
    let ran = export(&registry.to_string(), &directory);
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &json!("E_FILE")));
    assert!(fs::read_to_string(&own).is_ok_and(|text| text == "mine"));
    assert!(!fs::exists(format!("{directory}/log_reader.md")).expect("it can be looked up"));

    let index = r#"{"agents": [{"name": "../x", "version": 1, "hash": "", "score": 1, "file": "../x.md"}]}"#;
    fs::write(format!("{directory}/registry.json"), index).expect("it can be written");
    assert_eq!(native(&["registry", "import", &directory], "").code, 2, "no path leads out of the directory");
    let none = native(&["registry", "import", &path("no-such-registry")], "");
    assert!(none.code == 2 && none.err.contains("registry.json"), "{}", none.err);
    let list = file("no-registry.json", "{}");
    assert_eq!(native(&["registry", "export", &list, &directory], "").code, 2);
}
