//! `scenarios` on the command line.

use super::{file, native};

const FILE: &str = r#"
title = "An example"
complaint = "Nothing is ever shown."
[[request.tasks]]
agent_type = "content_writer_funny"
task_description = "Write."
input_data = { topic = "tides" }
[script]
version = 1
[without]
expect = [{ at = "/status", is = "completed" }]
[with]
expect = [{ at = "/status", is = "failed" }]
"#;

#[test]
fn the_list_has_names_and_complaints() {
    let listed = native(&["scenarios", "list"], "");
    assert_eq!(listed.code, 0, "{}", listed.err);
    assert!(listed.out.contains("hedging") && listed.out.contains("everybody waits"), "{}", listed.out);
    let list = native(&["scenarios", "list", "--json"], "").json();
    assert!(list["scenarios"].as_array().is_some_and(|list| list.len() >= 20), "{list}");
}

#[test]
fn a_table_tells_what_held_and_what_did_not() {
    let ran = native(&["scenarios", "run", "hedging"], "");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("without") && ran.out.contains("SESSIONS"), "{}", ran.out);
    let own = file("own-scenario.toml", FILE);
    let ran = native(&["scenarios", "run", &own], "");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("own-scenario with: /status is \"failed\", but there is completed"), "{}", ran.out);
    let document = native(&["scenarios", "run", &own, "--json"], "").json();
    assert_eq!(document["outcomes"][0]["expectations"][0]["holds"], true, "{document}");
    assert_eq!(document["outcomes"][1]["expectations"][0]["holds"], false, "{document}");
}

#[test]
fn what_is_no_scenario_is_named() {
    let ran = native(&["scenarios", "run", "nothing"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("scenarios list"), "{}", ran.err);
    let own = file("odd-scenario.toml", FILE.replace("title", "titel"));
    assert_eq!(native(&["scenarios", "run", &own], "").code, 2);
}
