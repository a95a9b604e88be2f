//! Every row of the fault table: each knob, switched to "always", strikes, is counted, and breaks no invariant.

use gateway_sim::SimError;
use gateway_sim::clock::Clock;
use gateway_sim::native;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::fault_table::{Knob, ROWS, Source};
use gateway_sim::script::{Fault, Script};
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};

const SEED: u64 = 5;

/// Tasks with every reason to look closely: a chain, a model by name, an output that is read, a review.
fn request() -> String {
    let task = |id: &str, after: &[&str]| {
        json!({ "task_id": id, "agent_type": "code_reviewer", "task_description": "Look.", "input_data": { "code": "x" },
            "dependencies": after, "idempotent": true, "timeout_seconds": 120 })
    };
    let mut last = task("c", &["a", "b"]);
    last["input_from"] = json!([{ "field": "draft", "task": "a", "pointer": "" }]);
    let request = json!({
        "tasks": [task("a", &[]), task("b", &[]), last, task("d", &[])],
        "model": "sim/standard", "cleanup": "delete", "retries": 2, "retry_budget": 10, "deadline_seconds": 900,
        "on_dependency_failure": "run",
    });
    request.to_string()
}

fn script(knob: &Knob) -> Script {
    let text = format!("version = 1\ndefault_model = \"sim/standard\"\n{}", knob.always);
    let text = if text.contains("[models.") { text } else { format!("{text}\n[models.\"sim/standard\"]\n") };
    Script::from_toml(&text).expect("every knob is a script")
}

#[tokio::test]
async fn every_knob_strikes_is_counted_and_breaks_no_invariant() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let Source::Script(knobs) = row.source else { continue };
        for knob in knobs {
            let options = SimulationOptions { keeps_journal: true, ..SimulationOptions::default() };
            let simulation = Simulation::new(script(knob), SEED, options);
            let called = native::call("run_tasks", &request(), simulation, &Clock::virtual_time()).await;
            let checker = called.backend.checker();
            let mut add = |what: String| wrong.push(format!("row {} {:?}: {what}", row.number, knob.always));
            if checker.faults().get(&knob.counted).copied().unwrap_or(0) == 0 {
                add(format!("{} was not counted: {:?}", knob.counted.name(), checker.faults()));
            }
            checker.violations().iter().for_each(|violation| add(violation.to_string()));
            match (&called.result, knob.counted) {
                (Err(SimError::Host { .. }), Fault::HostTrap) => {}
                (Ok(DocumentReply::Answer(text)), _) => {
                    let report: Value = serde_json::from_str(text).expect("a report");
                    let ends = report["results"].as_array().map_or(0, Vec::len);
                    if ends != 4 {
                        add(format!("{ends} results"));
                    }
                }
                (other, _) => add(format!("{other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
