//! How items ended that have no answer.

use std::collections::BTreeMap;

use super::Line;

/// Items that are named of those that ended alike.
const MAX_NAMED: usize = 8;

/// How items ended that are not completed, with the first of each kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ends(pub BTreeMap<(String, String), (usize, Vec<u32>)>);

impl Ends {
    /// Takes in an item, as its line says it.
    pub(super) fn count(&mut self, document: &str) {
        let Ok(Line { item, status, error }) = serde_json::from_str(document) else { return };
        if status == "completed" {
            return;
        }
        let code = error.map(|error| error.code).unwrap_or_default();
        let (count, first) = self.0.entry((code, status)).or_default();
        *count += 1;
        if first.len() < MAX_NAMED {
            first.push(item);
        }
    }
}
