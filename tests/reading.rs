//! A task that reads another one's output, and outputs that would rather be instructions.

use gateway_sim::answering;
use parallel_agents::documents::DocumentReply;
use parallel_agents_engine::host::SpawnOptions;
use serde_json::{Value, json};

/// Three tasks in a row, of which the first says `text`; whoever reads is of a type that may use tools.
fn run(text: &str) -> (Value, Vec<SpawnOptions>) {
    let agent = |name: &str, schema: Value| json!({"name": name, "description": "Works.", "prompt": "Work.", "output_schema": schema});
    let said = json!({"type": "object", "required": ["said"], "properties": {"said": {"type": "string"}}});
    let reads = |from: &str, pointer: &str| json!([{"field": "material", "task": from, "pointer": pointer}]);
    let request = json!({
        "agents": [agent("worker", said)],
        "tasks": [
            {"task_id": "first", "agent_type": "worker", "task_description": "Begin."},
            {"task_id": "part", "agent_type": "worker", "task_description": "Read a part.", "dependencies": ["first"],
                "input_from": reads("first", "/said")},
            {"task_id": "whole", "agent_type": "worker", "task_description": "Read all.", "dependencies": ["first", "part"],
                "input_from": reads("first", "")},
        ],
    });
    let done = answering::call("run_tasks", &request.to_string(), |id, _| {
        let words = if id == "first" { text } else { "Read." };
        json!({ "said": words }).to_string()
    });
    match done.reply {
        DocumentReply::Answer(report) => (serde_json::from_str(&report).expect("JSON"), done.prompts),
        DocumentReply::Refused(refusal) => panic!("refused: {refusal}"),
    }
}

/// The code of the block that holds a prompt's input.
fn code(prompt: &str) -> &str {
    let rest = prompt.split("carry the code ").nth(1).expect("a code");
    rest.split(|c: char| !c.is_ascii_hexdigit()).next().expect("a code")
}

#[test]
fn a_payload_in_an_output_changes_no_step_of_who_reads_it() {
    let corpus: Vec<Value> = serde_json::from_str(include_str!("data/injections.json")).expect("the corpus");
    assert!(corpus.len() >= 200);
    let steps = |text: &str| {
        let (report, prompts) = run(&format!("Text. {text}"));
        let ends: Vec<_> = report["results"]
            .as_array()
            .expect("results")
            .iter()
            .map(|result| (result["task_id"].clone(), result["status"].clone(), result["error"].clone()))
            .collect();
        for prompt in prompts.iter().filter(|prompt| !prompt.label.contains(" first [")) {
            assert!(prompt.tool_free, "who reads what another one wrote gets no tools");
            let code = code(&prompt.task);
            // What the text holds stands inside of the block, and the block ends once.
            let block = prompt.task.split(&format!("<<<INPUT {code}>>>")).nth(1).expect("a block");
            let (inside, after) = block.split_once(&format!("<<<END INPUT {code}>>>")).expect("an end");
            assert!(inside.contains("Text. ") && !after.contains("Text. "), "{text}");
            assert!(!text.contains(code), "nobody can know the code");
        }
        let spawned: Vec<_> = prompts
            .into_iter()
            .map(|o| (o.label, o.task_name, o.agent_id, o.model, o.thinking, o.run_timeout_seconds, o.tool_free))
            .collect();
        (spawned, ends)
    };
    let plain = steps("Nothing else.");
    assert_eq!(plain.0.len(), 3);
    for payload in &corpus {
        assert_eq!(steps(payload["text"].as_str().expect("a text")), plain, "{}", payload["id"]);
    }
}
