use std::collections::BTreeSet;
use std::path::Path;

use futures::executor::block_on;

use gateway_sim::engine::Native;

use super::*;

const EXAMPLE: &str = r#"
title = "An example"
complaint = "Nothing is ever shown."

[[request.tasks]]
repeat = 3
agent_type = "content_writer_funny"
task_id = "part-{n}"
task_description = "Write part {n}."
input_data = { topic = "tides" }

[script]
version = 1

[without]
set = { max_concurrent = 1 }
expect = [
  { at = "/status", is = "completed" },
  { at = "/peak_in_flight", is = 1 },
  { at = "/results", count_of = "/status=completed", is = 3 },
]

[with]
set = { max_concurrent = 3 }
task = { "part-2" = { model = "sim/standard" } }
expect = [
  { at = "/host/peak_live", at_least = 2, at_most = 3 },
  { at = "/host/orphans", is_not = 0 },
  { at = "/nothing", exists = false },
  { at = "/results/1/metadata/model_requested", contains = "standard" },
]
"#;

fn example() -> Scenario {
    Scenario::read("example", EXAMPLE).expect("valid")
}

#[test]
fn a_request_is_made_of_the_common_part_and_the_variant() {
    let request = example().file.request(Variant::With);
    assert_eq!(request["max_concurrent"], 3);
    assert_eq!(request["tasks"].as_array().map(Vec::len), Some(3));
    assert_eq!(request["tasks"][1]["task_id"], "part-2");
    assert_eq!((&request["tasks"][1]["model"], &request["tasks"][0]["model"]), (&"sim/standard".into(), &().into()));
}

#[test]
fn what_holds_and_what_does_not_is_told_apart() {
    let without = block_on(example().run(Variant::Without, &Native));
    assert_eq!(without.broken(), Vec::<&str>::new());
    assert_eq!(without.held(), 4, "three of the file, and the invariants");
    let with = block_on(example().run(Variant::With, &Native));
    assert_eq!(with.broken(), ["/host/orphans is not 0, but there is 0"]);
}

#[test]
fn mistakes_in_a_file_are_named() {
    for (from, to, words) in [
        ("title =", "name =", "name"),
        ("at = \"/status\", is", "at = \"/status\", equals", "equals"),
        ("version = 1", "version = 2", "/version"),
    ] {
        let error = Scenario::read("x", &EXAMPLE.replacen(from, to, 1)).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn the_list_is_the_directory() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files: BTreeSet<String> = std::fs::read_dir(directory)
        .expect("a directory")
        .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    let listed: Vec<String> = BUNDLED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed, files.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_file_expects_something_of_both_variants() {
    for scenario in Scenario::bundled().expect("all are valid") {
        for variant in Variant::BOTH {
            let expected = &scenario.file.variant(variant).expect;
            assert!(!expected.is_empty(), "{} {}", scenario.name, variant.name());
            assert!(expected.iter().all(|one| !one.is_empty()), "{} {}", scenario.name, variant.name());
        }
        assert!(scenario.complaint.ends_with('.') && scenario.title.len() > 5, "{}", scenario.name);
    }
}
