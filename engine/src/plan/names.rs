//! Names of models, agents and thinking levels.

use std::fmt::Display;

use crate::problem::Problem;

/// Characters of a model's, an agent's or a thinking level's name.
const MAX_NAME_CHARS: usize = 128;

/// `[A-Za-z0-9._:/@-]{1,128}` without `..`: a name of the host's, never a path that climbs.
pub fn check_name(code: &str, path: impl Display, name: Option<&str>, problems: &mut Vec<Problem>) {
    let Some(name) = name else { return };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '@' | '-');
    if name.is_empty() || name.len() > MAX_NAME_CHARS || !name.chars().all(allowed) || name.contains("..") {
        let path = path.to_string();
        let field = path.rsplit('/').next().unwrap_or_default();
        let message = format!("{field}: {} has another form", crate::text::quoted(name));
        let limit = format!("[A-Za-z0-9._:/@-]{{1,{MAX_NAME_CHARS}}} without `..`");
        problems.push(Problem::new(code, path, message).got(name).limit(limit));
    }
}
