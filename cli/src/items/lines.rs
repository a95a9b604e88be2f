//! JSON Lines: a value on each line; empty lines are none.

use anyhow::bail;
use parallel_agents_engine::json::strict::{self, REQUEST_BOUNDS};
use serde_json::Value;

use crate::fault::Fault;

/// The value of each line, or the first line that is none.
pub fn read(text: &str) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match strict::parse(line, REQUEST_BOUNDS) {
            Ok(item) => items.push(item),
            Err(error) => {
                let message = format!("line {}: it is not acceptable JSON: {error}", index + 1);
                bail!(Fault::new(format!("line {}", index + 1), message).limit("one JSON value on each line"))
            }
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_line_is_an_item_and_a_bad_one_is_named() {
        assert_eq!(read("{\"a\": 1}\r\n\n\"b\"\n").ok(), Some(vec![json!({"a": 1}), json!("b")]));
        let told = read("1\n{\"a\": 1, \"a\": 2}\n").expect_err("a key twice").to_string();
        assert!(told.starts_with("line 2: ") && told.contains("stands twice"), "{told}");
    }
}
