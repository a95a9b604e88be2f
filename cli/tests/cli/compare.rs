//! `compare` on the command line, with engines of a few lines of shell. The one that counts is `skill/test/engine.ts`.

use serde_json::json;

use super::sim;

/// Reads whatever comes and says the same every time.
fn parrot(words: &str) -> String {
    format!("while read -r line; do echo '{words}'; done")
}

#[test]
fn an_engine_that_says_something_else_is_found_out() {
    let script = parrot(r#"{"commands":[{"Cancel":[1,"nobody"]}],"then":{"answer":"{}"}}"#);
    let ran = sim(&["compare", "--seeds", "3..5", "--json", "--", "sh", "-c", &script]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let document = ran.json();
    assert_eq!(document["runs"], 2);
    let first = &document["differences"][0];
    assert_eq!((&first["seed"], &first["place"]), (&json!(3), &json!("line 1")), "{first}");
    assert!(first["there"].as_str().is_some_and(|line| line.contains("> cancel 1 session=nobody")), "{first}");
}

#[test]
fn a_call_that_breaks_off_elsewhere_is_a_difference() {
    let script = parrot(r#"{"commands":[],"then":{"broken":"unreachable"}}"#);
    let ran = sim(&["compare", "--seeds", "0", "--", "sh", "-c", &script]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("seed 0: line 1") && ran.out.contains("1 run is not the same."), "{}", ran.out);
}

#[test]
fn a_program_that_is_none_exits_with_3() {
    let ran = sim(&["compare", "--json", "--", "no-such-engine-here"]);
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (3, &json!("E_ENGINE")));
}

#[test]
fn an_engine_has_to_be_named() {
    let ran = sim(&["compare"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}
