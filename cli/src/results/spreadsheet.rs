//! The results as a table: the item's own columns, then how it ended, then the fields of its answer.
//!
//! No two columns have one name. `item`, `status` and `error` are the run's; after these the item's columns and then the fields of
//! answers keep their names as far as these are free. Another one gets `item_` or `answer_` before it, as often as it takes.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::{Map, Value};

/// What begins a formula in the usual programs for tables.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The columns of the run.
const ITEM: &str = "item";
const ENDS: [&str; 2] = ["status", "error"];

/// The column of an answer that has no fields.
const ANSWER: &str = "answer";

/// A row of it.
struct Row {
    item: u64,
    input: Map<String, Value>,
    status: Value,
    error: Value,
    answer: Map<String, Value>,
}

/// The table of the lines of a run, in the order of the items. `items` are the items themselves, whose columns come first.
pub fn of(lines: &str, items: &[Value]) -> anyhow::Result<String> {
    let mut rows = lines.lines().map(row).collect::<anyhow::Result<Vec<Row>>>()?;
    rows.sort_by_key(|row| row.item);
    let own = columns(items.iter().filter_map(Value::as_object));
    let answers = columns(rows.iter().map(|row| &row.answer));
    let mut taken: BTreeSet<String> = ENDS.into_iter().chain([ITEM]).map(str::to_owned).collect();
    let own_heads = heads(&own, "item_", &mut taken, str::to_owned);
    let answer_heads = heads(&answers, "answer_", &mut taken, |name| cell(Some(&Value::from(name)), true));
    let ends = ENDS.map(str::to_owned);
    let head = [ITEM.to_owned()].into_iter().chain(own_heads).chain(ends).chain(answer_heads);
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(head)?;
    for row in &rows {
        let number = row.item.to_string();
        let own = own.iter().map(|name| cell(row.input.get(name), false));
        let ends = [cell(Some(&row.status), false), cell(Some(&row.error), false)];
        let answer = answers.iter().map(|name| cell(row.answer.get(name), true));
        table.write_record([number].into_iter().chain(own).chain(ends).chain(answer))?;
    }
    let bytes = table.into_inner().map_err(|error| error.into_error()).context("the table cannot be written")?;
    Ok(String::from_utf8(bytes)?)
}

fn row(line: &str) -> anyhow::Result<Row> {
    let mut line: Value = serde_json::from_str(line).context("a line is no JSON")?;
    let mut take = |name: &str| line.get_mut(name).map(Value::take).unwrap_or_default();
    Ok(Row {
        item: take("item").as_u64().unwrap_or_default(),
        input: match take("input") {
            Value::Object(fields) => fields,
            _ => Map::new(),
        },
        status: take("status"),
        error: take("error").get("code").cloned().unwrap_or_default(),
        answer: match take("output") {
            Value::Object(fields) => fields,
            Value::Null => Map::new(),
            other => Map::from_iter([(ANSWER.to_owned(), other)]),
        },
    })
}

/// The names of all fields, in the order in which they come up.
fn columns<'a>(rows: impl Iterator<Item = &'a Map<String, Value>>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for name in rows.flat_map(Map::keys) {
        if seen.insert(name.as_str()) {
            names.push(name.clone());
        }
    }
    names
}

/// What stands above columns of these names: each as it is `written` if that is free, else with a prefix. All of it is taken then.
fn heads(
    names: &[String],
    prefix: &str,
    taken: &mut BTreeSet<String>,
    written: impl Fn(&str) -> String,
) -> Vec<String> {
    let free: Vec<Option<String>> =
        names.iter().map(|name| Some(written(name)).filter(|head| taken.insert(head.clone()))).collect();
    // Only now: a column that has such a name by itself keeps it.
    let mut prefixed = |name: &String| {
        let mut head = format!("{prefix}{name}");
        while !taken.insert(head.clone()) {
            head.insert_str(0, prefix);
        }
        head
    };
    free.into_iter().zip(names).map(|(head, name)| head.unwrap_or_else(|| prefixed(name))).collect()
}

/// A value as the text of a cell. What a model wrote may not become a formula: such a text is shown with an apostrophe before it.
fn cell(value: Option<&Value>, is_foreign: bool) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if is_foreign && text.starts_with(FORMULA) && text.parse::<f64>().is_err() => {
            format!("'{text}")
        }
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_with_and_without_fields_stand_in_the_same_table() {
        let lines = [
            json!({"item": 2, "status": "completed", "output": "text", "error": null, "input": {"id": "b"}}),
            json!({"item": 1, "status": "failed", "output": null, "error": {"code": "E_X"}, "input": {"id": "a"}}),
            json!({"item": 3, "status": "completed", "output": {"id": 7, "list": [1]}, "error": null, "input": {}}),
        ];
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        let table = of(&lines.join("\n"), &[json!({"id": "a"}), json!({"id": "b"})]).expect("a table");
        let expected = "item,id,status,error,answer,answer_id,list\n1,a,failed,E_X,,,\n2,b,completed,,text,,\n\
                        3,,completed,,,7,[1]\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn no_two_columns_have_one_name() {
        let head = |items: &[Value], output: Value| {
            let line = json!({"item": 1, "status": "completed", "output": output, "error": null, "input": items[0]});
            let table = of(&line.to_string(), items).expect("a table");
            table.lines().next().unwrap_or_default().to_owned()
        };
        let own = [json!({"item": 1, "status": 2, "item_status": 3, "error": 4, "id": 5})];
        assert_eq!(
            head(&own, json!({"item_item": 1, "status": 2, "id": 3, "answer_id": 4})),
            "item,item_item,item_item_status,item_status,item_error,id,status,error,answer_item_item,answer_status,answer_answer_id,answer_id"
        );
        assert_eq!(head(&[json!({"answer": 1})], json!("text")), "item,answer,status,error,answer_answer");
        assert_eq!(head(&[json!({})], json!({"=a": 1, "'=a": 2})), "item,status,error,'=a,answer_'=a");
    }

    #[test]
    fn what_a_model_wrote_is_no_formula() {
        let shown = |text: &str| cell(Some(&json!(text)), true);
        assert_eq!(["=1+1", "@x", "-5", "+49 30", "-a"].map(shown), ["'=1+1", "'@x", "-5", "'+49 30", "'-a"]);
        let line = json!({"item": 1, "status": "completed", "output": {"=1+1": 2}, "error": null, "input": {}});
        let table = of(&line.to_string(), &[]).expect("a table");
        assert!(table.starts_with("item,status,error,'=1+1\n"), "{table}");
        assert_eq!(cell(Some(&json!("=1+1")), false), "=1+1", "the caller's own columns stay as they are");
    }
}
