//! What is meant to be a definition. A directory of agents also holds descriptions of itself, and other formats.

use std::path::Path;

use serde_json::{Map, Value};

/// Files that may hold a definition: Markdown, and the rules of an editor, which are the same with another name.
pub const EXTENSIONS: [&str; 3] = ["md", "mdc", "markdown"];

/// Formats of agents that are not read: their ending, and the keys by which they are known.
const OTHER_EXTENSIONS: [&str; 4] = ["toml", "yaml", "yml", "json"];
const OTHER_KEYS: [&str; 6] =
    ["developer_instructions", "system_prompt", "systemPrompt", "instructions", "prompt", "customModes"];

/// Names of files that describe a project.
const DOCUMENTS: [&str; 10] = [
    "readme",
    "changelog",
    "contributing",
    "license",
    "code_of_conduct",
    "pull_request_template",
    "authors",
    "index",
    "quickstart",
    "todo",
];

/// The same, where only capitals make them one: `security.md` may be an agent.
const DOCUMENTS_IN_CAPITALS: [&str; 6] = ["AGENTS", "CLAUDE", "GEMINI", "SECURITY", "MEMORY", "SOUL"];

/// Keys that only agents have.
const AGENT_KEYS: [&str; 14] = [
    "name",
    "tools",
    "model",
    "mode",
    "prompt",
    "tier",
    "permission",
    "permissions",
    "globs",
    "alwaysApply",
    "applyTo",
    "allowed-tools",
    "agent",
    "timeout_seconds",
];

/// Keys of pages of a website.
const PAGE_KEYS: [&str; 8] =
    ["layout", "sidebar_position", "sidebar_label", "date", "permalink", "weight", "parent", "nav_order"];

/// Headings under which a text says what an agent is.
const ROLE_HEADINGS: [&str; 6] =
    ["role", "your role", "mission", "persona", "responsibilities", "core responsibilities"];

/// Whether a file may hold a definition, by its name.
pub fn is_candidate(path: &Path) -> bool {
    has_extension(path, &EXTENSIONS)
}

/// Whether a file may hold an agent in another format, by its name.
pub fn may_be_other(path: &Path) -> bool {
    has_extension(path, &OTHER_EXTENSIONS)
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    known.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// Whether a file that is no Markdown holds an agent: it has a text for one under a usual key.
pub fn is_other_agent(text: &str) -> bool {
    text.lines().take(200).any(|line| {
        let key = line.trim_start().split(['=', ':']).next().unwrap_or_default().trim().trim_matches('"');
        OTHER_KEYS.contains(&key)
    })
}

/// The name of a file without its endings: `.chatmode.md` and `.agent.md` are endings too.
pub fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let inner = stem.rsplit_once('.').filter(|(name, kind)| {
        !name.is_empty() && ["agent", "chatmode", "prompt", "instructions", "mode"].contains(kind)
    });
    let name = inner.map_or(stem.clone(), |(name, _)| name.to_owned());
    // A skill is called by its folder.
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy().into_owned());
    if name == "SKILL" { folder.unwrap_or(name) } else { name }
}

/// Whether a file describes a project, by its name.
pub fn is_document(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let plain = stem.to_lowercase();
    let is_readme = DOCUMENTS.iter().take(3).any(|name| plain.strip_prefix(name).is_some_and(is_language));
    is_readme || DOCUMENTS.contains(&plain.as_str()) || DOCUMENTS_IN_CAPITALS.contains(&stem.as_str())
}

/// Translations have the language after the name: README_JA, readme.zh-cn.
fn is_language(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split(['_', '-', '.']).collect();
    rest.is_empty()
        || matches!(parts.as_slice(), ["", rest @ ..] if rest.len() <= 2 && rest.iter().all(|part| part.len() <= 4))
}

/// Whether a head is that of an agent.
pub fn is_agent_head(fields: &Map<String, Value>, path: &Path) -> bool {
    let has = |keys: &[&str]| fields.keys().any(|key| keys.iter().any(|known| known.eq_ignore_ascii_case(key)));
    if is_document(path) {
        return has(&["name"]) && has(&["description"]);
    }
    has(&AGENT_KEYS) || has(&["description"]) && !has(&PAGE_KEYS)
}

/// Whether a text without a head speaks to an agent.
pub fn speaks_to_an_agent(text: &str) -> bool {
    text.lines().any(|line| {
        let heading = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim().to_lowercase());
        let line = line.trim_start_matches(['#', '*', '>', ' ']);
        heading.is_some_and(|heading| ROLE_HEADINGS.contains(&heading.as_str()))
            || ["You are", "You're", "Act as", "Your role", "Your job", "Your task"]
                .iter()
                .any(|start| line.strip_prefix(start).is_some_and(|rest| rest.starts_with(' ')))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stems_lose_the_endings_of_editors() {
        for (path, name) in [
            ("a/x.md", "x"),
            ("a/plan.chatmode.md", "plan"),
            ("a/Plan.agent.md", "Plan"),
            ("a/rule.mdc", "rule"),
            ("a/v1.2.md", "v1.2"),
            ("pdf/SKILL.md", "pdf"),
        ] {
            assert_eq!(stem(Path::new(path)), name);
        }
    }

    #[test]
    fn documents_are_known_by_their_names() {
        for path in [
            "README.md",
            "readme.md",
            "README_JA.md",
            "CONTRIBUTING_zh-CN.md",
            "CLAUDE.md",
            "x/AGENTS.md",
            "license.md",
        ] {
            assert!(is_document(Path::new(path)), "{path}");
        }
        for path in [
            "security.md",
            "readme-writer.md",
            "readme-agent.md",
            "changelog-reviewer.md",
            "agents.md",
            "index-builder.md",
            "a.md",
        ] {
            assert!(!is_document(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn heads_of_agents_and_of_pages_are_told_apart() {
        let is = |fields: Value, path: &str| is_agent_head(fields.as_object().expect("an object"), Path::new(path));
        assert!(is(json!({"name": "a"}), "a.md") && is(json!({"description": "d"}), "a.md"));
        assert!(is(json!({"globs": "*.rs"}), "a.mdc"));
        assert!(!is(json!({"title": "t", "sidebar_position": 1, "description": "d"}), "a.md"));
        assert!(!is(json!({"title": "t"}), "a.md") && !is(json!({"name": "a"}), "README.md"));
        assert!(is(json!({"name": "a", "description": "d"}), "README.md"));
    }

    #[test]
    fn texts_that_speak_to_an_agent_are_told_from_notes() {
        for text in ["# X\n\nYou are a weigher.", "**You are a weigher**", "# X\n\n## Mission\n\n量る。"] {
            assert!(speaks_to_an_agent(text), "{text}");
        }
        for text in ["# Notes\n\nWhat you are told.", "# My agents", "## Missions\n"] {
            assert!(!speaks_to_an_agent(text), "{text}");
        }
    }

    #[test]
    fn agents_of_other_formats_are_seen() {
        assert!(is_other_agent("name = \"a\"\ndeveloper_instructions = \"\"\"\nDo."));
        assert!(is_other_agent("{\n  \"name\": \"a\",\n  \"prompt\": \"Do.\"\n}"));
        assert!(is_other_agent("customModes:\n  - slug: a"));
        assert!(!is_other_agent("[package]\nname = \"a\""));
    }
}
