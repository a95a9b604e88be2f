//! The text of a journal. This is its only reader and its only writer.
//!
//! A line is a checksum of sixteen hexadecimal digits, a space, and a JSON object. The checksum goes on from the line
//! before, so that a line that is missing, moved or from another journal is found as well as a changed one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::digest::{CHECKSUM_DIGITS, Checksum, CommandDigest, Digested};
use super::version::{ENGINE_REVISION, JOURNAL_VERSION};
use crate::host::{Command, Event};
use crate::problem::Problem;
use crate::text;

/// Bytes of a journal that are read; the component has 512 MiB for it and all that comes of it.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// About how many bytes the first line has, and the sums of the first two.
const HEAD_BYTES: usize = 256;

const NO_CHECKSUM: &str = "without a checksum and a space before its JSON";

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

/// One event and the commands that it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<E = Event, M = CommandDigest> {
    pub event: E,
    pub commands: Vec<M>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<S = Entry> {
    #[serde(rename = "step")]
    Entry(S),
    /// The call came back after so many steps.
    End(u64),
}

/// Where a journal ends: what its next line has to go on from.
#[derive(Clone, Debug)]
pub struct Writer {
    sum: Checksum,
    /// What is being written. Its room is used again, as there is a line for every event.
    text: Vec<u8>,
}

impl Writer {
    /// A writer at the start of a journal.
    pub fn start() -> Self {
        Self { sum: Checksum::START, text: Vec::new() }
    }

    /// The text of the first two lines.
    pub fn header(&mut self, header: &Header) -> String {
        self.text.reserve(header.arguments.len() + HEAD_BYTES);
        self.json(header);
        self.seal(|text| text.extend_from_slice(header.arguments.as_bytes()));
        // It may be large, and no other line is like it.
        String::from_utf8(std::mem::take(&mut self.text)).unwrap_or_default()
    }

    /// The text of a step.
    pub fn step(&mut self, event: &Event, commands: &[Command]) -> &str {
        self.line(&Line::Entry(Entry { event, commands: commands.iter().map(Digested).collect() }))
    }

    /// The text of the last line.
    pub fn end(&mut self, steps: u64) -> &str {
        self.line(&Line::<()>::End(steps))
    }

    fn line(&mut self, line: &impl Serialize) -> &str {
        self.text.clear();
        self.json(line);
        str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The text of a line of another journal, sealed as the next line of this one: for tests that splice journals.
    pub fn copy(&mut self, line: &str) -> &str {
        self.text.clear();
        self.seal(|text| text.extend_from_slice(parts(line).unwrap_or_default().1.as_bytes()));
        str::from_utf8(&self.text).unwrap_or_default()
    }

    fn json(&mut self, value: &impl Serialize) {
        self.seal(|text| {
            // Records and texts cannot fail to be written, nor can a list of bytes fail to take them.
            let _ = serde_json::to_writer(text, value);
        });
    }

    /// Adds a line whose JSON is written by `write`.
    fn seal(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len();
        self.text.extend_from_slice(&[b' '; CHECKSUM_DIGITS + 1]);
        write(&mut self.text);
        let (head, line) = self.text.split_at_mut(start + CHECKSUM_DIGITS);
        self.sum.take(line.get(1..).unwrap_or_default());
        head.iter_mut().skip(start).zip(self.sum.digits()).for_each(|(place, digit)| *place = digit);
        self.text.push(b'\n');
    }
}

/// A journal that is in order.
#[derive(Clone, Debug)]
pub struct Journal {
    /// What was called.
    pub header: Header,
    /// The events so far, each with the commands that followed.
    pub steps: Vec<Entry>,
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
        let hint = "start the call again, with the items or tasks that have no result yet, or with fewer in each run";
        return Err(problem("E_JOURNAL_TOO_LARGE", "", message).got(text.len()).limit(MAX_BYTES).hint(hint));
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
            Line::Entry(step) => steps.push(step),
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
    let foreign = |why: &str| {
        let begins = text::quoted(line);
        let message = format!("the text is not a journal of parallel-agents: it begins with {begins}, {why}");
        problem("E_JOURNAL_FOREIGN", "/lines/0", message).got(line)
    };
    let (sum, json) = parts(line).ok_or_else(|| foreign(NO_CHECKSUM))?;
    let versions: Versions = serde_json::from_str(json).map_err(|error| foreign(&error.to_string()))?;
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
    serde_json::from_str(json).map_err(|error| unreadable("/lines/0", error))
}

fn later_line(line: &str, path: &str, writer: &mut Writer) -> Result<Line, Problem> {
    serde_json::from_str(sealed(line, path, writer)?).map_err(|error| unreadable(path, error))
}

/// What stands behind the checksum of a line, if that is the right one.
fn sealed<'a>(line: &'a str, path: &str, writer: &mut Writer) -> Result<&'a str, Problem> {
    let (sum, json) = parts(line).ok_or_else(|| unreadable(path, NO_CHECKSUM))?;
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
    writer.sum.take(json.as_bytes());
    if writer.sum.digits() == sum.as_bytes() {
        return Ok(());
    }
    let message = "the line is not what was written, or another one is missing before it: its checksum differs";
    Err(problem("E_JOURNAL_CORRUPT", path, message).got(sum).limit(writer.sum))
}

fn unreadable(path: &str, why: impl fmt::Display) -> Problem {
    problem("E_JOURNAL_CORRUPT", path, format!("the line does not say what a line of a journal says: {why}"))
}

fn problem(code: &str, path: impl Into<String>, message: impl AsRef<str>) -> Problem {
    Problem::new(code, path, message)
}
