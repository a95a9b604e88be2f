//! `explain`, and the report as a page.

use std::fs;

use super::{file, native, path, sim, sim_with};
use crate::requests_of::chain;

#[test]
fn the_story_of_a_task_is_told_from_a_saved_report() {
    let report = path("explain.report.json");
    let script = super::failing_script("explain.toml");
    let ran = native(&["run", "-", "--script", &script, "--report", &report], chain(2, ""));
    assert_eq!(ran.code, 1, "{}", ran.err);
    let told = sim(&["explain", &report, "step-1"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    for words in ["step-1, a task for", "is failed", "E_MODEL_REJECTED", "session 1 (first)", "session 1 ended"] {
        assert!(told.out.contains(words), "{words:?} is missing in\n{}", told.out);
    }
    let document = native(&["explain", &report, "step-1", "--json"], "").json();
    assert_eq!(document["task_id"], "step-1");
    let unknown = native(&["explain", &report, "step-9"], "");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("E_TASK_UNKNOWN"), "{}", unknown.err);
}

#[test]
fn what_is_no_report_is_refused() {
    for (text, words) in [("{}", "E_REPORT"), ("no JSON", "is not JSON")] {
        let told = native(&["explain", &file("no-report.json", text), "a"], "");
        assert_eq!(told.code, 2);
        assert!(told.err.contains(words), "{}", told.err);
    }
}

#[test]
fn a_report_with_the_name_of_a_page_is_a_page_with_every_prompt() {
    let html = path("run.report.html");
    let ran = sim_with(&["run", "-", "--report", &html], chain(3, "").as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = fs::read_to_string(html).expect("the page was written");
    let (_, rest) = page.split_once("id=\"document\">").expect("the document");
    let (document, _) = rest.split_once("</script>").expect("its end");
    let document: serde_json::Value = serde_json::from_str(document).expect("JSON");
    assert_eq!(document["report"]["census"]["completed"], 3);
    let after = |n: usize| &document["report"]["results"][n]["metadata"]["dependencies"];
    assert_eq!((after(0), after(2)), (&serde_json::json!([]), &serde_json::json!(["step-2"])));
    let sessions = document["sessions"].as_array().expect("sessions");
    assert_eq!(sessions.len(), 3);
    for (n, session) in sessions.iter().enumerate() {
        let prompt = session["prompt"].as_str().expect("a prompt");
        assert!(prompt.contains(&format!("Do part {} of the work.", n + 1)));
        assert!(session["started_ms"].as_u64() < session["ended_ms"].as_u64());
        assert!(session["answer"].is_string());
    }
}
