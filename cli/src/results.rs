//! What became of the items of a wide run: a line for each as soon as it is final, in a file that can be followed and gone on with.

mod ends;
mod spreadsheet;
mod whole_lines;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gateway_sim::observer::Observer;
use parallel_agents_engine::host::{Command, ItemResult};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::outcome::Failure;
use crate::output;
pub use ends::Ends;
use whole_lines::WholeLines;

/// Characters of a text field of an item that its line repeats; a longer one is left out of it.
const MAX_SHOWN_CHARS: usize = 1_000;

/// How each line begins, by which one that was written in part is known.
const BEGIN: &[u8] = br#"{"item":"#;

/// The file of lines, while it is written. Locked until it is dropped or the program is gone.
pub struct Results {
    lines: WholeLines,
    path: PathBuf,
    /// Where the table goes, if one is wanted.
    table: Option<PathBuf>,
    items: Vec<Value>,
    /// Items that have a line, or will have one as soon as there is room.
    told: BTreeSet<u32>,
    ends: Ends,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Line {
    item: u32,
    status: String,
    #[serde(default)]
    error: Option<Code>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

impl Results {
    /// A new file for the items of a request, and a new name for its table. One that is there already is an error: it may be
    /// somebody's only copy.
    pub fn create(output: &Path, request: &str) -> Result<Self, Failure> {
        let (path, table) = places(output);
        output::check([&table], &[], &[])?;
        if let Some(table) = table.as_ref().filter(|table| table.symlink_metadata().is_ok()) {
            return Err(not_created(table, io::ErrorKind::AlreadyExists.into()));
        }
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(&path);
        let file = file.map_err(|error| not_created(&path, error))?;
        lock(&file, &path)?;
        Ok(Self::of(WholeLines::new(file), path, table, request, BTreeSet::new()))
    }

    /// The file of a run that goes on, without a last line that was written in part. One that is gone is begun again: all items
    /// are told once more.
    pub fn reopen(output: &Path, request: &str) -> Result<Self, Failure> {
        let (path, table) = places(output);
        output::check([&table], &[], &[])?;
        let bad =
            |error: anyhow::Error| Failure::file(&path, error.context(format!("cannot go on with {}", path.display())));
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(|e| bad(e.into()))?;
        lock(&file, &path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| bad(error.into()))?;
        let rest = bytes.split_off(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        let text = String::from_utf8(bytes).map_err(|error| bad(error.into()))?;
        let told = told(&text).map_err(bad)?;
        if !rest.iter().zip(BEGIN).all(|(got, expected)| got == expected) {
            return Err(bad(anyhow::anyhow!("its last line is none of a wide run's results")));
        }
        file.set_len(text.len() as u64).map_err(|error| bad(error.into()))?;
        Ok(Self::of(WholeLines::new(file), path, table, request, told))
    }

    fn of(lines: WholeLines, path: PathBuf, table: Option<PathBuf>, request: &str, told: BTreeSet<u32>) -> Self {
        // What is no request will be refused by the component, in its own words.
        let mut request: Value = serde_json::from_str(request).unwrap_or_default();
        let items = match request.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items.into_iter().map(shown).collect(),
            _ => Vec::new(),
        };
        Self { lines, path, table, items, told, ends: Ends::default() }
    }

    /// The file that was asked for.
    pub fn output(&self) -> &Path {
        self.table.as_ref().unwrap_or(&self.path)
    }

    /// Where the lines are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How items ended that are not completed.
    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// Ends the file. Says where the answers are, or why they are not all there. A run that was refused leaves nothing.
    pub fn close(&mut self) -> Result<String, Failure> {
        if let Err(error) = self.lines.settle() {
            let fault = Fault::new(self.path.display(), format!("{} has not all items", self.path.display()));
            let fault = fault.hint("if the run has a journal, resume JOURNAL --output FILE writes the missing lines");
            return Err(Failure::output(anyhow::Error::from(error).context(fault)));
        }
        if self.told.is_empty() {
            // It stays as an empty file.
            let _ = std::fs::remove_file(&self.path);
            return Ok("no item was told".to_owned());
        }
        let lines = format!("{} has a line for each of {} items", self.path.display(), self.told.len());
        let Some(table) = self.table.clone() else { return Ok(lines) };
        let text = self.lines.text().context("cannot read the lines again");
        let text = text.and_then(|text| spreadsheet::of(&text, &self.items)).map_err(Failure::output)?;
        output::write(&table, &text)?;
        Ok(format!("{}, and {} is the table of them", lines, table.display()))
    }

    /// Writes the line of an item, unless it has one: a run that goes on tells what it told before.
    fn take(&mut self, item: &ItemResult) {
        self.ends.count(&item.document);
        if self.told.insert(item.item) {
            let line = self.line(item);
            self.lines.push(line);
        }
    }

    /// What the component says of an item, and the item itself.
    fn line(&self, item: &ItemResult) -> String {
        let place = usize::try_from(item.item).ok().and_then(|number| number.checked_sub(1));
        match (place.and_then(|place| self.items.get(place)), item.document.strip_suffix('}')) {
            (Some(input), Some(document)) => format!("{document},\"input\":{input}}}\n"),
            _ => format!("{}\n", item.document),
        }
    }
}

impl Observer for Results {
    fn command(&mut self, _at_ms: u64, command: &Command) {
        if let Command::Item(item) = command {
            self.take(item);
        }
    }
}

fn not_created(path: &Path, error: io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::AlreadyExists => {
            "choose another name, or go on with the run that wrote it: resume JOURNAL --output FILE"
        }
        _ => "it has to be a new name in a directory that can be written",
    };
    let fault = Fault::new(path.display(), format!("cannot create {}", path.display())).hint(hint);
    Failure::file(path, anyhow::Error::from(error).context(fault))
}

/// Where the lines go, and where the table.
fn places(output: &Path) -> (PathBuf, Option<PathBuf>) {
    let is_table = output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if !is_table {
        return (output.to_owned(), None);
    }
    let mut lines = OsString::from(output);
    lines.push(".jsonl");
    (PathBuf::from(lines), Some(output.to_owned()))
}

/// The files that a call writes as it goes on: its journal, and what a run over many items makes where its output goes.
pub fn written_meanwhile(journal: Option<&Path>, output: Option<&Path>) -> Vec<PathBuf> {
    let (lines, table) = output.map(places).unzip();
    journal.map(Path::to_owned).into_iter().chain(lines).chain(table.flatten()).collect()
}

fn lock(file: &File, path: &Path) -> Result<(), Failure> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let fault = Fault::new(path.display(), format!("another program writes {}", path.display()));
            Err(Failure::file(path, fault.hint("wait for its end").into()))
        }
        Err(TryLockError::Error(error)) => Err(Failure::file(path, error.into())),
    }
}

/// The items that have a line, or what is wrong with the file.
fn told(text: &str) -> anyhow::Result<BTreeSet<u32>> {
    let mut told = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        let Line { item, .. } = serde_json::from_str(line)
            .with_context(|| format!("line {} is none of a wide run's results", index + 1))?;
        if !told.insert(item) {
            let message = format!("line {}: item {item} stands there for the second time", index + 1);
            anyhow::bail!(Fault::new(format!("line {}", index + 1), message));
        }
    }
    Ok(told)
}

/// An item as its line repeats it: whoever reads the line knows which one it is, and long texts stand there once, in the answer.
fn shown(item: Value) -> Value {
    let is_short = |text: &str| text.chars().take(MAX_SHOWN_CHARS + 1).count() <= MAX_SHOWN_CHARS;
    match item {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, field)| field.as_str().is_none_or(is_short));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::String(text) if !is_short(&text) => Value::Null,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use serde_json::json;

    use super::whole_lines::tests::tight;
    use super::*;

    const REQUEST: &str = r#"{"items": [{"id": "a"}, {"id": "b"}, "c"]}"#;

    fn told_of(results: &mut Results, number: u32, output: &Value) {
        let error = if output.is_null() { json!({"code": "E_X"}) } else { Value::Null };
        let status = if output.is_null() { "failed" } else { "completed" };
        let document = json!({"item": number, "status": status, "output": output, "error": error}).to_string();
        results.command(0, &Command::Item(ItemResult { item: number, document }));
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).expect("the file");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn each_item_has_one_line_with_its_fields_whatever_is_told_again() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("results.jsonl");
        let mut results = Results::create(&path, REQUEST).expect("it is new");
        told_of(&mut results, 2, &json!("B"));
        told_of(&mut results, 1, &Value::Null);
        assert!(Results::reopen(&path, REQUEST).is_err(), "it is in use");
        drop(results);
        // What a crash in the middle of a line leaves.
        let mut torn = fs::read(&path).expect("the file");
        torn.extend(b"{\"item\":3,\"sta");
        fs::write(&path, torn).expect("the file");
        assert!(Results::create(&path, REQUEST).is_err(), "it may be somebody's only copy");
        let mut results = Results::reopen(&path, REQUEST).expect("it goes on");
        for (number, output) in [(2, json!("B")), (1, Value::Null), (3, json!("C"))] {
            told_of(&mut results, number, &output);
        }
        let found = lines(&path);
        let items: Vec<&Value> = found.iter().map(|line| &line["item"]).collect();
        assert_eq!(items, [2, 1, 3]);
        assert_eq!((&found[0]["input"], &found[2]["input"]), (&json!({"id": "b"}), &json!("c")));
        let ends = BTreeMap::from([(("E_X".to_owned(), "failed".to_owned()), (1, vec![1]))]);
        assert_eq!(results.ends().0, ends);
        assert!(results.close().expect("all is there").contains("each of 3 items"));
    }

    #[test]
    fn a_write_that_fails_costs_no_item() {
        // Of the first line, a part is written. How many writes fail, and whether there is room in the end.
        for (failures, has_room) in [(1, true), (2, true), (3, true), (u32::MAX, false)] {
            let path = PathBuf::from("results.jsonl");
            let mut results = Results::of(tight(failures, 0), path, None, REQUEST, BTreeSet::new());
            for number in [2, 1, 2, 3] {
                told_of(&mut results, number, &json!("x"));
            }
            assert_eq!(results.close().is_ok(), has_room, "{failures}");
            let text = results.lines.text().expect("the lines");
            let expected: BTreeSet<u32> = if has_room { BTreeSet::from([1, 2, 3]) } else { BTreeSet::new() };
            assert_eq!(told(&text).expect("whole lines"), expected, "{failures}");
        }
    }

    #[test]
    fn a_file_that_holds_something_else_is_not_gone_on_with() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("results.jsonl");
        let twice = "{\"item\":1,\"status\":\"x\"}\n{\"item\":1,\"status\":\"x\"}\n";
        for text in ["hello\n", "{\"a\": 1}\n", twice, "hello", "{\"a\": 1}", "{\"items\": [1]}", "[\n  1\n]"] {
            fs::write(&path, text).expect("the file");
            assert!(Results::reopen(&path, REQUEST).is_err(), "{text}");
            assert_eq!(fs::read_to_string(&path).expect("the file"), text);
        }
    }

    #[test]
    fn long_texts_of_items_are_not_repeated() {
        let long = "x".repeat(MAX_SHOWN_CHARS + 1);
        assert_eq!(shown(json!({"text": long, "path": "a", "n": 1})), json!({"path": "a", "n": 1}));
        assert_eq!((shown(json!(long)), shown(json!("short"))), (Value::Null, json!("short")));
    }

    #[test]
    fn a_table_is_written_beside_its_lines() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("results.csv");
        let mut results = Results::create(&path, REQUEST).expect("it is new");
        told_of(&mut results, 2, &json!({"score": 7}));
        told_of(&mut results, 1, &json!({"score": 8, "why": "a,b"}));
        let said = results.close().expect("it is written");
        let _ = fs::remove_file(place.path().join("results.csv.jsonl"));
        assert!(Results::create(&path, REQUEST).is_err(), "the table may be somebody's only copy");
        assert!(!place.path().join("results.csv.jsonl").exists());
        assert!(said.contains("results.csv.jsonl") && said.contains("results.csv is the table"), "{said}");
        let table = fs::read_to_string(&path).expect("the table");
        assert_eq!(table, "item,id,status,error,score,why\n1,a,completed,,8,\"a,b\"\n2,b,completed,,7,\n");
        let mut refused = Results::create(&place.path().join("none.jsonl"), REQUEST).expect("it is new");
        refused.close().expect("nothing to say");
        assert!(!place.path().join("none.jsonl").exists());
    }
}
