//! What the call tells of the items of a run over many: each once, all of them, and after a resume nothing else than before.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use parallel_agents_engine::host::ItemResult;

use super::invariant::Invariant;
use super::state::Checker;

impl Checker {
    /// Enters what became of an item.
    pub(super) fn item_told(&mut self, item: &ItemResult) {
        let mut digest = DefaultHasher::new();
        item.document.hash(&mut digest);
        let (life, digest, number) = (self.cuts.resumes, digest.finish(), item.item);
        match self.items.insert(number, (life, digest)) {
            Some((before, _)) if before == life => {
                self.note(Invariant::Results, format!("item {number} was told twice"));
            }
            Some((_, before)) if before != digest => {
                self.note(Invariant::Resume, format!("item {number} became something else when the call went on"));
            }
            _ => {}
        }
    }

    /// Holds the items that were told to those of the request, once the call has come back.
    pub(super) fn check_items(&mut self) {
        let Some(asked) = self.allowed.items else { return };
        let told = self.items.iter().filter(|(_, (life, _))| *life == self.cuts.resumes).map(|(number, _)| *number);
        if !told.eq(1..=asked) {
            let what = format!("{} of {asked} items were told", self.items.len());
            self.note(Invariant::Results, what);
        }
    }
}
