//! Ready-made groups of tasks.

use serde_json::{Map, Value, json};

use crate::problem::{CallError, Problem};
use crate::task::TaskSpec;
use crate::text;

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

/// The five content writers on one topic.
pub fn content_team(topic: &str, platform: &str) -> Result<Vec<TaskSpec>, CallError> {
    let mut problems = Vec::new();
    brief("E_TOPIC", "topic", topic, &mut problems);
    brief("E_PLATFORM", "platform", platform, &mut problems);
    let description = format!("Write one post for {platform} about: {topic}");
    team(&CONTENT, &description, json!({ "topic": topic, "platform": platform }), problems)
}

/// The five development agents on one application.
pub fn development_team(app_name: &str, features: &[String]) -> Result<Vec<TaskSpec>, CallError> {
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
    let description =
        format!("Design your layer of the application {app_name}. It has to offer: {}.", features.join(", "));
    team(&DEVELOPMENT, &description, json!({ "project_name": app_name, "features": features }), problems)
}

/// The five reviewers on one source text.
pub fn review_team(code: &str, file: Option<&str>) -> Result<Vec<TaskSpec>, CallError> {
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
        Some(file) => format!("Review the source file {}.", text::escaped(text::head(file, 512))),
        None => "Review the source code.".to_owned(),
    };
    team(&REVIEW, &description, Value::Object(input), problems)
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
