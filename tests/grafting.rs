//! Tasks that are grafted onto a run which is under way.

use parallel_agents::catalogue::BUILT_IN;
use parallel_agents::documents::run_schema;
use parallel_agents_engine::ids::TaskIndex;
use parallel_agents_engine::task::{AgentSource, DEFAULT_DEADLINE_SECONDS};
use parallel_agents_workflows::Common;
use parallel_agents_workflows::graft::{Checks, Earlier, Rules};
use serde_json::{Value, json};

fn rules() -> Rules {
    let common = Common { deadline_seconds: DEFAULT_DEADLINE_SECONDS, ..Common::default() };
    Rules { common, agents: Vec::new(), checks: Checks { run_schema: run_schema(), built_in: BUILT_IN } }
}

fn task(id: &str, agent: &str, on: &[&str]) -> Value {
    json!({"task_id": id, "agent_type": agent, "task_description": "Do it.", "dependencies": on})
}

#[test]
fn places_count_from_the_run_and_not_from_the_list() {
    let earlier = [Earlier { id: "a".to_owned(), agent_type: "code_reviewer".to_owned(), index: TaskIndex(3) }];
    let tasks = [task("b", "code_reviewer", &["a"]), task("c", "code_reviewer", &["b", "a"])];
    let grafted = rules().graft(&tasks, &[], &earlier, TaskIndex(9)).expect("good");
    assert_eq!(grafted.len(), 2);
    assert_eq!(grafted[0].dependencies, [TaskIndex(3)]);
    assert_eq!(grafted[1].dependencies, [TaskIndex(9), TaskIndex(3)]);
}

#[test]
fn problems_are_told_at_the_place_in_the_list() {
    let earlier = [Earlier { id: "a".to_owned(), agent_type: "code_reviewer".to_owned(), index: TaskIndex(3) }];
    let tasks = [task("a", "code_reviewer", &[]), task("c", "nobody", &["x"])];
    let problems = rules().graft(&tasks, &[], &earlier, TaskIndex(9)).expect_err("bad");
    let told: Vec<(&str, &str)> = problems.iter().map(|p| (p.code.as_str(), p.path.as_str())).collect();
    assert_eq!(
        told,
        [
            ("E_ID_DUPLICATE", "/tasks/0/task_id"),
            ("E_AGENT_UNKNOWN", "/tasks/1/agent_type"),
            ("E_DEP_UNKNOWN", "/tasks/1/dependencies/0"),
        ]
    );
}

#[test]
fn agents_that_were_made_come_on_top_of_the_limit() {
    let agent = |n: usize| {
        let definition = json!({"name": format!("agent_{n}"), "description": "Helps.", "prompt": "Help."});
        AgentSource::Definition(definition)
    };
    let rules = Rules { agents: (0..20).map(agent).collect(), ..rules() };
    let created: Vec<AgentSource> = (20..30).map(agent).collect();
    let grafted = rules.graft(&[task("b", "agent_29", &[])], &created, &[], TaskIndex(0)).expect("good");
    assert_eq!(grafted[0].agent.name.as_str(), "agent_29");
}
