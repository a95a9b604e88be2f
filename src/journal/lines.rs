//! The text of a journal. This is its only reader and its only writer.
//!
//! A line is a checksum of sixteen hexadecimal digits, a space, and a JSON object. The checksum goes on from the line
//! before, so that a line that is missing, moved or from another journal is found as well as a changed one.

use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use super::{ENGINE_REVISION, JOURNAL_VERSION};
use crate::host::{Command, Event, SpawnOptions};
use crate::problem::Problem;
use crate::text;

/// Bytes of a journal that are read; the component has 64 MiB for it and all that comes of it.
const MAX_BYTES: usize = 24 * 1024 * 1024;

const CHECKSUM_DIGITS: usize = 16;

const LINE_BREAKS: [char; 2] = ['\n', '\r'];

/// The first two lines: what was called, by what, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    journal: u32,
    engine: u32,
    component: String,
    contract: String,
    /// A function of the JSON door.
    pub function: String,
    /// Its arguments, a JSON document without line breaks. They are the second line: they may be most of a journal, and so
    /// they stand there as they are, and not as a text within a text.
    #[serde(skip)]
    pub arguments: String,
}

impl Header {
    /// The header of a call by this version.
    pub fn new(function: &str, arguments: String) -> Self {
        Self {
            journal: JOURNAL_VERSION,
            engine: ENGINE_REVISION,
            component: crate::COMPONENT_VERSION.to_owned(),
            contract: crate::CONTRACT_VERSION.to_owned(),
            function: function.to_owned(),
            // In JSON, a line break always stands between two parts, and there a space does as well.
            arguments: match LINE_BREAKS.iter().any(|line_break| arguments.contains(*line_break)) {
                true => arguments.replace(LINE_BREAKS, " "),
                false => arguments,
            },
        }
    }
}

/// A command, as far as it is written down: enough to recognise it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark(String, String);

impl Mark {
    /// The mark of a command.
    pub fn of(command: &Command) -> Self {
        let what = match command {
            Command::Spawn(request, options) => words("spawn", request.0, &options.label),
            Command::List(request, _) => words("list", request.0, ""),
            Command::History(request, query) => words("history", request.0, query.session_key.as_str()),
            Command::Cancel(request, session) => words("cancel", request.0, session.as_str()),
            Command::Watch(request, session) => words("watch", request.0, session.as_str()),
            Command::Delete(request, session) => words("delete", request.0, session.as_str()),
            Command::Progress(progress) => words("progress", progress.seq, progress.task.as_str()),
        };
        Self(what, Self::sum(command).digits())
    }

    fn sum(command: &Command) -> Checksum {
        let mut sum = Checksum::START;
        let Command::Spawn(request, options) = command else {
            sum.take(&serde_json::to_string(command).unwrap_or_default());
            return sum;
        };
        // The prompt as it is: it is most of the command, and making a JSON text of it costs more than the sum.
        let SpawnOptions {
            task,
            label,
            task_name,
            agent_id,
            model,
            thinking,
            run_timeout_seconds,
            cleanup,
            tool_free,
            idempotency_key,
        } = &**options;
        let names = (request, label, task_name, agent_id, model, thinking, idempotency_key);
        let rest = (names, run_timeout_seconds, cleanup, tool_free);
        sum.take(task);
        sum.take(&serde_json::to_string(&rest).unwrap_or_default());
        sum
    }

    /// What the command was, in a few words.
    pub fn words(&self) -> &str {
        &self.0
    }
}

fn words(verb: &str, number: u64, what: &str) -> String {
    [verb, " ", &number.to_string(), if what.is_empty() { "" } else { " " }, what].concat()
}

/// One event and the commands that it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub event: Event,
    pub commands: Vec<Mark>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Step(Step),
    /// The call came back after so many steps.
    End(u64),
}

/// XXH64 (Yann Collet, xxHash) of a text, begun with the sum of the text before. It guards against accidents and not
/// against people: whoever may write the file may also write the checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Checksum(u64);

impl Checksum {
    const START: Self = Self(0);

    fn take(&mut self, text: &str) {
        self.0 = XxHash64::oneshot(self.0, text.as_bytes());
    }

    fn digits(self) -> String {
        text::hexadecimal(self.0)
    }
}

/// Where a journal ends: what its next line has to go on from.
#[derive(Clone, Debug)]
pub struct Writer(Checksum);

impl Writer {
    /// A writer at the start of a journal.
    pub fn start() -> Self {
        Self(Checksum::START)
    }

    /// The text of the first two lines.
    pub fn header(&mut self, header: &Header) -> String {
        let head = serde_json::to_string(header).unwrap_or_default();
        let mut lines = String::with_capacity(head.len() + header.arguments.len() + 2 * (CHECKSUM_DIGITS + 2));
        self.seal(&head, &mut lines);
        self.seal(&header.arguments, &mut lines);
        lines
    }

    /// The text of a step.
    pub fn step(&mut self, step: Step) -> String {
        self.line(&Line::Step(step))
    }

    /// The text of the last line.
    pub fn end(&mut self, steps: u64) -> String {
        self.line(&Line::End(steps))
    }

    fn line(&mut self, line: &Line) -> String {
        let json = serde_json::to_string(line).unwrap_or_default();
        let mut text = String::with_capacity(json.len() + CHECKSUM_DIGITS + 2);
        self.seal(&json, &mut text);
        text
    }

    fn seal(&mut self, json: &str, text: &mut String) {
        self.0.take(json);
        text.extend([self.0.digits().as_str(), " ", json, "\n"]);
    }
}

/// A journal that is in order.
#[derive(Clone, Debug)]
pub struct Journal {
    /// What was called.
    pub header: Header,
    /// What happened.
    pub steps: Vec<Step>,
    /// The call came back.
    pub complete: bool,
    /// The last line was cut off, and is left out. Nothing that it decided had been asked for.
    pub torn: bool,
    /// Bytes of the whole lines.
    pub length: usize,
    /// For what is appended.
    pub writer: Writer,
}

/// Reads a journal.
///
/// # Errors
/// `E_JOURNAL_TOO_LARGE`, `E_JOURNAL_EMPTY`, `E_JOURNAL_FOREIGN`, `E_JOURNAL_VERSION`, `E_JOURNAL_CORRUPT`.
pub fn read(text: &str) -> Result<Journal, Problem> {
    if text.len() > MAX_BYTES {
        let message = format!("the journal has {} bytes, more than the {MAX_BYTES} that can be read", text.len());
        return Err(problem("E_JOURNAL_TOO_LARGE", "", message).got(text.len()).limit(MAX_BYTES));
    }
    let length = text.rfind('\n').map_or(0, |at| at + 1);
    let (whole, rest) = text.split_at_checked(length).unwrap_or((text, ""));
    let mut lines = whole.lines().enumerate();
    let empty = || {
        let message = "the journal does not say what was called and with what, so nothing had been asked for";
        problem("E_JOURNAL_EMPTY", "", message).hint("start the call again")
    };
    let mut writer = Writer::start();
    let mut header = first_line(lines.next().ok_or_else(empty)?.1, &mut writer)?;
    header.arguments = sealed(lines.next().ok_or_else(empty)?.1, "/lines/1", &mut writer)?.to_owned();
    let (mut steps, mut complete) = (Vec::new(), false);
    for (index, line) in lines {
        let path = format!("/lines/{index}");
        if complete {
            return Err(problem("E_JOURNAL_CORRUPT", path, "a line follows the one that ends the journal"));
        }
        match later_line(line, &path, &mut writer)? {
            Line::Step(step) => steps.push(step),
            Line::End(count) if count == steps.len() as u64 => complete = true,
            Line::End(count) => {
                let message = format!("the journal has {} steps and says that they are {count}", steps.len());
                return Err(problem("E_JOURNAL_CORRUPT", path, message).got(steps.len()).limit(count));
            }
        }
    }
    if complete && !rest.is_empty() {
        return Err(problem("E_JOURNAL_CORRUPT", "", "a line follows the one that ends the journal"));
    }
    Ok(Journal { header, steps, complete, torn: !rest.is_empty(), length, writer })
}

fn first_line(line: &str, writer: &mut Writer) -> Result<Header, Problem> {
    #[derive(Deserialize)]
    struct Versions {
        journal: u32,
        engine: u32,
    }
    let foreign = || {
        let message = format!("the text is not a journal of parallel-agents: it begins with {}", text::quoted(line));
        problem("E_JOURNAL_FOREIGN", "/lines/0", message).got(line)
    };
    let (sum, json) = parts(line).ok_or_else(foreign)?;
    let versions: Versions = serde_json::from_str(json).map_err(|_| foreign())?;
    for (what, got, own) in
        [("journal", versions.journal, JOURNAL_VERSION), ("engine", versions.engine, ENGINE_REVISION)]
    {
        if got != own {
            let message = format!("the journal is of {what} version {got}, and this component reads version {own}");
            let hint = "finish it with the version of parallel-agents that began it";
            let found = problem("E_JOURNAL_VERSION", format!("/lines/0/{what}"), message);
            return Err(found.got(got).limit(own).hint(hint));
        }
    }
    check(sum, json, "/lines/0", writer)?;
    serde_json::from_str(json).map_err(|_| unreadable("/lines/0"))
}

fn later_line(line: &str, path: &str, writer: &mut Writer) -> Result<Line, Problem> {
    serde_json::from_str(sealed(line, path, writer)?).map_err(|_| unreadable(path))
}

/// What stands behind the checksum of a line, if that is the right one.
fn sealed<'a>(line: &'a str, path: &str, writer: &mut Writer) -> Result<&'a str, Problem> {
    let (sum, json) = parts(line).ok_or_else(|| unreadable(path))?;
    check(sum, json, path, writer)?;
    Ok(json)
}

/// The checksum and the rest.
fn parts(line: &str) -> Option<(&str, &str)> {
    let (sum, json) = line.split_at_checked(CHECKSUM_DIGITS)?;
    let is_sum = sum.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
    Some((sum, json.strip_prefix(' ')?)).filter(|_| is_sum)
}

fn check(sum: &str, json: &str, path: &str, writer: &mut Writer) -> Result<(), Problem> {
    writer.0.take(json);
    let due = writer.0.digits();
    if due == sum {
        return Ok(());
    }
    let message = "the line is not what was written, or another one is missing before it: its checksum differs";
    Err(problem("E_JOURNAL_CORRUPT", path, message).got(sum).limit(due))
}

fn unreadable(path: &str) -> Problem {
    problem("E_JOURNAL_CORRUPT", path, "the line does not say what a line of a journal says")
}

fn problem(code: &str, path: impl Into<String>, message: impl AsRef<str>) -> Problem {
    Problem::new(code, path, message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use std::sync::Arc;

    use super::*;
    use crate::ids::RequestId;
    use crate::task::Cleanup;

    #[test]
    fn every_field_of_a_spawn_is_in_its_mark() {
        let plain = SpawnOptions {
            task: "Look.".to_owned(),
            label: "a".to_owned(),
            task_name: "a".to_owned(),
            agent_id: None,
            model: None,
            thinking: None,
            run_timeout_seconds: 60,
            cleanup: Cleanup::Keep,
            tool_free: false,
            idempotency_key: "key".to_owned(),
        };
        let changes: [fn(&mut SpawnOptions); 10] = [
            |options| options.task.push('!'),
            |options| options.label.push('!'),
            |options| options.task_name.push('!'),
            |options| options.agent_id = Some("x".to_owned()),
            |options| options.model = Some("x".to_owned()),
            |options| options.thinking = Some("x".to_owned()),
            |options| options.run_timeout_seconds += 1,
            |options| options.cleanup = Cleanup::Delete,
            |options| options.tool_free = true,
            |options| options.idempotency_key.push('!'),
        ];
        let sum = |request, options: &SpawnOptions| {
            Mark::sum(&Command::Spawn(RequestId(request), Arc::new(options.clone()))).digits()
        };
        let mut sums = BTreeSet::from([sum(1, &plain), sum(2, &plain)]);
        for change in changes {
            let mut changed = plain.clone();
            change(&mut changed);
            sums.insert(sum(1, &changed));
        }
        assert_eq!(sums.len(), changes.len() + 2);
    }
}
