//! The code in an answer that has to be code.

/// Prose around one fence that is still a remark on it.
const MAX_REMARK_BYTES: usize = 600;

/// Words of a line from which on it can be a sentence.
const SENTENCE_WORDS: usize = 4;

/// Why there is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCode {
    /// Several fences, none of which is the answer alone.
    Several(usize),
    /// A fence that is not closed.
    Unclosed,
    /// One fence in a long text.
    Buried,
    /// Sentences, and nothing that looks like code.
    Prose,
}

impl NoCode {
    /// The message of the task's error.
    pub fn message(self) -> String {
        match self {
            Self::Several(count) => format!("the answer has {count} code blocks, where one was asked for"),
            Self::Unclosed => "the code block of the answer has no end".to_owned(),
            Self::Buried => "the answer is a text with a code block in it, where code was asked for".to_owned(),
            Self::Prose => "the answer is prose, where code was asked for".to_owned(),
        }
    }
}

/// The content of the one fence of a text with a short remark around it at most, or the whole text if it has no fence
/// and is not prose.
pub fn of(text: &str) -> Result<&str, NoCode> {
    let blocks = blocks(text).ok_or(NoCode::Unclosed)?;
    match blocks.as_slice() {
        [] if is_prose(text) => Err(NoCode::Prose),
        [] => Ok(text),
        [block] if text.trim().len().saturating_sub(block.whole.trim().len()) <= MAX_REMARK_BYTES => Ok(block.content),
        [_] => Err(NoCode::Buried),
        several => Err(NoCode::Several(several.len())),
    }
}

struct Block<'a> {
    whole: &'a str,
    content: &'a str,
}

/// The fenced blocks of a text, as CommonMark has them: a line of three or more marks opens one, at least as many of the
/// same close it. None: the last one is open.
fn blocks(text: &str) -> Option<Vec<Block<'_>>> {
    let mut found = Vec::new();
    let mut open: Option<(&str, usize, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let marks = marks(line);
        let info = line.trim().get(marks.len()..).unwrap_or_default();
        match open {
            None if !(marks.is_empty() || marks.starts_with('`') && info.contains('`')) => {
                open = Some((marks, start, at))
            }
            Some((opening, whole, content)) if marks.starts_with(opening) && info.is_empty() => {
                let whole = text.get(whole..at).unwrap_or_default().trim_end();
                found.push(Block { whole, content: text.get(content..start).unwrap_or_default() });
                open = None;
            }
            _ => {}
        }
    }
    open.is_none().then_some(found)
}

/// The marks that a line begins with, if they are enough for a fence.
fn marks(line: &str) -> &str {
    let line = line.trim();
    let mark = if line.starts_with('~') { '~' } else { '`' };
    let length = line.find(|c| c != mark).unwrap_or(line.len());
    if length >= 3 { line.get(..length).unwrap_or_default() } else { "" }
}

/// Whether a text has sentences, and no line that looks like code. Where both is possible it counts as code.
fn is_prose(text: &str) -> bool {
    let mut sentences = 0;
    // A comment and the heading of a text look alike.
    let comments = ["//", "/*", "*", "#", "--", ";", "%"];
    let is_comment =
        |line: &str| comments.iter().any(|comment| line.trim().starts_with(comment)) && !line.starts_with("#!");
    for line in text.lines().filter(|line| !is_comment(line)) {
        if looks_like_code(line) {
            return false;
        }
        sentences += usize::from(is_sentence(line));
    }
    sentences > 0
}

fn looks_like_code(line: &str) -> bool {
    let signs = ["=", "::", "->", "</", "/>", "<?", "#!", "&&", "||", "();", "{", "}", "$"];
    let is_indented = line.starts_with(['\t']) || line.starts_with("    ");
    let calls = line.match_indices('(').any(|(at, _)| {
        line.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    });
    let line = line.trim();
    is_indented
        || calls
        || line.ends_with(';')
        || line.starts_with(['@', '<'])
        || signs.iter().any(|sign| line.contains(sign))
}

fn is_sentence(line: &str) -> bool {
    let line = line.trim().trim_end_matches(['"', '\'', ')', '*', '_', '\u{201d}']);
    let words = line.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    line.ends_with(['。', '！', '？']) || (words >= SENTENCE_WORDS && line.ends_with(['.', '!', '?', ':', '…']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fence_with_a_short_remark_is_its_content() {
        for text in [
            "```rust\nfn main() {}\n```",
            "Here is the code:\n\n```rust\nfn main() {}\n```\n\nIt does nothing.",
            "~~~~\nfn main() {}\n~~~~\n",
            "  ```\nfn main() {}\n  ```",
        ] {
            assert_eq!(of(text), Ok("fn main() {}\n"), "{text}");
        }
        let nested = "````md\n```rust\nx\n```\n````";
        assert_eq!(of(nested), Ok("```rust\nx\n```\n"));
    }

    #[test]
    fn bare_code_is_code() {
        for text in [
            "fn main() {}\n",
            "print('Hello, world. How are you?')",
            "x = 1  # This is a comment about one.",
            "SELECT name FROM users ORDER BY name",
            "# Only a comment that says what is missing here.",
            "name: test\non: push\njobs:\n  build:\n    runs-on: linux\n",
            "<p>This is a whole sentence.</p>",
            "let s = `a ``` b`;",
            "likes(mary, wine).",
            "",
        ] {
            assert_eq!(of(text), Ok(text));
        }
    }

    #[test]
    fn what_is_no_single_piece_of_code_is_refused() {
        let long = format!("{}\n\n```\nx\n```", "This goes on and on. ".repeat(40));
        for (text, why) in [
            ("You could use a loop here and add the numbers.", NoCode::Prose),
            ("The plan:\n\n- first read the file.\n- then count its lines (as asked).", NoCode::Prose),
            ("これは関数です。", NoCode::Prose),
            ("# Plan\n\nYou could use a loop for this.\n\n## Why\n\nIt is short and it works.", NoCode::Prose),
            ("```a\nx\n```\n\n```b\ny\n```", NoCode::Several(2)),
            ("```rust\nfn main() {", NoCode::Unclosed),
            (&long, NoCode::Buried),
        ] {
            assert_eq!(of(text), Err(why), "{text}");
            assert!(why.message().contains("answer"));
        }
    }
}
