//! Tables: the first row has the names of the columns, every other one is an item.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use parallel_agents_engine::placeholders::is_name;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// What may stand between fields, if nobody says which it is.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The rows of a table as objects, all of whose fields are texts.
pub fn read(text: &str, delimiter: Option<char>) -> anyhow::Result<Vec<Value>> {
    let delimiter = delimiter.unwrap_or_else(|| guess(text));
    let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
    let Some(byte) = byte.filter(|byte| !matches!(byte, b'"' | b'\n' | b'\r')) else {
        let fault = Fault::new("--delimiter", "a delimiter is one ASCII character, and no quote or line end");
        bail!(fault.got(delimiter).hint("a tab is written $'\\t' in most shells"))
    };
    if let Some(line) = open_quote(text, delimiter) {
        let line = format!("line {line}");
        let fault = Fault::new(&line, format!("{line}: a quote opens here and nothing closes it"));
        bail!(fault.hint("all that follows would be one field; a quote within a quoted field is written twice"))
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(byte).from_reader(text.as_bytes());
    let names = columns(reader.headers().context("its first row cannot be read")?)?;
    let mut items = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| unreadable(&error))?;
        let fields = names.iter().zip(&row).map(|(name, field)| (name.clone(), Value::from(field)));
        items.push(Value::Object(fields.collect::<Map<_, _>>()));
    }
    Ok(items)
}

/// The line on which a field in quotes begins that has no end. The reader below takes the end of the text for that of the field
/// and says nothing.
fn open_quote(text: &str, delimiter: char) -> Option<usize> {
    let (mut opened, mut line, mut is_begin) = (None, 1, true);
    let mut signs = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(sign) = signs.next() {
        line += usize::from(sign == '\n');
        match opened {
            // Two quotes are one within the field.
            Some(_) if sign == '"' && signs.next_if_eq(&'"').is_none() => opened = None,
            None if is_begin && sign == '"' => opened = Some(line),
            _ => {}
        }
        is_begin = opened.is_none() && (sign == delimiter || matches!(sign, '\n' | '\r'));
    }
    opened
}

/// The character that the first line has most of, outside of quotes.
fn guess(text: &str) -> char {
    let line = text.lines().next().unwrap_or_default();
    let mut quoted = false;
    let outside: Vec<char> = line
        .chars()
        .filter(|one| {
            quoted ^= *one == '"';
            !quoted
        })
        .collect();
    let count = |wanted: char| outside.iter().filter(|one| **one == wanted).count();
    // Of two that are as frequent the first one.
    DELIMITERS.into_iter().rev().max_by_key(|one| count(*one)).unwrap_or(',')
}

/// The names under which a template finds the columns: as they stand, with `_` in place of what such a name cannot have.
fn columns(headers: &csv::StringRecord) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = headers.iter().enumerate().map(|(index, header)| name(header, index)).collect();
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        let fault = Fault::new("its first row", format!("two columns are called {twice}")).got(twice);
        bail!(fault.hint("give each column a name of its own in the first row"))
    }
    Ok(names)
}

fn name(header: &str, index: usize) -> String {
    let header = header.trim();
    if is_name(header) {
        return header.to_owned();
    }
    let allowed = |one: char| if one.is_ascii_alphanumeric() || one == '-' { one } else { '_' };
    let plain: String = header.chars().take(60).map(allowed).collect();
    let plain = plain.trim_matches('_');
    match plain.chars().next() {
        None => format!("column_{}", index + 1),
        Some(first) if first.is_ascii_alphabetic() => plain.to_owned(),
        Some(_) => format!("c_{plain}"),
    }
}

/// A row with another number of fields is told with its line.
fn unreadable(error: &csv::Error) -> Fault {
    let line = error.position().map_or_else(String::new, |position| format!("line {}", position.line()));
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let message = format!("{line}: {len} fields, and the first row has {expected_len}");
            let fault = Fault::new(&line, message).got(len).limit(expected_len);
            fault.hint("a field with the delimiter or a line end in it stands in quotes")
        }
        _ => Fault::new(&line, format!("{line}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn rows(text: &str) -> Value {
        Value::from(read(text, None).expect("a table"))
    }

    #[test]
    fn fields_may_be_quoted_and_hold_what_stands_between_fields() {
        let text = "id,text\r\n1,\"a, \"\"b\"\"\nc\"\r\n2,\r\n";
        assert_eq!(rows(text), json!([{"id": "1", "text": "a, \"b\"\nc"}, {"id": "2", "text": ""}]));
    }

    #[test]
    fn a_quote_that_nothing_closes_takes_no_rows_in() {
        let told = read("id,text\n1,ok\n2,\"He said\n3,fine\n", None).expect_err("an open quote").to_string();
        assert_eq!(told, "line 3: a quote opens here and nothing closes it");
        assert!(read("\u{feff}\"text\na\n", None).is_err());
        let text = "a,b\n5\" pipe,\"x\"\n\"\"\"q\"\"\",\"\"\n\"c\",\"d\ne\"";
        assert_eq!(rows(text), json!([{"a": "5\" pipe", "b": "x"}, {"a": "\"q\"", "b": ""}, {"a": "c", "b": "d\ne"}]));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_name() {
        assert_eq!(rows("\u{feff}id;note\n1;x\n"), json!([{"id": "1", "note": "x"}]));
    }

    #[test]
    fn the_delimiter_is_found_out_unless_it_is_said() {
        let cases = ["a;b;c,d\n1;2;3\n", "a\tb\tc,d\n1\t2\t3\n", "a|b|c\n1|2|3\n", "\"a,;;\"\tb\tc\n1\t2\t3\n"];
        for text in cases {
            let found = rows(text);
            assert_eq!(found[0].as_object().map(Map::len), Some(3), "{text:?}: {found}");
        }
        assert_eq!(read("a#b\n1#2\n", Some('#')).expect("a table"), [json!({"a": "1", "b": "2"})]);
        assert_eq!(rows("only\n1\n"), json!([{"only": "1"}]));
        assert!(read("a\n", Some('é')).is_err() && read("a\n", Some('"')).is_err());
    }

    #[test]
    fn columns_get_names_that_a_template_can_use() {
        let found = rows("First Name,2nd,,ok-1,Größe\na,b,c,d,e\n");
        let names: Vec<&String> = found[0].as_object().expect("a row").keys().collect();
        assert_eq!(names, ["First_Name", "c_2nd", "column_3", "ok-1", "Gr__e"]);
        let twice = read("a b,a_b\n1,2\n", None).expect_err("two alike").to_string();
        assert_eq!(twice, "two columns are called a_b");
    }

    #[test]
    fn a_row_with_other_fields_is_named_by_its_line() {
        let told = read("a,b\n1,2\n3\n", None).expect_err("too few").to_string();
        assert_eq!(told, "line 3: 1 fields, and the first row has 2");
    }
}
