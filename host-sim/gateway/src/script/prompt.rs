//! Reads back the prompt that the component writes (`prompts/task.md`), wherever a gateway has put it.

use std::borrow::Cow;

use parallel_agents_engine::task::OutputFormat;
use serde_json::{Map, Value};

use crate::search;

/// The parts of a prompt that a scripted agent works from.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// The agent type's id.
    pub agent_type: String,
    /// The task's name.
    pub task_id: String,
    /// The form of the answer.
    pub output_format: OutputFormat,
    /// What to do, in words.
    pub description: String,
    /// The input, field by field, in the order of the prompt.
    pub input: Map<String, Value>,
    /// The code of the marker lines around the input. Each prompt has one of its own.
    pub code: Option<String>,
    /// The JSON fence under the last `# Answer` before the header. Most prompts are answered without reading it.
    pub schema_text: Option<String>,
}

impl Prompt {
    /// Finds our prompt in a text that may begin and end with somebody else's words.
    ///
    /// None if the three header lines are not there. Whatever else is missing stays empty: a gateway may have cut it.
    pub fn parse(text: &str) -> Option<Self> {
        // A proxy or a file on the way may have turned the line ends round.
        let text = if search::has(text, b'\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
        let (header, front, body) = Header::find(&text)?;
        let input = InputBlock::find(body);
        let (before, after) = match &input {
            Some(block) => (&body[..block.start], &body[block.end..]),
            None => (body, body),
        };
        Some(Self {
            agent_type: header.agent_type.to_owned(),
            task_id: header.task_id.to_owned(),
            output_format: header.output_format,
            description: description(before, input.is_some()).to_owned(),
            code: input.as_ref().map(|block| block.nonce.to_owned()),
            input: input.map(|block| block.fields()).unwrap_or_default(),
            schema_text: answer_form(front).or_else(|| fence(after)).map(str::to_owned),
        })
    }

    /// The schema of a JSON answer, if the prompt shows one that can be read.
    pub fn schema(&self) -> Option<Value> {
        serde_json::from_str(self.schema_text.as_ref()?).ok()
    }
}

struct Header<'a> {
    agent_type: &'a str,
    task_id: &'a str,
    output_format: OutputFormat,
}

impl<'a> Header<'a> {
    /// The first three header lines in a row, and the texts before and after them.
    fn find(text: &'a str) -> Option<(Self, &'a str, &'a str)> {
        // A gateway may put a time stamp in front of the first line, so that one may begin anywhere.
        search::places(text, "Agent type: ").find_map(|at| {
            let (agent_type, rest) = value_line(&text[at..], "Agent type: ")?;
            let (task_id, rest) = value_line(rest, "Task id: ")?;
            let (format, rest) = value_line(rest, "Output format: ")?;
            let output_format = format_named(format)?;
            Some((Self { agent_type, task_id, output_format }, &text[..at], rest))
        })
    }
}

/// The value of a line that begins with `name`, and the text after that line.
fn value_line<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(name)?;
    let (value, rest) = rest.split_once('\n').unwrap_or((rest, ""));
    Some((value.trim(), rest))
}

fn format_named(name: &str) -> Option<OutputFormat> {
    use OutputFormat::{Code, Json, Markdown, Text};
    [Json, Markdown, Code, Text].into_iter().find(|format| format.name() == name)
}

/// What OpenClaw 2026.9.6 puts behind the task of a sub-agent, before what it says of its runtime.
const BEHIND_THE_TASK: &str = "\nBegin. Execute the assigned task to completion.";

/// The text between the header and the heading of the input, if there is one.
fn description(before_input: &str, has_input: bool) -> &str {
    let text = before_input.trim();
    // Prompts that are written by hand may have a heading of their own for the task, and the answer behind it.
    let (text, by_hand) = text.strip_prefix("# Task\n").map_or((text, false), |text| (text, true));
    let end = match (has_input, by_hand) {
        (true, _) => text.rfind("\n# Input\n"),
        (false, true) => text.find("\n# Answer\n"),
        (false, false) => text.rfind(BEHIND_THE_TASK),
    };
    text[..end.unwrap_or(text.len())].trim()
}

/// The JSON fence under the last heading for the answer.
fn answer_form(front: &str) -> Option<&str> {
    fence(search::behind_last(front, "# Answer\n")?)
}

/// What stands in the first JSON fence.
fn fence(after_input: &str) -> Option<&str> {
    let (_, rest) = search::around(after_input, "\n```json\n")?;
    search::around(rest, "\n```").map(|(text, _)| text)
}

/// The text between the two marker lines.
struct InputBlock<'a> {
    nonce: &'a str,
    content: &'a str,
    /// Where the opening marker begins.
    start: usize,
    /// Where the closing marker ends.
    end: usize,
}

impl<'a> InputBlock<'a> {
    /// The first pair of marker lines whose code the text before announces.
    ///
    /// Without that check, a description that talks about markers would be taken for the input.
    fn find(body: &'a str) -> Option<Self> {
        let mut offset = 0;
        for line in body.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let Some(nonce) = line.trim_end().strip_prefix("<<<INPUT ").and_then(|rest| rest.strip_suffix(">>>"))
            else {
                continue;
            };
            if !body[..start].contains(&format!("carry the code {nonce}.")) {
                continue;
            }
            let closing = format!("<<<END INPUT {nonce}>>>");
            let content_and_rest = &body[offset..];
            if let Some(length) = line_start(content_and_rest, &closing) {
                return Some(Self {
                    nonce,
                    content: &content_and_rest[..length],
                    start,
                    end: offset + length + closing.len(),
                });
            }
        }
        None
    }

    fn fields(&self) -> Map<String, Value> {
        let suffix = format!(" {}>>>", self.nonce);
        let name_of = |line: &'a str| line.trim_end().strip_prefix("<<<FIELD ")?.strip_suffix(&suffix);
        let mut fields = Map::new();
        let mut open: Option<(&str, usize)> = None;
        let mut offset = 0;
        for line in self.content.split_inclusive('\n') {
            if let Some(name) = name_of(line) {
                if let Some((name, start)) = open {
                    fields.insert(name.to_owned(), field_value(&self.content[start..offset]));
                }
                open = Some((name, offset + line.len()));
            }
            offset += line.len();
        }
        if let Some((name, start)) = open {
            fields.insert(name.to_owned(), field_value(&self.content[start..]));
        }
        fields
    }
}

/// Where the first line that is exactly `wanted` begins.
fn line_start(text: &str, wanted: &str) -> Option<usize> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == wanted {
            return Some(offset);
        }
        offset += line.len();
    }
    None
}

/// A field's value; the newline before the next marker is not part of it.
///
/// Strings stand there as they are and everything else as indented JSON, so a text counts as JSON only if writing the
/// value again gives the same text.
fn field_value(text: &str) -> Value {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let parsed = serde_json::from_str::<Value>(text).ok().filter(|value| !value.is_string());
    match parsed {
        Some(value) if serde_json::to_string_pretty(&value).is_ok_and(|again| again == text) => value,
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PROMPT: &str = "# Role\n\nBe good.\n\n# Answer\n\nFit:\n\n```json\n{\n  \"type\": \"object\"\n}\n```\n\n\
        # Task\n\nAgent type: reviewer\nTask id: t-1\nOutput format: json\n\n\
        Look at <<<INPUT fake>>> and\n<<<INPUT fake>>>\nsay more.\n\n# Input\n\nTwo lines that carry the code n0. More.\n\n\
        <<<INPUT n0>>>\n<<<FIELD code n0>>>\nfn a() {}\n<<<FIELD b n1>>>\n\n<<<FIELD list n0>>>\n[\n  1,\n  2\n]\n\
        <<<FIELD note n0>>>\n12 apples\n<<<FIELD empty n0>>>\n\n<<<END INPUT n0>>>\n\nDo it now.\n";

    #[test]
    fn what_a_gateway_puts_behind_the_task_is_none_of_it() {
        let header = "# Task\n\nAgent type: reviewer\nTask id: t-1\nOutput format: text\n\n";
        let behind = "\n\nBegin. Execute the assigned task to completion.\n\nRuntime: agent=main";
        assert_eq!(parsed(&format!("{header}Write part 1.{behind}")).description, "Write part 1.");
        assert_eq!(parsed(&format!("{header}Write part 1.\n")).description, "Write part 1.");
    }

    fn parsed(text: &str) -> Prompt {
        Prompt::parse(text).expect("one of ours")
    }

    #[test]
    fn all_parts_are_found() {
        let prompt = parsed(PROMPT);
        assert_eq!((prompt.agent_type.as_str(), prompt.task_id.as_str()), ("reviewer", "t-1"));
        assert_eq!(prompt.output_format, OutputFormat::Json);
        assert_eq!(prompt.description, "Look at <<<INPUT fake>>> and\n<<<INPUT fake>>>\nsay more.");
        assert_eq!(prompt.code.as_deref(), Some("n0"));
        assert_eq!(prompt.schema(), Some(json!({"type": "object"})));
        let expected =
            json!({"code": "fn a() {}\n<<<FIELD b n1>>>\n", "list": [1, 2], "note": "12 apples", "empty": ""});
        assert_eq!(Value::Object(prompt.input), expected);
    }

    #[test]
    fn foreign_text_around_it_changes_nothing() {
        let wrapped = format!(
            "[Sun 12:00] [Subagent Task] talks of an Agent type: none\n\n{PROMPT}\n\nBegin. ```json\n{{}}\n```"
        );
        assert_eq!(parsed(&wrapped), parsed(PROMPT));
        assert_eq!(parsed(&format!("[Sun 12:00] {PROMPT}")), parsed(PROMPT));
        assert_eq!(parsed(&PROMPT.replace('\n', "\r\n")), parsed(PROMPT));
    }

    #[test]
    fn what_is_missing_stays_empty() {
        let prompt = parsed("Agent type: a\nTask id: b\nOutput format: text");
        assert_eq!((prompt.description.as_str(), prompt.input.len(), prompt.schema()), ("", 0, None));
        let cut = parsed(&PROMPT[..PROMPT.find("<<<END").expect("a marker")]);
        assert!(cut.input.is_empty(), "an open block may be a forged one");
    }

    #[test]
    fn other_texts_are_not_ours() {
        for text in
            ["", "Agent type: a", "Agent type: a\nTask id: b", "Agent type: a\nTask id: b\nOutput format: poem\n"]
        {
            assert_eq!(Prompt::parse(text), None, "{text}");
        }
    }
}
