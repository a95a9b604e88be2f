//! Puts right, without asking anybody, what can only mean one thing: comments and trailing commas in JSON.
//!
//! Nothing that would need a guess is touched: no quotes are added, no end is made up, no value is chosen.

/// The text without comments and without commas before a closing bracket; None if it has neither.
///
/// Works on text around JSON too, since a comma or slash outside of strings and before a bracket carries no value. A text
/// whose quotes do not pair keeps everything after the last one as it is, and will not parse anyway.
pub fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    let (mut in_string, mut escaped, mut changed) = (false, false, false);
    while let Some((at, character)) = rest.next() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            out.push(character);
            continue;
        }
        let following = text.get(at + character.len_utf8()..).unwrap_or_default();
        let end_of_comment = match character {
            // `https://` in prose is no comment.
            '/' if following.starts_with('/') && stands_free(&out) => {
                Some(following.find('\n').unwrap_or(following.len()))
            }
            '/' if following.starts_with('*') && stands_free(&out) => following.find("*/").map(|length| length + 2),
            _ => None,
        };
        if let Some(length) = end_of_comment {
            changed = true;
            let end = at + 1 + length;
            while rest.next_if(|(next, _)| *next < end).is_some() {}
            continue;
        }
        match character {
            ']' | '}' => {
                let kept = out.trim_end().len();
                if out.get(..kept).is_some_and(|before| before.ends_with(',')) {
                    out.truncate(kept - 1);
                    changed = true;
                }
            }
            '"' => in_string = true,
            _ => {}
        }
        out.push(character);
    }
    changed.then_some(out)
}

/// Whether a comment can begin here: at the start, after a space, or behind the end of a value.
fn stands_free(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_none_or(|c| c.is_whitespace() || c.is_ascii_digit() || matches!(c, '{' | '}' | '[' | ']' | ',' | '"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_comments_go_and_strings_stay() {
        let rows = [
            ("{\"a\": [1, 2,], }", "{\"a\": [1, 2]}"),
            ("{\"a\": 1, // one\n \"b\": 2}", "{\"a\": 1, \n \"b\": 2}"),
            ("{\"a\": \"x\" /* \"why\" */}", "{\"a\": \"x\" }"),
            ("[\"//\", \",]\", \"\\\",}\",]", "[\"//\", \",]\", \"\\\",}\"]"),
        ];
        for (broken, whole) in rows {
            assert_eq!(repaired(broken).as_deref(), Some(whole), "{broken}");
        }
    }

    #[test]
    fn what_needs_no_repair_or_a_guess_is_left_alone() {
        for text in ["{\"a\": 1}", "{'a': 1}", "{\"a\": \"cut", "see https://x.example, and that", "", "\"é,]"] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }
}
