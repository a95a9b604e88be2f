//! The examples of the skill, each as it lies there, under the bundled script.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gateway_sim::Called;
use gateway_sim::clock::Clock;
use gateway_sim::options::SimulationOptions;
use gateway_sim::script::Script;
use gateway_sim::simulation::Simulation;
use parallel_agents::documents::DocumentReply;
use serde_json::{Value, json};

use crate::component::component;

/// File, function, status of the reply, sessions spawned.
const EXAMPLES: [(&str, &str, &str, u32); 10] = [
    ("1-content-team.json", "run_tasks", "completed", 5),
    ("2-development-team.json", "run_tasks", "completed", 5),
    ("3-review-team.json", "run_tasks", "completed", 5),
    // For each agent one that makes it, one that judges it, one that improves it, and one that judges it again.
    ("4-create-agents.json", "create_agents", "completed", 3 * 4),
    // For each agent one that designs it and one that reviews the design.
    ("5-mass-creation.json", "meta_workflow", "completed", 10 * 2),
    // One that makes it, two that judge it, one that improves it between them, and the two tasks.
    ("6-create-and-use.json", "create_agents", "completed", 4 + 2),
    ("workflow-1-simple-creation.json", "meta_workflow", "completed", 2 * 2),
    ("workflow-2-iterative-refinement.json", "run_iterative_refinement", "completed", 3),
    // The plan, a review, the documentation, the report.
    ("workflow-3-orchestration.json", "orchestrate", "completed", 4),
    // The plan, four sessions for each of the five agents, the report.
    ("workflow-4-agents-to-order.json", "orchestrate", "completed", 1 + 5 * 4 + 1),
];

fn directory() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../skill/examples"))
}

fn read(file: &str) -> String {
    let path = directory().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn call(function: &str, arguments: &str) -> Called<DocumentReply> {
    let simulation = Simulation::new(Script::bundled(), 1, SimulationOptions::default());
    component().await.call(function, arguments, simulation, &Clock::virtual_time()).await
}

/// The reply to a call, after which nothing is left and nothing was promised in vain.
#[track_caller]
fn answer(called: &Called<DocumentReply>, place: &str) -> Value {
    assert_eq!(called.backend.checker().violations(), [], "{place}");
    let summary = called.backend.checker().summary();
    assert_eq!((summary.live, summary.orphans), (0, 0), "{place}");
    match &called.result {
        Ok(DocumentReply::Answer(text)) => serde_json::from_str(text).expect("a reply is JSON"),
        other => panic!("{place}: no answer: {other:?}"),
    }
}

/// Every task of a run is completed: its answer fits the schema of its agent type.
#[track_caller]
fn assert_all_completed(run: &Value, count: usize, place: &str) {
    let results = run["results"].as_array().unwrap_or_else(|| panic!("{place}: no results in {run}"));
    assert_eq!(results.len(), count, "{place}");
    for result in results {
        assert_eq!(result["status"], "completed", "{place}: {result:#}");
    }
}

#[test]
fn every_example_is_in_the_table() {
    let files: BTreeSet<String> = std::fs::read_dir(directory())
        .expect("the examples are there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".json"))
        .collect();
    let table: BTreeSet<String> = EXAMPLES.iter().map(|example| example.0.to_owned()).collect();
    assert_eq!(files, table);
    let readme = read("README.md");
    for (file, function, ..) in EXAMPLES {
        let command = if function == "run_tasks" { "run".to_owned() } else { format!("call {function}") };
        let command = format!("parallel-agents {command} {file}");
        assert!(readme.contains(&command), "the README does not show: {command}");
    }
}

#[tokio::test]
async fn every_example_ends_as_it_should() {
    for (file, function, status, spawns) in EXAMPLES {
        let called = call(function, &read(file)).await;
        let reply = answer(&called, file);
        assert_eq!(reply["status"], status, "{file}");
        assert_eq!(called.backend.checker().spawn_calls(), spawns, "{file}");
        assert_all_completed(reply.get("run").unwrap_or(&reply), spawns as usize, file);
    }
}

#[tokio::test]
async fn no_example_takes_more_than_somebody_was_asked_about() {
    for (file, function, _, spawns) in EXAMPLES {
        let mut arguments: Value = serde_json::from_str(&read(file)).expect("JSON");
        if arguments.get("run").is_some() {
            arguments["run"] = json!(true);
        }
        let question =
            json!({ "function": function, "arguments": arguments, "operator": { "approval": { "always": true } } });
        let reply = answer(&call("check_approval", &question.to_string()).await, file);
        assert_eq!(reply["needed"], true, "{file}");
        let [expected, worst] =
            ["sessions_expected", "sessions_worst"].map(|name| reply["forecast"][name].as_u64().expect("a number"));
        assert!(expected <= worst && u64::from(spawns) <= worst, "{file}: {spawns} sessions of {expected} to {worst}");
    }
}

/// File, and a value for each parameter that it needs.
const SAVED: [(&str, &str); 2] = [("nightly-review.json", "code"), ("weekly-plan.json", "topic")];

#[tokio::test]
async fn every_saved_request_becomes_a_call_that_completes() {
    let files = std::fs::read_dir(directory().join("saved")).expect("saved requests are there").count();
    assert_eq!(files, SAVED.len());
    for (file, parameter) in SAVED {
        let saved: Value = serde_json::from_str(&read(&format!("saved/{file}"))).expect("JSON");
        let values = json!({ parameter: "fn half(n: u32) -> u32 { n / {{topic}} }" });
        let request = json!({ "saved": saved, "values": values });
        let filled = answer(&call("fill_request", &request.to_string()).await, file);
        let function = filled["function"].as_str().expect("a function");
        let run = answer(&call(function, &filled["arguments"].to_string()).await, file);
        assert_eq!(run["status"], "completed", "{file}");
        assert_all_completed(&run, 5, file);
    }
}

#[tokio::test]
async fn agents_that_are_made_are_promoted_only_when_they_are_good_enough() {
    // With one round the first versions are judged, fall short, and nobody improves them.
    for (max_rounds, promotion) in [(3, "promoted"), (1, "not_good_enough")] {
        let mut request: Value = serde_json::from_str(&read("4-create-agents.json")).expect("JSON");
        request["max_rounds"] = json!(max_rounds);
        let reply = answer(&call("create_agents", &request.to_string()).await, promotion);
        let created = reply["created"].as_array().expect("a list");
        let wanted = request["new_agents"].as_array().expect("a list");
        assert_eq!(created.len(), wanted.len());
        for (made, agent_spec) in created.iter().zip(wanted) {
            assert_eq!((&made["name"], &made["promotion"]), (&agent_spec["name"], &json!(promotion)));
            let good = made["score"].as_f64().is_some_and(|score| score >= 8.5);
            assert_eq!(good, promotion == "promoted", "{promotion}: {}", made["score"]);
        }
        let registered = reply["registry"].as_array().map(Vec::len);
        assert_eq!(registered, Some(if promotion == "promoted" { wanted.len() } else { 0 }));
    }
}

#[tokio::test]
async fn ten_designs_reach_ten_reviewers() {
    let reply = answer(&call("meta_workflow", &read("5-mass-creation.json")).await, "mass creation");
    let (created, reviewed): (Vec<&Value>, Vec<&Value>) = reply["results"]
        .as_array()
        .expect("results")
        .iter()
        .partition(|result| result["agent_type"] == "agent_creator");
    assert_eq!((created.len(), reviewed.len()), (10, 10));
    for (design, review) in created.iter().zip(reviewed) {
        let name = design["output"]["definition"]["name"].as_str().expect("a name");
        assert_eq!(review["task_id"], format!("{name}-review"));
        // The scripted reviewer quotes the prompt that it judges, and nobody told it of that but the creator.
        let prompt = design["output"]["definition"]["prompt"].as_str().expect("a prompt");
        let problem = review["output"]["issues"][0]["problem"].as_str().expect("a problem");
        let quote = problem.split(['“', '”']).nth(1).expect("a quote").trim_end_matches('…');
        assert!(!quote.is_empty() && prompt.contains(quote), "{name}: {problem}");
    }
}

#[tokio::test]
async fn a_result_reaches_the_task_that_builds_on_it() {
    let reply = answer(&call("orchestrate", &read("workflow-3-orchestration.json")).await, "workflow 3");
    let tasks = reply["plan"]["tasks"].as_array().expect("a plan");
    let agents: Vec<&str> = tasks.iter().filter_map(|task| task["agent_type"].as_str()).collect();
    assert_eq!(agents, ["code_reviewer", "documentation_writer"]);
    assert_eq!(tasks[1]["dependencies"], json!([tasks[0]["task_id"]]));
    assert_eq!(reply["unsupported_claims"], json!([]));
    assert!(reply["report"].as_str().is_some_and(|report| !report.trim().is_empty()), "{reply:#}");
}

#[tokio::test]
async fn agents_to_order_reach_the_score_that_the_goal_names() {
    let reply = answer(&call("orchestrate", &read("workflow-4-agents-to-order.json")).await, "workflow 4");
    let created = reply["created"].as_array().expect("a list");
    assert_eq!((created.len(), reply["registry"].as_array().map(Vec::len)), (5, Some(5)));
    for made in created {
        assert!(made["score"].as_f64().is_some_and(|score| score >= 8.5), "{made:#}");
        assert_eq!((&made["reason"], &made["promotion"]), (&json!("target_reached"), &json!("promoted")));
    }
    assert_eq!((&reply["plan"]["target_score"], &reply["plan"]["tasks"]), (&json!(8.5), &json!([])));
    assert_eq!((&reply["gaps"], &reply["unsupported_claims"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn what_fails_is_planned_anew_and_stays_on_record() {
    let first = "[[answers]]\nagent_type = \"code_reviewer\"\n";
    let failing =
        format!("{first}odds = {{ good = 0, failing = 1000 }}\nfailures = [{{ kind = \"rejected\" }}]\n\n{first}");
    let script = include_str!("../../scripts/default.toml").replacen(first, &failing, 1);
    let script = Script::from_toml(&script).unwrap_or_else(|error| panic!("{error}"));
    let simulation = Simulation::new(script, 1, SimulationOptions::default());
    let request = read("workflow-3-orchestration.json");
    let called = component().await.call("orchestrate", &request, simulation, &Clock::virtual_time()).await;
    let reply = answer(&called, "a failing reviewer");
    assert_eq!(
        (&reply["status"], &reply["reason"], &reply["problems"]),
        (&json!("partial"), &json!("compiled"), &json!([]))
    );
    let results = reply["run"]["results"].as_array().expect("results");
    let ids: Vec<&str> = results.iter().filter_map(|result| result["task_id"].as_str()).collect();
    assert_eq!(
        ids,
        [
            "orchestrate-plan-1",
            "review-1",
            "document",
            "orchestrate-replace-1-1",
            "review-1-again",
            "document-again",
            "orchestrate-compile",
        ]
    );
    assert_eq!(reply["gaps"].as_array().map(Vec::len), Some(2), "what replaced the two failed as well: {reply:#}");
}

#[tokio::test]
async fn every_agent_type_completes_its_own_example() {
    let listed = answer(&call("list_agents", "{}").await, "list_agents");
    let mut tasks = Vec::new();
    for agent in listed["agents"].as_array().expect("a list") {
        let arguments = json!({ "agent_type": agent["name"] }).to_string();
        let described = answer(&call("describe_agent", &arguments).await, &arguments);
        let example = &described["example_input"];
        assert!(example.as_object().is_some_and(|fields| !fields.is_empty()), "{arguments}: {example}");
        tasks.push(json!({
            "task_id": agent["name"], "agent_type": agent["name"],
            "task_description": described["description"], "input_data": example,
        }));
    }
    assert_eq!(tasks.len(), 25, "the catalogue has changed");
    let called = call("run_tasks", &json!({ "tasks": tasks, "max_concurrent": 25 }).to_string()).await;
    let report = answer(&called, "all agents");
    assert_all_completed(&report, tasks.len(), "all agents");
    for (result, task) in report["results"].as_array().expect("results").iter().zip(&tasks) {
        assert_eq!(result["agent_type"], task["agent_type"]);
    }
    assert_eq!(called.backend.checker().spawn_calls() as usize, tasks.len(), "none needed a second attempt");
}
