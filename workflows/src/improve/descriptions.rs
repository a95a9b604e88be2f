//! What the sessions that make and judge drafts are told to do.

use parallel_agents_engine::prompt;

const CREATE: &str = include_str!("../../../prompts/workflow/create.md");
const JUDGE: &str = include_str!("../../../prompts/workflow/judge.md");

/// What the creator is told to do.
pub fn create_description(name: &str, purpose: &str) -> String {
    prompt::fill(CREATE, [("name", name), ("purpose", purpose)])
}

/// What a judge is told to do.
pub fn judge_description(kind: &str) -> String {
    prompt::fill(JUDGE, [("kind", kind)])
}
