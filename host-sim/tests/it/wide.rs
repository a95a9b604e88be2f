//! Runs over many items: what an item costs the component does not grow with their number.

use gateway_sim::clock::Clock;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use serde_json::json;

use crate::component::component;

/// Fuel that a run over so many items takes: two steps for each, the second of which reads the first.
async fn fuel(items: u32) -> u64 {
    let all: Vec<_> = (0..items).map(|number| json!({ "name": format!("N{number}") })).collect();
    let agent = "content_writer_funny";
    let request = json!({
        "items": all,
        "steps": [
            { "task_id": "draft", "agent_type": agent, "task_description": "About {{name}}.", "output_format": "text" },
            { "task_id": "review", "agent_type": agent, "task_description": "Review it.", "output_format": "text",
              "dependencies": ["draft"], "input_from": [{ "task": "draft", "field": "draft" }] },
        ],
        "reduce": { "task": { "agent_type": agent, "task_description": "Sum up.", "output_format": "text" } },
        "max_concurrent": 40,
        "wait": { "mode": "all" },
    });
    let gateway = Simulation::new(Script::bundled().with_room(), 7, SimulationOptions::default());
    let called = component().await.call("map_tasks", &request.to_string(), gateway, &Clock::virtual_time()).await;
    assert!(called.result.is_ok(), "{:?}", called.result);
    assert_eq!(called.backend.checker().violations(), []);
    called.fuel_used.expect("fuel is metered")
}

#[tokio::test]
async fn what_an_item_costs_the_component_does_not_grow_with_their_number() {
    let (few, many) = (fuel(100).await, fuel(400).await);
    assert!(many < few * 5, "{few} of 100 items, {many} of 400");
}
