//! The sessions that were given to this run, by their keys.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use twox_hash::XxHash64;

use crate::ids::{AttemptIndex, SessionKey};

/// A session that was given to this run.
#[derive(Debug)]
pub struct Known {
    /// The attempt that it was spawned for.
    pub attempt: AttemptIndex,
    /// The host said that it ended.
    pub ended: bool,
}

/// All of them. Keys of one host begin alike, and an ordered map would compare those beginnings again and again; so a sum of
/// the key (XXH64) comes first.
#[derive(Debug, Default)]
pub struct KnownSessions(BTreeMap<(u64, SessionKey), Known>);

impl KnownSessions {
    /// What is known of a session.
    pub fn get(&self, session: &SessionKey) -> Option<&Known> {
        self.0.get(&place(session))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, session: &SessionKey) -> Option<&mut Known> {
        self.0.get_mut(&place(session))
    }

    /// Notes that a session belongs to an attempt and has not ended. False: it belongs to another one.
    pub fn give(&mut self, session: &SessionKey, attempt: AttemptIndex) -> bool {
        match self.0.entry(place(session)) {
            Entry::Vacant(place) => {
                place.insert(Known { attempt, ended: false });
                true
            }
            Entry::Occupied(mut known) => {
                let is_its_own = known.get().attempt == attempt;
                if is_its_own {
                    known.get_mut().ended = false;
                }
                is_its_own
            }
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn place(session: &SessionKey) -> (u64, SessionKey) {
    (XxHash64::oneshot(0, session.as_str().as_bytes()), session.clone())
}
