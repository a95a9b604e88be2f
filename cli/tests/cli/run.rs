//! `run` and `call`.

use std::fs;

use super::{failing_script, file, native, path, sim, sim_with};
use crate::requests_of::{chain, many};

#[test]
fn a_run_is_a_table_a_person_can_read() {
    let request = file("table.json", many(3, ""));
    let ran = sim(&["run", &request]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    let header: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(header, ["TASK", "AGENT", "STATUS", "TIME", "MODEL", "TOKENS", "ANSWER"]);
    for (line, task) in lines[1..4].iter().zip(["step-1", "step-2", "step-3"]) {
        assert!(line.starts_with(task) && line.contains("completed") && line.contains(" s "), "{line}");
        assert!(line.chars().count() <= 120, "{line}");
    }
    for words in ["Completed. 3 tasks: 3 completed.", "of simulated time", "tokens read", "nothing was spent"] {
        assert!(ran.out.contains(words), "{words:?} is missing in\n{}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'), "no colours without a terminal");
}

#[test]
fn json_is_one_document_and_the_same_for_one_seed() {
    let request = many(4, "");
    let run = |seed: &str| sim_with(&["run", "-", "--json", "--seed", seed], request.as_bytes());
    let (first, again, other) = (run("7"), run("7"), run("8"));
    assert_eq!((first.code, first.err.as_str()), (0, ""));
    assert_eq!(first.json()["census"]["completed"], 4);
    assert_eq!(first.out, again.out);
    assert_ne!(first.out, other.out);
    assert_eq!(first.out.lines().count(), 1);
}

#[test]
fn both_engines_print_the_same_report() {
    let request = many(5, "\"cleanup\": \"delete\"");
    let run = |engine: &str| sim_with(&["run", "-", "--json", "--engine", engine], request.as_bytes());
    assert_eq!(run("wasm").out, run("native").out);
}

#[test]
fn a_run_with_failures_says_why_and_exits_with_1() {
    let script = failing_script("failing-run.toml");
    let ran = native(&["run", "-", "--script", &script], chain(2, ""));
    assert_eq!(ran.code, 1, "{}", ran.err);
    for words in
        ["Not completed:", "step-1  failed  E_MODEL_REJECTED", "no such model", "step-2  skipped", "Failed. 2 tasks"]
    {
        assert!(ran.out.contains(words), "{words:?} is missing in\n{}", ran.out);
    }
}

#[test]
fn the_cap_of_the_command_line_goes_before_the_request() {
    let request = many(6, "\"max_concurrent\": 6");
    let peak = |more: &[&str]| {
        sim_with(&[&["run", "-", "--json"], more].concat(), request.as_bytes()).json()["peak_in_flight"].clone()
    };
    assert_eq!(peak(&[]), 6);
    assert_eq!(peak(&["--max-concurrent", "2"]), 2);
    let refused = native(&["run", "-", "--max-concurrent", "2001"], &request);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("E_CONCURRENCY") && refused.err.contains("2001"), "{}", refused.err);
}

#[test]
fn a_bad_request_lists_all_problems_and_exits_with_2() {
    let request = r#"{"tasks": [{"agent_type": "code_reviwer", "task_description": ""}], "max_concurrent": 0}"#;
    let plain = native(&["run", "-"], request);
    assert_eq!((plain.code, plain.out.as_str()), (2, ""));
    for words in
        ["3 problems", "E_AGENT_UNKNOWN at /tasks/0/agent_type", "code_reviewer", "hint:", "E_CONCURRENCY", "limit:"]
    {
        assert!(plain.err.contains(words), "{words:?} is missing in\n{}", plain.err);
    }
    let json = sim_with(&["run", "-", "--json"], request.as_bytes());
    assert_eq!(json.code, 2);
    let document = json.json();
    assert_eq!(document["errors"].as_array().map(Vec::len), Some(3));
    assert_eq!(document["error"], document["errors"][0]);
}

#[test]
fn duplicate_keys_survive_the_options() {
    let ran = native(&["run", "-", "--max-concurrent", "2"], r#"{"tasks": [], "tasks": []}"#);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("E_DUPLICATE_KEY"), "{}", ran.err);
}

#[test]
fn files_that_cannot_be_used_exit_with_2_and_are_named() {
    let binary = file("binary.json", b"{\"tasks\"\xff");
    let empty = file("empty.json", "");
    let huge = file("huge.json", vec![b' '; 21 << 20]);
    let commented = file("commented.json", "// mine\n{\"tasks\": []}");
    let wide = file("wide.json", b"\xff\xfe{\0}\0");
    let cases = [
        (path("no-such.json"), "cannot open"),
        (env!("CARGO_TARGET_TMPDIR").to_owned(), "directory"),
        (binary, "byte 8 is 0xff"),
        (huge, "too large"),
        (empty, "E_REQUEST_JSON"),
        (commented, "a name that ends in .jsonc"),
        (wide, "save it as text in UTF-8"),
    ];
    for (file, words) in cases {
        let ran = sim(&["run", &file]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{file}");
        assert!(ran.err.contains(words), "{file}: {}", ran.err);
        let json = sim(&["run", &file, "--json"]);
        assert_eq!(json.code, 2, "{file}");
        assert!(json.json()["error"]["code"].as_str().is_some_and(|code| code.starts_with("E_")), "{}", json.out);
    }
}

#[test]
fn a_request_over_the_components_limit_is_refused_by_the_component() {
    let ran = native(&["run", "-"], vec![b' '; 17 << 20]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("E_REQUEST_TOO_LARGE"), "{}", ran.err);
}

#[test]
fn a_bad_script_exits_with_2_and_says_where() {
    let script = file("bad-script.toml", "version = 1\n[host]\nmax_concurrent = 0\n");
    let ran = native(&["run", "-", "--script", &script], many(1, ""));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("max_concurrent"), "{}", ran.err);
}

#[test]
fn trace_and_report_are_written() {
    let (trace, report) = (path("run.trace"), path("run.report.json"));
    let request = many(2, "");
    let ran = sim_with(&["run", "-", "--json", "--trace", &trace, "--report", &report], request.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let trace = fs::read_to_string(trace).expect("the trace was written");
    assert!(trace.contains("spawn 1 ") && trace.ends_with("> return\n"), "{trace}");
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(report).expect("the report was written")).expect("it is JSON");
    assert_eq!(report["results"], ran.json()["results"]);
    assert_eq!(report["simulation"]["checker"]["completed"], 2);
    assert_eq!(report["simulation"]["checker"]["violations"], serde_json::json!([]));
    let nowhere = path("no/such/directory/run.trace");
    let ran = native(&["run", "-", "--trace", &nowhere], &request);
    assert_eq!(ran.code, 3, "{}", ran.err);
}

#[test]
fn any_function_can_be_called() {
    let versions = sim(&["call", "versions", "--json"]);
    assert_eq!(versions.json()["contract"], "0.1.0");
    let team = sim_with(&["call", "content_team", "-"], br#"{"topic": "tides", "platform": "bluesky"}"#);
    assert_eq!(team.code, 0, "{}", team.err);
    assert_eq!(team.json()["tasks"].as_array().map(Vec::len), Some(5));
    let run = sim_with(&["call", "run_tasks", "-", "--json"], team.out.as_bytes());
    assert_eq!((run.code, &run.json()["census"]["completed"]), (0, &serde_json::json!(5)));
    let unknown = native(&["call", "run_task"], "");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("E_FUNCTION_UNKNOWN") && unknown.err.contains("run_tasks"), "{}", unknown.err);
}

#[test]
fn a_call_of_run_tasks_that_fails_exits_with_1() {
    let script = failing_script("failing-call.toml");
    let ran = native(&["call", "run_tasks", "-", "--json", "--script", &script], many(2, ""));
    assert_eq!((ran.code, &ran.json()["status"]), (1, &serde_json::json!("failed")));
}

#[test]
fn agents_that_fall_short_exit_with_1_and_those_that_do_not_with_0() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../skill/examples/4-create-agents.json");
    let request = std::fs::read_to_string(example).expect("the example is there");
    // With one round nobody improves the first versions, which are not good enough.
    let once = request.replacen('{', "{\"max_rounds\": 1,", 1);
    for (request, code) in [(once, 1), (request, 0)] {
        let ran = native(&["call", "create_agents", "-"], &request);
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{request}");
    }
}

/// Answers that no host hands on as a whole: far more bytes than one text may have, of one byte and of three each.
#[test]
fn an_answer_of_many_megabytes_is_cut_and_the_run_goes_on() {
    for (nth, template) in [r#"{{ "so on " * 2500000 }}"#, r#"{"a": "{{ "日本語" * 1700000 }}"}"#].iter().enumerate()
    {
        let rule = format!("[[answers]]\nagent_type = \"code_reviewer\"\ntemplate = '{template}'\n");
        let script = file(&format!("megabytes-{nth}.toml"), format!("version = 1\n{rule}"));
        let request = many(3, "\"retries\": 1, \"corrections\": 1");
        let kept = path(&format!("megabytes-{nth}.journal"));
        let _ = fs::remove_file(&kept);
        let ran = sim_with(&["run", "-", "--json", "--script", &script, "--journal", &kept], request.as_bytes());
        assert_eq!(ran.code, 1, "{}", ran.err);
        let report = ran.json();
        assert_eq!((&report["census"]["tasks"], &report["census"]["completed"]), (&3.into(), &2.into()), "{nth}");
        let of_huge = |result: &&serde_json::Value| result["agent_type"] == "code_reviewer";
        let results = report["results"].as_array().expect("results");
        let huge = results.iter().find(of_huge).expect("its result");
        assert_eq!(huge["error"]["code"], "E_OUTPUT_TRUNCATED", "{}", huge["error"]);
        assert_eq!(huge["metadata"]["truncated"], true);
        // What was written down can be gone through again, and gone on with.
        let text = fs::read_to_string(&kept).expect("a journal");
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let half = file("megabytes-half.journal", lines[..lines.len() - 2].concat());
        let resumed = sim(&["resume", &half, "--json", "--script", &script]);
        assert_eq!(resumed.json()["census"]["completed"], 2, "{}", resumed.err);
    }
}
