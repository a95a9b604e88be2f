//! Order without the sorts of the standard library, each of which is 5 KB of the component for each type that it sorts.

use std::collections::BinaryHeap;

/// A map or a set, filled one by one; of two entries with the same key the later value counts. `collect` would sort them first.
pub fn filled<T, C: Default + Extend<T>>(entries: impl IntoIterator<Item = T>) -> C {
    let mut filled = C::default();
    filled.extend(entries);
    filled
}

/// The smallest first.
pub fn sorted<T: Ord>(items: Vec<T>) -> Vec<T> {
    BinaryHeap::from(items).into_sorted_vec()
}

/// The one with the smallest key first; those with the same key stay as they are.
pub fn sorted_by_key<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let places = sorted(items.iter().enumerate().map(|(place, item)| (key(item), place)).collect());
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    places.into_iter().filter_map(|(_, place)| items.get_mut(place)?.take()).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "what it is compared with")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_is_as_the_standard_library_has_it(items in prop::collection::vec((0u8..9, any::<u16>()), 0..60)) {
            prop_assert_eq!(filled::<_, BTreeMap<_, _>>(items.clone()), items.iter().copied().collect());
            prop_assert_eq!(filled::<_, BTreeSet<_>>(items.clone()), items.iter().copied().collect());
            let (mut all, mut keys) = (items.clone(), items.clone());
            all.sort();
            prop_assert_eq!(sorted(items.clone()), all);
            keys.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(sorted_by_key(items, |(key, _)| *key), keys);
        }
    }
}
