//! Ready-made groups of tasks.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::agent_spec;
use crate::improve::{self, DEFINITION_KIND};
use crate::spec::{AgentSpec, ContentTeamSpec, DevelopmentTeamSpec, MetaWorkflowSpec, ReviewTeamSpec, TeamSpec};
use parallel_agents_engine::agents::{BuiltIn, Catalogue};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::prompt;
use parallel_agents_engine::task::{InputSource, RunSpec, TaskSpec};
use parallel_agents_engine::text;

const CONTENT_TASK: &str = include_str!("../../prompts/team/content.md");
const DEVELOPMENT_TASK: &str = include_str!("../../prompts/team/development.md");
const REVIEW_FILE_TASK: &str = include_str!("../../prompts/team/review_file.md");
const REVIEW_TASK: &str = include_str!("../../prompts/team/review.md");

/// Bytes of a topic, a platform or an application's name.
const MAX_BRIEF_BYTES: usize = 4 * 1024;
/// Features of an application.
const MAX_FEATURES: usize = 50;
/// Bytes of source code under review: five reviewers get it whole, within the limit for a run.
pub const MAX_CODE_BYTES: usize = 96 * 1024;

const CONTENT: [&str; 5] = [
    "content_writer_creative",
    "content_writer_funny",
    "content_writer_educational",
    "content_writer_trendy",
    "content_writer_controversial",
];
const DEVELOPMENT: [&str; 5] =
    ["frontend_developer", "backend_developer", "database_architect", "api_designer", "devops_engineer"];
const REVIEW: [&str; 5] =
    ["code_reviewer", "security_reviewer", "performance_reviewer", "accessibility_reviewer", "test_engineer"];

/// The teams, one for each function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The content writers.
    Content,
    /// The development agents.
    Development,
    /// Five reviewers of one source text.
    Review,
    /// A creator and a reviewer for one agent type.
    CustomAgent,
    /// These two for each of several agent types.
    MetaWorkflow,
}

/// Tasks that may be edited, and whether to run them as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Team {
    /// A request for `run_tasks` with the limits that were given.
    pub run: RunSpec,
    /// Run it without another word.
    pub at_once: bool,
}

/// Makes a team of the arguments of its function, which has been checked against its schema.
pub fn make(kind: Kind, built_in: BuiltIn, document: Value) -> Result<Team, CallError> {
    let common: TeamSpec = read(&document)?;
    // The limits of the run have the same names as in a request for it.
    let mut run: RunSpec = read(&document)?;
    run.tasks = match kind {
        Kind::Content => content_team(&read(&document)?),
        Kind::Development => development_team(&read(&document)?),
        Kind::Review => review_team(&read(&document)?),
        Kind::CustomAgent => custom_agent(&read(&document)?, built_in),
        Kind::MetaWorkflow => meta_workflow(&read(&document)?, built_in),
    }?;
    Ok(Team { run, at_once: common.run == Some(true) })
}

fn read<'de, T: Deserialize<'de>>(document: &'de Value) -> Result<T, CallError> {
    T::deserialize(document)
        .map_err(|error| CallError::invalid(vec![Problem::new("E_REQUEST_TYPE", "", error.to_string())]))
}

/// The five content writers on one topic.
fn content_team(given: &ContentTeamSpec) -> Result<Vec<TaskSpec>, CallError> {
    let ContentTeamSpec { topic, platform } = given;
    let mut problems = Vec::new();
    brief("E_TOPIC", "topic", topic, &mut problems);
    brief("E_PLATFORM", "platform", platform, &mut problems);
    let description = instruction(CONTENT_TASK, [("platform", platform), ("topic", topic)]);
    team(&CONTENT, &description, json!({ "topic": topic, "platform": platform }), problems)
}

/// The five development agents on one application.
fn development_team(given: &DevelopmentTeamSpec) -> Result<Vec<TaskSpec>, CallError> {
    let DevelopmentTeamSpec { app_name, features } = given;
    let mut problems = Vec::new();
    brief("E_APP_NAME", "app_name", app_name, &mut problems);
    if features.is_empty() || features.len() > MAX_FEATURES {
        let message = format!("features: got {}, need 1..={MAX_FEATURES}", features.len());
        problems.push(
            Problem::new("E_FEATURES", "/features", message).got(features.len()).limit(format!("1..={MAX_FEATURES}")),
        );
    }
    for (index, feature) in features.iter().enumerate() {
        brief("E_FEATURES", &format!("features/{index}"), feature, &mut problems);
    }
    let description = instruction(DEVELOPMENT_TASK, [("app_name", app_name), ("features", &features.join(", "))]);
    team(&DEVELOPMENT, &description, json!({ "project_name": app_name, "features": features }), problems)
}

/// The five reviewers on one source text.
fn review_team(given: &ReviewTeamSpec) -> Result<Vec<TaskSpec>, CallError> {
    let (code, file) = (given.code.as_str(), given.file.as_deref());
    let mut problems = Vec::new();
    if code.trim().is_empty() {
        let problem = Problem::new("E_CODE_EMPTY", "/code", "code: there is nothing to review");
        problems.push(problem.got(code).hint("give the text of a source file"));
    } else if code.len() > MAX_CODE_BYTES {
        let message = format!("code: got {} bytes, need at most {MAX_CODE_BYTES}", code.len());
        let problem = Problem::new("E_CODE_TOO_LARGE", "/code", message).got(code.len());
        problems.push(
            problem.limit(format!("1..={MAX_CODE_BYTES} bytes")).hint("review one file, or one part of it, at a time"),
        );
    } else if code.contains('\0') {
        problems.push(Problem::new(
            "E_TASK_CHARS",
            "/code",
            "code: holds the character U+0000, so it is no source text",
        ));
    }
    if file.is_some_and(|file| file.is_empty() || file.len() > 512) {
        problems.push(Problem::new("E_FILE_NAME", "/file", "file: need 1..=512 bytes").limit("1..=512 bytes"));
    }
    let mut input = Map::new();
    if let Some(file) = file {
        input.insert("file_path".to_owned(), Value::from(file));
    }
    input.insert("code".to_owned(), Value::from(code));
    let description = match file {
        Some(file) => instruction(REVIEW_FILE_TASK, [("file", &text::escaped(text::head(file, 512)))]),
        None => instruction(REVIEW_TASK, []),
    };
    team(&REVIEW, &description, Value::Object(input), problems)
}

/// Two tasks for one agent type: a design, and the judgement of it.
fn custom_agent(wanted: &AgentSpec, built_in: BuiltIn) -> Result<Vec<TaskSpec>, CallError> {
    let mut problems = Vec::new();
    agent_spec::check_one(wanted, "", &mut Catalogue::new(built_in), &mut problems);
    if problems.is_empty() { Ok(design(wanted).into()) } else { Err(CallError::invalid(problems)) }
}

/// Two tasks for each agent type.
fn meta_workflow(given: &MetaWorkflowSpec, built_in: BuiltIn) -> Result<Vec<TaskSpec>, CallError> {
    let mut problems = Vec::new();
    agent_spec::check(&given.purposes, "/purposes", &mut Catalogue::new(built_in), &mut problems);
    if problems.is_empty() {
        Ok(given.purposes.iter().flat_map(design).collect())
    } else {
        Err(CallError::invalid(problems))
    }
}

/// The creator's task, and the reviewer's, which is given the definition itself.
fn design(wanted: &AgentSpec) -> [TaskSpec; 2] {
    let create = format!("{}-create", wanted.name);
    let review = TaskSpec {
        agent_type: "agent_design_reviewer".to_owned(),
        task_description: improve::judge_description(DEFINITION_KIND),
        input_data: Some(json!({ "kind": DEFINITION_KIND, "purpose": wanted.purpose })),
        input_from: vec![InputSource {
            field: "draft".to_owned(),
            task: create.clone(),
            pointer: "/definition".to_owned(),
        }],
        task_id: Some(format!("{}-review", wanted.name)),
        dependencies: vec![create.clone()],
        ..TaskSpec::default()
    };
    let creator = TaskSpec {
        agent_type: "agent_creator".to_owned(),
        task_description: improve::create_description(&wanted.name, &wanted.purpose),
        input_data: Some(Value::Object(wanted.input())),
        task_id: Some(create),
        ..TaskSpec::default()
    };
    [creator, review]
}

/// A task's description out of its file.
fn instruction<const N: usize>(template: &str, values: [(&str, &str); N]) -> String {
    prompt::fill(template.trim_end(), values)
}

fn brief(code: &str, field: &str, value: &str, problems: &mut Vec<Problem>) {
    let path = format!("/{field}");
    if value.trim().is_empty() {
        problems.push(Problem::new(code, path, format!("{field}: is blank")).got(value));
    } else if value.len() > MAX_BRIEF_BYTES || value.contains('\0') {
        let message = format!("{field}: got {} bytes, need 1..={MAX_BRIEF_BYTES} without U+0000", value.len());
        problems.push(Problem::new(code, path, message).got(value).limit(format!("1..={MAX_BRIEF_BYTES} bytes")));
    }
}

fn team(agents: &[&str], description: &str, input: Value, problems: Vec<Problem>) -> Result<Vec<TaskSpec>, CallError> {
    if !problems.is_empty() {
        return Err(CallError::invalid(problems));
    }
    let member = |agent_type: &&str| TaskSpec {
        agent_type: (*agent_type).to_owned(),
        task_description: description.to_owned(),
        input_data: Some(input.clone()),
        task_id: Some(agent_type.replace('_', "-")),
        ..TaskSpec::default()
    };
    Ok(agents.iter().map(member).collect())
}
