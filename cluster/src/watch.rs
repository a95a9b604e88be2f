//! Waits for the ends of all sessions that a worker follows on one gateway, with few requests, and tells each to whoever awaits it.
//!
//! It keeps nothing: when the worker is gone, whoever awaits an end asks another worker for it after a while.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parallel_agents_door::{Awaiting, Door, DoorError, Waited, watch};
use parallel_agents_engine::host::{SessionEnd, SessionOutcome};
use parallel_agents_engine::ids::SessionKey;
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use crate::clock::now_ms;
use crate::lease::Contact;
use crate::messages::{EndReport, FollowRequest};
use crate::restate::Restate;
use crate::silence::Silence;

/// Ends that are told to Restate at once.
const MOST_TELLERS: usize = 64;

/// Pauses before Restate is told again that did not answer: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The sessions of one gateway whose ends are awaited.
pub struct Watch(Arc<State>);

struct State {
    restate: Restate,
    followed: Mutex<BTreeMap<String, Followed>>,
    places: AtomicU64,
    /// Ends that may be told to Restate at once.
    tellers: Arc<Semaphore>,
    more: Notify,
    silence: Mutex<Silence>,
}

#[derive(Clone, Debug)]
struct Followed {
    session: SessionKey,
    awakeable: String,
    /// The place in the order in which they came. A gateway tells of so many ends at once, and the oldest are to be among them.
    place: u64,
    /// Its end is known, and being told.
    is_ending: bool,
}

impl Watch {
    /// Waits for nothing yet. Goes on until the runtime ends.
    pub fn begin(door: Door, restate: Restate) -> Self {
        let state = Arc::new(State {
            restate,
            followed: Mutex::default(),
            places: AtomicU64::new(0),
            tellers: Arc::new(Semaphore::new(MOST_TELLERS)),
            more: Notify::new(),
            silence: Mutex::default(),
        });
        let mut awaiting = Self(Arc::clone(&state));
        tokio::spawn(async move { watch(&door, u32::MAX, &mut awaiting).await });
        Self(state)
    }

    /// Has the end of a session told to an awakeable.
    pub fn add(&self, following: &FollowRequest, awakeable: String) {
        let mut all = self.0.followed();
        if let Some(known) = all.get_mut(&following.key) {
            known.awakeable = awakeable;
            return;
        }
        let place = self.0.places.fetch_add(1, Ordering::Relaxed);
        let followed = Followed { session: following.session.clone(), awakeable, place, is_ending: false };
        all.insert(following.key.clone(), followed);
        self.0.more.notify_one();
    }

    /// The gateway has answered a request of another kind.
    pub fn answered(&self) {
        self.0.silence().answered(Instant::now());
    }

    /// What is known of the gateway.
    pub fn contact(&self) -> Contact {
        self.0.silence().contact(Instant::now())
    }
}

impl State {
    fn followed(&self) -> MutexGuard<'_, BTreeMap<String, Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys of the sessions that are waited for, the oldest first.
    fn keys(&self) -> Vec<String> {
        let followed = self.followed();
        let mut keys: Vec<_> = followed.iter().filter(|(_, one)| !one.is_ending).collect();
        keys.sort_unstable_by_key(|(_, one)| one.place);
        keys.into_iter().map(|(key, _)| key.clone()).collect()
    }

    /// Has ends told, while others are waited for.
    fn tell(self: &Arc<Self>, waited: Waited) {
        let lost = waited.unknown.clone();
        let ends = waited.ends().into_iter().map(|(key, end)| (key, Some(end)));
        for (key, end) in ends.chain(lost.into_iter().map(|key| (key, None))) {
            match self.followed().get_mut(&key) {
                Some(followed) if !followed.is_ending => followed.is_ending = true,
                _ => continue,
            }
            let state = Arc::clone(self);
            tokio::spawn(async move {
                let _turn = state.tellers.acquire().await;
                state.resolve(key, end).await;
            });
        }
    }

    /// Tells one end, for as long as somebody awaits it.
    async fn resolve(&self, key: String, end: Option<SessionEnd>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(followed) = self.followed().get(&key).cloned() else { return };
            // A gateway that has forgotten a session does not have it any more.
            let lost = || SessionEnd::new(followed.session.clone(), SessionOutcome::Interrupted);
            let end = end.clone().unwrap_or_else(lost);
            let ended = EndReport { at_ms: now_ms(), end };
            match self.restate.resolve(&followed.awakeable, &ended).await {
                Err(error) if error.may_pass() => {}
                // Told, or not wanted any more; whoever still wants it will ask again.
                _ => {
                    self.followed().remove(&key);
                    return;
                }
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

impl Awaiting for Watch {
    fn wanted(&mut self) -> Vec<(String, bool)> {
        let keys = self.0.keys();
        if !keys.is_empty() {
            self.0.silence().asked(Instant::now());
        }
        // Nobody asks when sessions begin, so all of them are said to be known to run.
        keys.into_iter().map(|key| (key, true)).collect()
    }

    async fn changed(&mut self) -> bool {
        self.0.more.notified().await;
        true
    }

    async fn heard(&mut self, told: Result<Waited, DoorError>) -> bool {
        self.0.silence().heard(told.is_ok());
        if let Ok(waited) = told {
            self.0.tell(waited);
        }
        true
    }
}
