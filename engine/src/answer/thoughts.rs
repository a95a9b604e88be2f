//! What a model thought aloud before its answer is no part of the answer.
//!
//! Only a block at the very beginning is taken away, never something in the middle: text about such marks, and code with
//! them, stays whole.

use super::work;

/// Marks around thoughts, as model families write them.
const BLOCKS: [(&str, &str); 9] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
];

/// Channels: the answer is what stands in the one named final.
const CHANNEL: &str = "<|channel|>";
const FINAL_CHANNEL: &str = "<|channel|>final";
const MESSAGE: &str = "<|message|>";
const ENDS: [&str; 3] = ["<|return|>", "<|end|>", "<|im_end|>"];

/// The same where somebody took the special marks away and left their words.
const BARE_THOUGHTS: &str = "analysis";
const BARE_FINAL: &str = "assistantfinal";

/// Marks around the answer itself, beside marks around thoughts.
const ANSWERS: [(&str, &str); 3] =
    [("<answer>", "</answer>"), ("<response>", "</response>"), ("<|START_RESPONSE|>", "<|END_RESPONSE|>")];

/// The text without the thoughts before it; the text itself if it begins with none.
///
/// Empty if there is nothing but thoughts, whether they end or not.
pub fn without(text: &str) -> &str {
    let mut rest = text.trim_start();
    let mut found = false;
    if let Some(answer) = final_channel(rest) {
        return answer;
    }
    while let Some((_, end)) = BLOCKS.iter().find(|(start, _)| begins_with(rest, start)) {
        let Some(after) = after_mark(rest, end) else { return "" };
        rest = after.trim_start();
        found = true;
    }
    if !found && let Some(after) = after_lone_end(text) {
        rest = after.trim_start();
        found = true;
    }
    if found { unmarked(rest) } else { text }
}

fn begins_with(text: &str, mark: &str) -> bool {
    text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark))
}

/// What follows the first such mark.
fn after_mark<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let first = mark.chars().next()?;
    work::looked_at(text.len());
    let mut places = text.match_indices(first).map(|(at, _)| at);
    let at = places.find(|at| text.get(*at..).is_some_and(|rest| begins_with(rest, mark)))?;
    text.get(at + mark.len()..)
}

/// What follows an end whose start the prompt's template had: alone at the end of a line, and outside of code.
fn after_lone_end(text: &str) -> Option<&str> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        offset += line.len();
        if is_lone_end(line) {
            // Hardly an answer has such a line, so what stands before it is looked at only now.
            let (before, after) = text.split_at_checked(offset)?;
            return (!before.lines().any(shows_marks)).then_some(after);
        }
    }
    None
}

/// Whether a whole line ends with the end of thoughts.
fn is_lone_end(line: &str) -> bool {
    let bare = line.trim_end();
    let ends = |(_, end): &(&str, &str)| {
        bare.len().checked_sub(end.len()).and_then(|at| bare.get(at..)).is_some_and(|tail| begins_with(tail, end))
    };
    bare.ends_with(['>', ']', '▷']) && line.ends_with('\n') && !line.contains('`') && BLOCKS.iter().any(ends)
}

/// Whether a line begins a code fence, or has a mark at which thoughts begin.
fn shows_marks(line: &str) -> bool {
    let bare = line.trim_start();
    bare.starts_with("```")
        || bare.starts_with("~~~")
        || BLOCKS.iter().any(|(start, _)| after_mark(line, start).is_some())
}

fn final_channel(text: &str) -> Option<&str> {
    let after = if text.starts_with(CHANNEL) || text.starts_with("<|start|>") {
        match text.split_once(FINAL_CHANNEL) {
            Some((_, rest)) => rest.split_once(MESSAGE).map_or("", |(_, answer)| answer),
            None => "",
        }
    } else if text.starts_with(BARE_THOUGHTS) {
        text.split_once(BARE_FINAL)?.1
    } else {
        return None;
    };
    let mut answer = after.trim();
    while let Some(shorter) = ENDS.iter().find_map(|end| answer.strip_suffix(end)) {
        answer = shorter.trim_end();
    }
    Some(answer)
}

/// The content of the mark that surrounds a whole answer.
fn unmarked(text: &str) -> &str {
    let inner = ANSWERS.iter().find_map(|(start, end)| text.trim().strip_prefix(start)?.strip_suffix(end));
    inner.map_or(text, str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_before_the_answer_go() {
        for text in [
            "<think>\nSuch as {\"a\": 1}.\n</think>\n\nParis",
            "<think></think>Paris",
            " <THINK>x</Think> Paris",
            "<thinking>a</thinking>\n<thinking>b</thinking>\nParis",
            "<reasoning>x</reasoning>Paris",
            "<thought>x</thought>\nParis",
            "[THINK]x < y[/THINK]Paris",
            "◁think▷x◁/think▷Paris",
            "It is {\"answer\": …}.\n</think>\n\nParis",
            "so it is Paris.</think>\nParis",
            "<think>x</think>\n<answer>\nParis\n</answer>",
            "<|START_THINKING|>x<|END_THINKING|><|START_RESPONSE|>Paris<|END_RESPONSE|>",
            "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>Paris<|return|>",
            "<|start|>assistant<|channel|>final <|constrain|>json<|message|>Paris",
            "analysisWe need the capital.assistantfinalParis",
        ] {
            assert_eq!(without(text), "Paris", "{text}");
        }
    }

    #[test]
    fn nothing_but_thoughts_is_no_answer() {
        for text in ["<think>x", "<think>x</think>", "<think>x</think>\n", "[THINK]", "<|channel|>analysis<|message|>x"]
        {
            assert_eq!(without(text), "", "{text}");
        }
    }

    #[test]
    fn text_about_such_marks_stays_whole() {
        for text in [
            "Models write <think> and </think>\naround their thoughts.",
            "The end is `</think>`\nas you know.",
            "x = s.split(\"</think>\")[1]\n",
            "```html\n<p>\n</think>\n```\n",
            "# Marks\n\n```\n</think>\n```\nmore",
            "analysis of the data: it grows.",
            "Paris </think>",
            "",
            "  Paris",
        ] {
            assert_eq!(without(text), text);
        }
    }
}
