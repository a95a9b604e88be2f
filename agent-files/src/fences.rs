//! Where the head of a file begins and ends. Fences are often missing, indented or inside of a code block.

use super::{Warning, head, lines};

/// The parts of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts {
    /// The lines between the fences; none for a text without a head.
    pub head: Option<String>,
    /// The line of the file on which the head begins.
    pub first_line: usize,
    /// The lines after the second fence; the whole text where there is no head.
    pub body: String,
    /// What was taken for a fence although it is none.
    pub warnings: Vec<Warning>,
}

/// Lines of a head whose opening fence is missing are looked for within so many lines.
const MAX_BARE_HEAD: usize = 40;

/// Splits a text.
pub fn split(text: &str) -> Parts {
    let mut warnings = Vec::new();
    let (text, skipped) = unwrapped(text, &mut warnings);
    let lines: Vec<&str> = text.lines().collect();
    let (start, end) = match lines.first() {
        Some(first) if is_fence(first) => (1, closing(&lines, &mut warnings)),
        Some(first) if lines::key_of(first).is_some_and(lines::is_known) => match bare_head(&lines) {
            Some(end) => {
                warnings.push(Warning::whole("the head has no opening `---`"));
                (0, Some((end, end + 1)))
            }
            None => (0, None),
        },
        _ => (0, None),
    };
    let Some((head_end, body_start)) = end else {
        return Parts { head: None, first_line: skipped + 1, body: text.trim().to_owned(), warnings: Vec::new() };
    };
    let join = |from: usize, to: usize| lines.get(from..to).unwrap_or_default().join("\n");
    Parts {
        head: Some(join(start, head_end)),
        first_line: skipped + start + 1,
        body: join(body_start, lines.len()).trim().to_owned(),
        warnings,
    }
}

/// A fence is a line of three or more hyphens, whatever blanks follow.
fn is_fence(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 3 && line.bytes().all(|byte| byte == b'-')
}

/// The text without what stands around it: blank lines, a comment, a code block, blanks before each line. And how many lines
/// were left out before it.
fn unwrapped(text: &str, warnings: &mut Vec<Warning>) -> (String, usize) {
    let lines: Vec<&str> = text.lines().collect();
    let mut skipped = lines.iter().take_while(|line| line.trim().is_empty()).count();
    if lines.get(skipped).is_some_and(|line| line.trim_start().starts_with("<!--")) {
        let rest = lines.get(skipped..).unwrap_or_default();
        let length = rest.iter().position(|line| line.trim_end().ends_with("-->")).map_or(0, |at| at + 1);
        let blank = rest.iter().skip(length).take_while(|line| line.trim().is_empty()).count();
        if rest.get(length + blank).is_some_and(|line| is_fence(line)) {
            skipped += length + blank;
        }
    }
    let mut rest: Vec<&str> = lines.get(skipped..).unwrap_or_default().to_vec();
    let opens_block = rest.first().is_some_and(|line| line.starts_with("```"));
    if opens_block && rest.get(1).is_some_and(|line| is_fence(line)) {
        warnings.push(Warning::whole("the whole text stands in a code block, which is left out"));
        rest.remove(0);
        skipped += 1;
        while rest.last().is_some_and(|line| line.trim().is_empty()) {
            rest.pop();
        }
        if rest.last().is_some_and(|line| line.trim() == "```") {
            rest.pop();
        }
    }
    let indent = rest.first().map_or(0, |line| line.len() - line.trim_start().len());
    if indent > 0 && rest.first().is_some_and(|line| is_fence(line.trim_start())) {
        warnings.push(Warning::whole("the head is indented; blanks at the beginning of its lines are left out"));
        let outdented = |line: &&str| {
            let blanks = line.len() - line.trim_start().len();
            line.get(blanks.min(indent)..).unwrap_or_default().to_owned()
        };
        return (rest.iter().map(outdented).collect::<Vec<_>>().join("\n"), skipped);
    }
    (rest.join("\n"), skipped)
}

/// The line after the head and the first line of the text, for a text that begins with a fence. None if what follows is no
/// head.
fn closing(lines: &[&str], warnings: &mut Vec<Warning>) -> Option<(usize, usize)> {
    let fence = lines.iter().skip(1).position(|line| is_fence(line) || line.trim_end() == "...").map(|at| at + 1);
    let ended = fence.filter(|fence| {
        let inside = lines.get(1..*fence).unwrap_or_default();
        head::is_yaml(&inside.join("\n")) || !holds_heading(inside) && !holds_prose(inside)
    });
    if let Some(fence) = ended {
        return Some((fence, fence + 1));
    }
    let end = open_end(lines)?;
    warnings.push(Warning::whole("the head has no closing `---`; it ends where its keys end"));
    Some((end, end))
}

/// Whether a heading follows a blank line, as it does where a text has begun. One before a key is a comment.
fn holds_heading(lines: &[&str]) -> bool {
    let is_comment = |after: &[&str]| {
        let next = after.iter().find(|line| !line.trim().is_empty() && !is_heading(line));
        next.and_then(|line| lines::key_of(line)).is_some_and(lines::is_known)
    };
    let mut before_is_blank = false;
    lines.iter().enumerate().any(|(at, line)| {
        let begins = before_is_blank && is_heading(line);
        before_is_blank = line.trim().is_empty();
        begins && !is_comment(lines.get(at + 1..).unwrap_or_default())
    })
}

/// Whether prose follows a blank line after a key whose value is no prose.
fn holds_prose(lines: &[&str]) -> bool {
    let (mut in_text, mut after_blank) = (false, false);
    for line in lines {
        match lines::key_of(line) {
            // Others may be words of a description: `user: "…"` in an example.
            Some(key) if lines::is_known(key) => in_text = lines::is_text(key),
            None if after_blank && !in_text && line.starts_with(char::is_alphabetic) => return true,
            Some(_) | None => {}
        }
        after_blank = line.trim().is_empty();
    }
    false
}

fn is_heading(line: &str) -> bool {
    let signs = line.len() - line.trim_start_matches('#').len();
    (1..=6).contains(&signs) && line.get(signs..).is_some_and(|rest| rest.starts_with(' '))
}

/// Where the keys end in a head without a closing fence: at prose, or at the first blank line that no further key follows.
/// None without any key.
fn open_end(lines: &[&str]) -> Option<usize> {
    let mut end = 1;
    let mut after_blank = false;
    for (at, line) in lines.iter().enumerate().skip(1) {
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        let key = lines::key_of(line);
        let is_key = key.is_some_and(lines::is_known);
        let goes_on = !after_blank && (key.is_some() || line.starts_with([' ', '\t', '-', '<']));
        if !is_key && !goes_on {
            break;
        }
        after_blank = false;
        end = at + 1;
    }
    let head = lines.get(1..end).unwrap_or_default();
    head.iter().any(|line| lines::key_of(line).is_some_and(lines::is_known)).then_some(end)
}

/// The closing fence of a head that begins with a key.
fn bare_head(lines: &[&str]) -> Option<usize> {
    let end = lines.iter().take(MAX_BARE_HEAD).position(|line| is_fence(line))?;
    let head = lines.get(..end)?;
    (!holds_heading(head) && !holds_prose(head)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Head, first line and body, and whether something was warned about.
    fn parts(text: &str) -> (Option<String>, usize, String, bool) {
        let Parts { head, first_line, body, warnings } = split(text);
        (head, first_line, body, !warnings.is_empty())
    }

    fn expect(text: &str, head: &str, first_line: usize, body: &str, warned: bool) {
        assert_eq!(parts(text), (Some(head.to_owned()), first_line, body.to_owned(), warned), "{text:?}");
    }

    #[test]
    fn fences_are_found_in_all_their_shapes() {
        expect("---\nname: a\n---\nDo.\n\n---\n\nMore.", "name: a", 2, "Do.\n\n---\n\nMore.", false);
        expect("\n\n---  \nname: a\n-----\n\nDo.", "name: a", 4, "Do.", false);
        expect("---\nname: a\n...\nDo.", "name: a", 2, "Do.", false);
        expect("---\nname: a\n---", "name: a", 2, "", false);
        expect("<!-- kept\nby hand -->\n\n---\nname: a\n---\nDo.", "name: a", 5, "Do.", false);
        expect("```markdown\n---\nname: a\n---\nDo.\n```\n", "name: a", 3, "Do.", true);
        expect("\n    ---\n    name: a\n    ---\n\n    Do.\n  Less.", "name: a", 3, "Do.\nLess.", true);
    }

    #[test]
    fn a_missing_fence_is_made_up_for() {
        expect("---\nname: a\nmodel: b\n\nYou do.\n\n---\nEnd", "name: a\nmodel: b", 2, "You do.\n\n---\nEnd", true);
        expect("---\nname: a\n\nmodel: b\n\n# Role\n\nYou.", "name: a\n\nmodel: b", 2, "# Role\n\nYou.", true);
        expect("---\nname: a\ndescription: b\nYou.", "name: a\ndescription: b", 2, "You.", true);
        expect("---\nname: a\n# Role\nYou.", "name: a", 2, "# Role\nYou.", true);
        expect("---\nname: a\n\n# Role\n\nYou.\n\n---\n\nEnd", "name: a", 2, "# Role\n\nYou.\n\n---\n\nEnd", true);
        expect("name: a\ndescription: b\n---\nYou.", "name: a\ndescription: b", 1, "You.", true);
    }

    #[test]
    fn a_description_of_several_paragraphs_ends_no_head() {
        let head = "name: a\ndescription: Use it.\n\nExamples:\n<example>\nuser: \"Go\"\n\nThen more: yes.\n</example>\nmodel: b";
        expect(&format!("---\n{head}\n---\n\nYou."), head, 2, "You.", false);
    }

    #[test]
    fn a_comment_in_yaml_ends_no_head() {
        expect(
            "---\nname: a\n\n# whom it serves\nmodel: b\n---\nYou.",
            "name: a\n\n# whom it serves\nmodel: b",
            2,
            "You.",
            false,
        );
        let no_yaml = "name: a\ndescription: b: c: d\n\n# what it may use\n\ntools: none";
        expect(&format!("---\n{no_yaml}\n---\nYou."), no_yaml, 2, "You.", false);
    }

    #[test]
    fn texts_without_a_head_have_none() {
        for text in [
            "",
            "# Notes\n\nText.",
            "---\n\nA line above.",
            "Name it.\n---\nUnderlined.",
            "---",
            "name: a\n\nno fence",
            "Name: A\n\nYou read.\n\n---\n\n# Rules",
        ] {
            assert_eq!(parts(text).0, None, "{text:?}");
        }
    }
}
