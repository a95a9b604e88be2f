//! What stands at a place of an answer, by its looks: a value, a list or a key.

/// Whether a value stands here by its looks, or a list if it is whole; and how many characters its row of brackets has.
pub(super) fn looks_like_value(text: &[char], at: usize) -> (bool, bool, usize) {
    let rest: String = text[at..].iter().collect();
    let look = within(&rest, 256);
    let row: String = look.chars().take_while(|c| matches!(c, '{' | '[') || c.is_whitespace()).collect();
    let row = row.trim_end();
    if row.is_empty() || !row.starts_with(['{', '[']) {
        return (false, false, 0);
    }
    let length = row.chars().count();
    let after = skip_comments(&look[row.len()..]);
    if after.is_empty() {
        return (look.len() < rest.len(), false, length);
    }
    let quoted = ["\"", "'", "\u{201c}", "\\\"", "\\'", "&quot;", "&#34;"].iter().any(|quote| after.starts_with(quote));
    if let Some(before) = row.strip_suffix('{') {
        let before: String = before.chars().filter(|c| !c.is_whitespace()).collect();
        return (quoted || (after.starts_with('}') && !before.ends_with('{')) || bare_key(&after), false, length);
    }
    let looks = quoted || (after.starts_with(']') && !(length == 1 && look.starts_with("[ ]")));
    let list = after.starts_with(|c: char| c.is_alphanumeric() || "+-.".contains(c));
    (looks, list && !looks, length)
}

/// The longest beginning of at most so many bytes.
fn within(text: &str, bytes: usize) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        if kept.len() + c.len_utf8() > bytes {
            break;
        }
        kept.push(c);
    }
    kept
}

fn skip_comments(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let rest = match text {
        _ if text.starts_with("//") || text.starts_with('#') => text.find('\n').map(|at| &text[at..]),
        _ if text.starts_with("/*") => text.find("*/").map(|at| &text[at + 2..]),
        _ => return text.to_owned(),
    };
    skip_comments(rest.unwrap_or(""))
}

fn bare_key(text: &str) -> bool {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || "_$-".contains(*c)).collect();
    let Some(value) = text[name.len()..].trim_start().strip_prefix(':') else { return false };
    !name.is_empty() && (value.starts_with(char::is_whitespace) || begins_value(value))
}

pub(super) fn is_key(text: &[char], at: usize) -> bool {
    let look = within(&text[at + 1..].iter().collect::<String>(), 255);
    let Some(end) = look.find('"') else { return false };
    let Some(value) = look[end + 1..].trim_start().strip_prefix(':') else { return false };
    end > 0 && !look[..end].contains('\n') && begins_value(value.trim_start())
}

fn begins_value(text: &str) -> bool {
    let words = ["true", "false", "null", "True", "False", "None"];
    text.starts_with(|c: char| c.is_ascii_digit() || "\"'-{[\u{201c}".contains(c))
        || words.iter().any(|word| text.starts_with(word))
}
