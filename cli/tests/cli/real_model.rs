//! Opt-in: a real model on a real server.

use serde_json::{Value, json};

use super::{command, path, ran};

/// Names the base address, such as http://127.0.0.1:8080/v1. Without it nothing here is asked of anybody.
const SERVER: &str = "PARALLEL_AGENTS_OPENAI_BASE_URL";

/// Names the model, if the server has several.
const MODEL: &str = "PARALLEL_AGENTS_OPENAI_MODEL";

/// Three tasks for plain text, which any model can do, and one for JSON by a schema, which a small one may fail.
fn request() -> String {
    let about = |id: &str, words: &str| {
        json!({
            "task_id": id, "agent_type": "content_writer_funny", "output_format": "text",
            "task_description": words, "input_data": { "topic": "numbers" }, "timeout_seconds": 600,
        })
    };
    let mut tasks: Vec<Value> =
        (1..=3).map(|n| about(&format!("t{n}"), &format!("Say the number {n} and nothing else."))).collect();
    let mut schema = about("schema", "Name a number.");
    schema["output_format"] = json!("json");
    schema["output_schema"] = json!({
        "type": "object", "properties": { "number": { "type": "integer" } }, "required": ["number"],
    });
    tasks.push(schema);
    json!({ "tasks": tasks, "max_concurrent": 2 }).to_string()
}

#[test]
fn a_real_model_answers_if_one_is_there() {
    let Ok(base) = std::env::var(SERVER) else { return };
    let model = std::env::var(MODEL).ok();
    let tape = path("real-model.jsonl");
    let mut run = command(&["run", "-", "--json", "--backend", "openai", "--base-url", &base, "--record", &tape]);
    run.args(model.iter().flat_map(|name| ["--model", name])).env_remove("OPENAI_API_KEY");
    let ran_it = ran(&mut run, request().as_bytes());
    let report = ran_it.json();
    let results = report["results"].as_array().expect("results");
    assert_eq!(results.len(), 4, "{report}");
    for task in &results[..3] {
        assert_eq!(task["status"], "completed", "{task}");
        let attempts = task["metadata"]["attempt_log"].as_array().expect("attempts");
        let answered = attempts.last().expect("a session");
        assert!(answered["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{answered}");
        assert!(answered["model_applied"].as_str().is_some_and(|name| !name.is_empty()), "{answered}");
    }
    // The server is not told of the schema, so that it is the model that has to keep to it.
    let schema = &results[3];
    match schema["status"].as_str() {
        Some("completed") => assert!(schema["output"]["number"].is_number(), "{schema}"),
        Some("failed" | "timeout") => {
            assert!(schema["error"]["code"].as_str().is_some_and(|code| code.starts_with("E_")), "{schema}");
        }
        _ => panic!("{schema}"),
    }
    assert!(report["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{report}");
    let code = i32::from(report["status"] != "completed");
    assert_eq!(ran_it.code, code, "{}", ran_it.err);

    let again = ran(&mut command(&["what-if", &tape]), b"");
    assert_eq!(again.code, code, "{}", again.err);
    assert!(again.out.contains("Every task ended as recorded, with the same output."), "{}", again.out);
}
