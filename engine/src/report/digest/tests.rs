//! What a digest keeps, cuts and says.

use super::*;
use crate::report::page::page;

fn report(outputs: Vec<Value>) -> Value {
    let rows: Vec<Value> = outputs
        .into_iter()
        .enumerate()
        .map(|(n, output)| {
            json!({"task_id": format!("task-{n}"), "agent_type": "a", "status": "completed", "output": output,
                "error": null, "metadata": {"attempts": 1, "attempt_log": []}})
        })
        .collect();
    json!({"status": "completed", "census": {}, "results": rows, "leaked": []})
}

#[test]
fn what_fits_is_whole() {
    let small = digest(&report(vec![json!({"a": 1}), json!("text")]), DEFAULT_CHARS, Detail::Answers);
    assert_eq!((&small["results"][0]["output"], &small["results"][1]["output"]), (&json!({"a": 1}), &json!("text")));
    assert!(small.get("note").is_none() && small["results"][0].get("output_cut").is_none());
}

#[test]
fn what_has_to_be_known_of_an_output_stands_beside_it() {
    let mut report = report(vec![json!("half a"), json!("whole")]);
    for mark in MARKS {
        report["results"][0]["metadata"][mark] = json!(true);
        report["results"][1]["metadata"][mark] = json!(false);
    }
    let digest = digest(&report, DEFAULT_CHARS, Detail::Answers);
    for mark in MARKS {
        let marks = [0, 1].map(|row| digest["results"][row].get(mark).is_some());
        assert_eq!(marks, [true, false], "{mark}");
    }
}

#[test]
fn what_does_not_fit_is_cut_says_so_and_can_be_read() {
    for (count, size) in [(1, 1_000_000), (50, 20_000), (200, 3_000), (200, 10), (3, 40_000)] {
        let text: String = "line \"é\"\n\u{1}".chars().cycle().take(size).collect();
        let mut outputs = vec![json!(text); count];
        outputs[0] = json!("short");
        let report = report(outputs);
        for limit in [1_000, 15_000, 60_000] {
            let digest = digest(&report, limit, Detail::Answers);
            let shown = digest.to_string();
            assert!(shown.chars().count() <= limit, "{count} x {size}: {} of {limit}", shown.chars().count());
            let rows = digest["results"].as_array().expect("rows");
            assert_eq!(rows.len() as u64 + digest["results_left_out"].as_u64().unwrap_or_default(), count as u64);
            assert!(rows.iter().all(|row| row["output_cut"] == true || row["output"].is_string()));
        }
        let id = format!("task-{}", count - 1);
        let (mut read, mut offset) = (String::new(), Some(0));
        while let Some(at) = offset {
            let page = page(&report, &id, at, 15_000).expect("the task");
            assert!(page.to_string().chars().count() <= 15_000);
            read.push_str(page["text"].as_str().expect("text"));
            offset = page["next_offset"].as_u64().map(|at| at as usize);
        }
        assert_eq!(read, if count == 1 { "short".to_owned() } else { text });
    }
}

/// A report with something in every field.
fn whole_report() -> Value {
    let mut whole = report(vec![json!("an answer"), Value::Null]);
    whole["census"] = json!({"tasks": 2, "completed": 1, "failed": 1, "skipped": 0});
    whole["wait"] = json!({"mode": "all", "satisfied": false, "value": null});
    whole["usage"] = json!({"input_tokens": 7, "output_tokens": 9});
    whole["results"][1]["status"] = json!("failed");
    whole["results"][1]["error"] = json!({"code": "E_TIMEOUT", "message": "late", "retryable": true});
    whole
}

#[test]
fn answers_come_first_and_details_on_request() {
    let brief = digest(&whole_report(), DEFAULT_CHARS, Detail::Answers);
    let shown = r#"{"status":"completed","results":[{"task_id":"task-0","agent_type":"a","status":"completed","output":"an answer"},{"task_id":"task-1","agent_type":"a","status":"failed","error":{"code":"E_TIMEOUT","message":"late","retryable":true}}],"census":{"tasks":2,"completed":1,"failed":1}}"#;
    assert_eq!(brief.to_string(), shown);
    let all = digest(&whole_report(), DEFAULT_CHARS, Detail::All);
    for place in ["/usage/input_tokens", "/wait/satisfied", "/results/0/attempts", "/census/skipped", "/leaked"] {
        assert!(all.pointer(place).is_some(), "{place}");
    }
}

#[test]
fn what_another_wait_mode_agreed_on_and_what_leaked_stands_in_every_digest() {
    let mut report = whole_report();
    report["wait"] = json!({"mode": "quorum", "satisfied": true, "value": 7});
    report["leaked"] = json!(["agent:main:subagent:0"]);
    let brief = digest(&report, DEFAULT_CHARS, Detail::Answers);
    assert_eq!((&brief["wait"]["value"], &brief["leaked"][0]), (&json!(7), &json!("agent:main:subagent:0")));
    report["leaked"] = json!(vec!["agent:main:subagent:0"; 200]);
    let short = digest(&report, 1_000, Detail::Answers);
    assert_eq!((&short["leaked_left_out"], short.get("leaked")), (&json!(200), None));
    assert_eq!(short["results"].as_array().map(Vec::len), Some(2));
}

#[test]
fn of_a_workflow_the_outcome_stands_beside_its_run_where_there_is_room() {
    let outcome = json!({"status": "completed", "drafts": [{"name": "one", "draft": "word ".repeat(200)}], "run": whole_report()});
    let short = digest(&outcome, DEFAULT_CHARS, Detail::Answers);
    assert_eq!((&short["drafts"], &short["run"]["results"][0]["output"]), (&outcome["drafts"], &json!("an answer")));
    let alone = digest(&outcome, 1_500, Detail::Answers);
    assert!(alone.get("drafts").is_none() && has_results(&alone), "{alone}");
}

#[test]
fn the_result_of_one_task_has_a_digest_too() {
    let mut row = report(vec![json!("word ".repeat(9_000))])["results"][0].take();
    row["metadata"]["doubtful"] = json!(true);
    let short = digest(&row, 1_000, Detail::Answers);
    assert!(short.to_string().len() <= 1_000, "{short}");
    assert_eq!(
        (&short["output_cut"], &short["output_chars"], &short["doubtful"]),
        (&json!(true), &json!(45_000), &json!(true))
    );
}

/// Of thousands of tasks only those are worth a line that say why an item has no answer.
#[test]
fn a_run_over_many_items_is_shown_by_what_went_wrong() {
    let mut run = report(vec![Value::Null; 5_000]);
    for failed in [17, 4_000] {
        run["results"][failed]["status"] = json!("failed");
        run["results"][failed]["error"] = json!({"code": "E_REFUSED", "message": "no", "retryable": true});
    }
    run["results"][4_999]["output"] = json!("made of all");
    let whole =
        json!({"status": "partial", "items": {"items": 4_999, "completed": 4_997}, "reduced": null, "run": run});
    for limit in [1_000, 15_000] {
        let digest = digest(&whole, limit, Detail::Answers);
        assert!(digest.to_string().chars().count() <= limit, "{digest}");
        let run = digest.get("run").unwrap_or(&digest);
        let ids: Vec<&str> =
            run["results"].as_array().expect("rows").iter().filter_map(|row| row["task_id"].as_str()).collect();
        assert_eq!(ids, ["task-17", "task-4000", "task-4999"], "{limit}");
        assert_eq!(run["results_left_out"], json!(4_997));
    }
    let roomy = digest(&whole, 15_000, Detail::Answers);
    assert_eq!(
        (&roomy["items"]["completed"], &roomy["run"]["results"][2]["output"]),
        (&json!(4_997), &json!("made of all"))
    );
}
