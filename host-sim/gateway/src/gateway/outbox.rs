//! What has happened and the call was not told yet, in order; and what became true on the way.

use std::collections::VecDeque;

use parallel_agents_engine::host::EventKind;

use crate::script::Fault;
use crate::truth::Truth;

/// Something that is to be told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) what: EventKind,
    /// Nothing happened: a fault of the script has it told all the same.
    pub(super) is_extra: bool,
}

/// Events that wait until they are asked for.
#[derive(Debug, Default)]
pub(super) struct Outbox(VecDeque<Told>);

impl Outbox {
    pub(super) fn push(&mut self, what: EventKind, is_extra: bool) {
        self.0.push_back(Told { what, is_extra });
    }

    /// Before everything else.
    pub(super) fn push_first(&mut self, what: EventKind) {
        self.0.push_front(Told { what, is_extra: false });
    }

    /// Behind the first so many.
    pub(super) fn insert(&mut self, place: usize, what: EventKind) {
        self.0.insert(place, Told { what, is_extra: false });
    }

    pub(super) fn pop(&mut self) -> Option<Told> {
        self.0.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// What became true since somebody asked.
#[derive(Debug, Default)]
pub(super) struct Truths(Vec<Truth>);

impl Truths {
    pub(super) fn note(&mut self, truth: Truth) {
        self.0.push(truth);
    }

    /// A fault of the script struck.
    pub(super) fn fault(&mut self, fault: Fault) {
        self.note(Truth::Fault(fault));
    }

    pub(super) fn take(&mut self) -> Vec<Truth> {
        std::mem::take(&mut self.0)
    }
}
