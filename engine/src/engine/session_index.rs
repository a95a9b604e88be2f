//! The sessions of this run by their keys.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use twox_hash::XxHash64;

use crate::ids::{AttemptIndex, SessionKey};

#[derive(Debug)]
struct Known {
    attempt: AttemptIndex,
    /// The host reported its end.
    ended: bool,
}

/// Which attempt a session belongs to. Keys of one host begin alike, and an ordered map would compare those beginnings again
/// and again; so a hash of the key (XXH64) comes first.
#[derive(Debug, Default)]
pub(super) struct SessionIndex(BTreeMap<(u64, SessionKey), Known>);

/// What the index says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// It is not of this run, as far as anybody knows.
    Unknown,
    /// Its end was not reported.
    Open(AttemptIndex),
    Ended(AttemptIndex),
}

impl SessionIndex {
    pub(super) fn look_up(&self, session: &SessionKey) -> Lookup {
        match self.0.get(&place(session)) {
            None => Lookup::Unknown,
            Some(known) if known.ended => Lookup::Ended(known.attempt),
            Some(known) => Lookup::Open(known.attempt),
        }
    }

    /// Notes that the end of a session was reported, and returns what was known before.
    pub(super) fn end(&mut self, session: &SessionKey) -> Lookup {
        match self.0.get_mut(&place(session)) {
            None => Lookup::Unknown,
            Some(known) if known.ended => Lookup::Ended(known.attempt),
            Some(known) => {
                known.ended = true;
                Lookup::Open(known.attempt)
            }
        }
    }

    /// Enters a session of an attempt, as one that has not ended. False: it belongs to another attempt.
    pub(super) fn enter(&mut self, session: &SessionKey, attempt: AttemptIndex) -> bool {
        match self.0.entry(place(session)) {
            Entry::Vacant(entry) => {
                entry.insert(Known { attempt, ended: false });
                true
            }
            Entry::Occupied(mut entry) => {
                let is_its_own = entry.get().attempt == attempt;
                if is_its_own {
                    entry.get_mut().ended = false;
                }
                is_its_own
            }
        }
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

fn place(session: &SessionKey) -> (u64, SessionKey) {
    (XxHash64::oneshot(0, session.as_str().as_bytes()), session.clone())
}
