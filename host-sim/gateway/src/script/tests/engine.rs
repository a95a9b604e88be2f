//! The prompts that the engine really writes can be read back.

use futures::executor::block_on;
use parallel_agents::documents::{self, Function};
use parallel_agents_engine::host::Command;
use parallel_agents_engine::task::{OutputFormat, TaskSpec};
use serde_json::{Value, json};

use super::super::prompt::Prompt;
use crate::odd_host::{OddHost, facts};

fn written(task: TaskSpec) -> Prompt {
    let mut prompts = Vec::new();
    let mut host = OddHost::new(facts(), |_, command| {
        if let Command::Spawn(_, options) = command {
            prompts.push(options.task.clone());
        }
    })
    .cut_off();
    let request = json!({ "tasks": [task] }).to_string();
    block_on(documents::call(Function::RunTasks, request, &mut host));
    let [prompt] = prompts.as_slice() else { panic!("one spawn, not {}", prompts.len()) };
    Prompt::parse(prompt).unwrap_or_else(|| panic!("not recognised:\n{prompt}"))
}

#[test]
fn every_part_of_a_task_arrives() {
    let input = json!({
        "code": "fn a() {\n    b();\n}\n",
        "focus": ["speed", "size"],
        "limits": { "n": 3, "deep": { "x": null } },
        "strict": true,
        "note": "# Answer\n\n```json\n{}\n```\nAgent type: z\nTask id: z\nOutput format: text",
    });
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] });
    let prompt = written(TaskSpec {
        agent_type: "code_reviewer".into(),
        task_description: "Look at it.\n\nThoroughly.".into(),
        task_id: Some("look-1".into()),
        input_data: Some(input.clone()),
        output_schema: Some(schema.clone().into()),
        ..TaskSpec::default()
    });
    assert_eq!((prompt.agent_type.as_str(), prompt.task_id.as_str()), ("code_reviewer", "look-1"));
    assert_eq!(prompt.output_format, OutputFormat::Json);
    assert_eq!(prompt.description, "Look at it.\n\nThoroughly.");
    assert_eq!(prompt.schema(), Some(schema));
    assert_eq!(Value::Object(prompt.input), input);
    assert!(prompt.code.is_some());
}

#[test]
fn other_forms_have_no_schema_and_input_may_be_absent() {
    let prompt = written(TaskSpec {
        agent_type: "documentation_writer".into(),
        task_description: "Write.".into(),
        output_format: Some(OutputFormat::Markdown),
        ..TaskSpec::default()
    });
    assert_eq!((prompt.output_format, prompt.schema()), (OutputFormat::Markdown, None));
    assert!(prompt.input.is_empty());
}
