//! Which records of a list have changed since somebody looked: a page of a run asks again and again, and is told only that.

use std::collections::BTreeMap;

/// The last change of each record, by its place in the list. Changes are numbered from 1.
#[derive(Debug, Default)]
pub struct Changes {
    last: BTreeMap<usize, u64>,
    places: BTreeMap<u64, usize>,
    count: u64,
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed<'a, T> {
    /// Each with its place in the list; what changed longest ago comes first.
    pub records: Vec<(usize, &'a T)>,
    /// The last change that these tell of: what is asked for next time.
    pub up_to: u64,
}

impl Changes {
    /// How often something has changed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Notes that the record at this place has changed.
    pub(crate) fn note(&mut self, place: usize) {
        self.count += 1;
        if let Some(before) = self.last.insert(place, self.count) {
            self.places.remove(&before);
        }
        self.places.insert(self.count, place);
    }

    /// The records that have changed after the change of this number; at most so many.
    pub(crate) fn since<'a, T>(&self, change: u64, most: usize, records: &'a [T]) -> Changed<'a, T> {
        let later = self.places.range(change.saturating_add(1)..);
        let told: Vec<(u64, usize)> = later.take(most).map(|(number, place)| (*number, *place)).collect();
        let up_to = if told.len() < most { self.count } else { told.last().map_or(self.count, |(number, _)| *number) };
        let records = told.iter().filter_map(|(_, place)| Some((*place, records.get(*place)?))).collect();
        Changed { records, up_to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_once_and_in_parts_that_are_no_longer_than_was_asked() {
        let records = ["a", "b", "c"];
        let mut changes = Changes::default();
        assert_eq!(changes.since(0, 9, &records), Changed { records: vec![], up_to: 0 });
        for place in [0, 1, 0, 2] {
            changes.note(place);
        }
        assert_eq!(changes.since(0, 9, &records), Changed { records: vec![(1, &"b"), (0, &"a"), (2, &"c")], up_to: 4 });
        let first = changes.since(0, 2, &records);
        assert_eq!(first, Changed { records: vec![(1, &"b"), (0, &"a")], up_to: 3 });
        // What is told already changes while the rest is asked for.
        changes.note(1);
        let rest = changes.since(first.up_to, 2, &records);
        assert_eq!(rest, Changed { records: vec![(2, &"c"), (1, &"b")], up_to: 5 });
        assert_eq!(changes.since(5, 2, &records), Changed { records: vec![], up_to: 5 });
        assert_eq!((changes.since(99, 2, &records).records.len(), changes.count()), (0, 5));
    }
}
