//! Help, usage, and the component that is not there.

use host_sim::component::COMPONENT_VARIABLE;

use super::{command, path, ran, sim, sim_with};
use crate::requests_of::many;

#[test]
fn help_names_its_topics_and_every_command_has_examples() {
    let help = sim(&["--help"]);
    assert_eq!((help.code, sim(&["help"]).out == help.out), (0, true));
    for words in ["\n  run ", "\n  review ", "\n  dev ", "exit-codes", "completions SHELL"] {
        assert!(help.out.contains(words), "{words:?} is missing in\n{}", help.out);
    }
    for command in [
        &["run"][..],
        &["map"],
        &["call"],
        &["agents", "list"],
        &["agents", "show"],
        &["registry", "export"],
        &["registry", "import"],
        &["review"],
        &["explain"],
        &["init"],
        &["doctor"],
        &["resume"],
        &["agents", "check"],
        &["dev", "explore"],
        &["dev", "compare"],
        &["dev", "scenarios", "list"],
        &["dev", "scenarios", "run"],
        &["dev", "serve-model"],
        &["dev", "what-if"],
        &["dev", "replay"],
        &["explore"],
    ] {
        let help = sim(&[command, &["--help"]].concat());
        assert_eq!(help.code, 0, "{command:?}");
        assert!(help.out.contains("Example"), "{command:?}:\n{}", help.out);
        assert!(help.out.lines().all(|line| line.chars().count() <= 100), "{}", help.out);
    }
}

#[test]
fn commands_that_take_agents_of_ones_own_say_so() {
    for command in [&["run"][..], &["agents", "list"], &["agents", "show"]] {
        let help = sim(&[command, &["--help"]].concat());
        assert!(help.out.contains("--agents <DIR>"), "{command:?}:\n{}", help.out);
    }
}

#[test]
fn bad_usage_exits_with_2() {
    let cases: [&[&str]; 6] = [
        &[],
        &["fly"],
        &["run"],
        &["run", "-", "--seed", "many"],
        &["run", "-", "--clock", "lunar"],
        &["serve-model", "--speed", "0"],
    ];
    for arguments in cases {
        let ran = sim(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn bad_usage_with_json_is_one_document() {
    for arguments in [&["run", "--json", "--seed", "x"][..], &["run", "-", "--sed", "1", "--json"]] {
        let ran = sim(arguments);
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &serde_json::json!("E_USAGE")), "{arguments:?}");
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
    let not_an_option = sim(&["compare", "--seeds", "x", "--", "--json"]);
    assert_eq!((not_an_option.code, not_an_option.out.as_str()), (2, ""));
}

#[test]
fn help_of_call_names_every_function() {
    let help = sim(&["help", "call"]);
    for function in parallel_agents::documents::functions() {
        assert!(help.out.contains(&function.name), "{} is missing in\n{}", function.name, help.out);
    }
}

#[test]
fn a_missing_component_exits_with_3_and_names_the_command_that_builds_it() {
    let missing = path("no-such.wasm");
    let request = many(1, "");
    let named = sim_with(&["run", "-", "--component", &missing], request.as_bytes());
    let by_variable = ran(command(&["run", "-"]).env(COMPONENT_VARIABLE, &missing), request.as_bytes());
    for ran in [named, by_variable] {
        assert_eq!((ran.code, ran.out.as_str()), (3, ""));
        assert!(ran.err.contains("cargo xtask build") && ran.err.contains("no-such.wasm"), "{}", ran.err);
    }
    let json = sim_with(&["run", "-", "--json", "--component", &missing], request.as_bytes());
    let error = &json.json()["error"];
    assert_eq!((json.code, &error["code"]), (3, &serde_json::json!("E_COMPONENT_MISSING")));
    assert!(error["path"] == missing && error["hint"].is_string(), "{error}");
}
