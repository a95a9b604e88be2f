//! A task's description in the first line and its input in the others: the prompt that frames the input.
//!
//! The input stands between exactly one pair of lines with the prompt's code, and the code nowhere in the input. The input
//! is a JSON object, or else the text of one field. In it, U+0001 stands for the code that the prompt would have had, so
//! that an author is tried who has found it out.

use parallel_agents::catalogue::BUILT_IN;
use parallel_agents::documents::run_schema;
use parallel_agents_engine::plan::{self, PlannedTask};
use parallel_agents_engine::prompt::{self, Earlier, Nonces};
use serde_json::{Map, Value, json};

const FOUND_OUT: char = '\u{1}';

/// Checks one prompt, and those of later sessions of the same task, for the invariants.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (description, input) = text.split_once('\n').unwrap_or(("Work on it.", &text));
    let seed = data.iter().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let nonces = Nonces::new(seed);
    let mut input = input.to_owned();
    // The author finds out the code, and the one that is taken instead.
    for _ in 0..3 {
        let Some(task) = planned(description, &input) else { return };
        let code = framed(&prompt::for_task(&task, &nonces), &task.input);
        later(&task, &nonces);
        if !input.contains(FOUND_OUT) {
            return;
        }
        input = input.replacen(FOUND_OUT, &code, 1);
    }
}

/// The task, if it is allowed.
fn planned(description: &str, input: &str) -> Option<PlannedTask> {
    let input = match serde_json::from_str(input) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => json!({ "text": input }),
    };
    let task = json!({"agent_type": "content_writer_funny", "task_description": description, "input_data": input});
    plan::plan(run_schema(), BUILT_IN, json!({ "tasks": [task] })).ok()?.tasks.pop()
}

/// Sessions after the first are shown what was wrong and what was answered, which others wrote too.
fn later(task: &PlannedTask, nonces: &Nonces) {
    for correct in [false, true] {
        let said = task.input.values().next().cloned().unwrap_or_default();
        let problems: Vec<String> = task.input.keys().cloned().collect();
        let earlier = Earlier { problems: problems.clone(), draft: Some(said.clone()), correct };
        let mut input = task.input.clone();
        let free = |name: &str, input: &Map<String, Value>| {
            let mut names = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name}_{number}")));
            names.find(|name| !input.contains_key(name)).expect("there are enough numbers")
        };
        let (told, shown) = (free("earlier_problems", &input), free("earlier_answer", &input));
        input.extend([(told, Value::from(problems)), (shown, said)]);
        framed(&prompt::for_attempt(task, nonces, 2, Some(&earlier)), &input);
    }
}

/// Holds a prompt to its frame and returns its code.
fn framed(prompt: &str, input: &Map<String, Value>) -> String {
    if input.is_empty() {
        assert!(!prompt.contains("<<<INPUT "), "no input has no block");
        return String::new();
    }
    // No description and no role may hold a marker, so the first one is the frame's.
    let (_, after) = prompt.split_once("<<<INPUT ").expect("the input begins");
    let (code, after) = after.split_once(">>>\n").expect("the line ends");
    assert!(code.len() == 16 && code.bytes().all(|byte| byte.is_ascii_hexdigit()), "{code}");
    let end = format!("\n<<<END INPUT {code}>>>\n");
    let (block, answer) = after.split_once(&end).expect("the input ends");
    assert!(answer.starts_with("\n# End of the input\n"), "what follows the input is the frame's");
    assert_eq!(prompt.matches(code).count(), 3 + input.len(), "the code stands in the frame and nowhere else");
    let mut rest = block;
    for (index, value) in input.values().enumerate() {
        let (_, field) = rest.split_once(&format!(" {code}>>>\n")).expect("a field begins");
        let shown = value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned);
        rest = field.strip_prefix(shown.as_str()).unwrap_or_else(|| panic!("field {index} is not whole"));
    }
    assert!(rest.is_empty() || input.is_empty(), "nothing follows the last field: {rest}");
    code.to_owned()
}
