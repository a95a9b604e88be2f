//! Lists whose entries are found by an index type of their own.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A list that only grows and hands out its own indexes, so that an index cannot miss or belong to another kind of list.
///
/// An index that is not there is a defect of this crate. Tests and debug builds stop at it; a release build goes on with a
/// spare entry that nothing else sees, so that the operation has no effect and nothing panics.
#[derive(Debug)]
pub struct Arena<I, T> {
    entries: Vec<T>,
    spare: T,
    index: PhantomData<I>,
}

impl<I: Copy + From<usize> + Into<usize>, T: Default> Arena<I, T> {
    /// An empty list with room for so many entries.
    pub fn with_capacity(entries: usize) -> Self {
        Self { entries: Vec::with_capacity(entries), spare: T::default(), index: PhantomData }
    }

    /// Adds an entry, and returns where it stands.
    pub fn push(&mut self, entry: T) -> I {
        let index = self.next_index();
        self.entries.push(entry);
        index
    }

    /// The index of the entry that is added next.
    pub fn next_index(&self) -> I {
        I::from(self.entries.len())
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The indexes of all entries that are there now.
    pub fn indexes(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.entries.len()).map(I::from)
    }

    /// The entries in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.entries.iter()
    }

    /// The entries in their order, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.entries.iter_mut()
    }

    /// Takes out all entries, and gives their memory back with them.
    pub fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.entries)
    }
}

impl<I: Into<usize>, T> Index<I> for Arena<I, T> {
    type Output = T;

    fn index(&self, index: I) -> &T {
        let entry = self.entries.get(index.into());
        debug_assert!(entry.is_some(), "an index that is not of this list");
        entry.unwrap_or(&self.spare)
    }
}

impl<I: Into<usize>, T: Default> IndexMut<I> for Arena<I, T> {
    fn index_mut(&mut self, index: I) -> &mut T {
        let entry = self.entries.get_mut(index.into());
        debug_assert!(entry.is_some(), "an index that is not of this list");
        entry.unwrap_or_else(|| {
            self.spare = T::default();
            &mut self.spare
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TaskIndex;

    #[test]
    fn what_is_pushed_stands_where_it_says() {
        let mut arena: Arena<TaskIndex, u32> = Arena::with_capacity(1);
        let (one, two) = (arena.push(1), arena.push(2));
        arena[two] += 5;
        assert_eq!((arena[one], arena[two], arena.len(), arena.next_index()), (1, 7, 2, TaskIndex(2)));
        assert_eq!(arena.indexes().map(|index| arena[index]).collect::<Vec<_>>(), [1, 7]);
        assert_eq!((arena.take(), arena.len()), (vec![1, 7], 0));
    }

    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "not of this list"))]
    fn an_index_of_nothing_is_a_defect_that_changes_nothing() {
        let mut arena: Arena<TaskIndex, u32> = Arena::with_capacity(0);
        arena[TaskIndex::NONE] += 5;
        assert_eq!((arena[TaskIndex::NONE], arena.len()), (5, 0));
        arena[TaskIndex(3)] += 1;
        assert_eq!(arena[TaskIndex::NONE], 1, "the spare entry starts anew");
    }
}
