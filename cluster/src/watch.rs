//! Waits for the ends of all sessions that a worker follows on one gateway, with few requests, and tells each to whoever awaits it.
//!
//! It keeps nothing: when the worker is gone, whoever awaits an end asks another worker for it after a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{join_all, select_all};
use parallel_agents_door::{Door, DoorError, Waited};
use parallel_agents_engine::host::{SessionEnd, SessionOutcome};
use parallel_agents_engine::ids::SessionKey;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::gateways::now_ms;
use crate::orders::{Ended, Following};
use crate::restate::Restate;

/// Keys of one request.
const MOST_KEYS: usize = 1_000;

/// How long one wait may take, in seconds.
const WAIT_SECONDS: u32 = 30;

/// New sessions are waited for so much later, so that those which are spawned together cost one request.
const SETTLE: Duration = Duration::from_millis(250);

/// Pauses before a gateway or Restate is asked again that did not answer: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The sessions of one gateway whose ends are awaited.
pub struct Watch(Arc<State>);

struct State {
    door: Door,
    restate: Restate,
    followed: Mutex<BTreeMap<String, Followed>>,
    more: Notify,
    away_since: Mutex<Option<Instant>>,
}

#[derive(Clone, Debug)]
struct Followed {
    session: SessionKey,
    awakeable: String,
}

impl Watch {
    /// Waits for nothing yet. Goes on until the runtime ends.
    pub fn begin(door: Door, restate: Restate) -> Self {
        let state = Arc::new(State {
            door,
            restate,
            followed: Mutex::default(),
            more: Notify::new(),
            away_since: Mutex::default(),
        });
        tokio::spawn(watch(Arc::clone(&state)));
        Self(state)
    }

    /// Has the end of a session told to an awakeable.
    pub fn add(&self, following: &Following, awakeable: String) {
        let followed = Followed { session: following.session.clone(), awakeable };
        let before = self.0.followed().insert(following.key.clone(), followed);
        if before.is_none() {
            self.0.more.notify_one();
        }
    }

    /// For how long the gateway has not answered, in milliseconds.
    pub fn away_ms(&self) -> u64 {
        let since = *self.0.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(0, |since| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl State {
    fn followed(&self) -> MutexGuard<'_, BTreeMap<String, Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self, does: bool) {
        let mut since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        *since = if does { None } else { since.or_else(|| Some(Instant::now())) };
    }

    /// The first news of any of these sessions.
    async fn wait(&self, keys: Vec<String>) -> Result<Waited, DoorError> {
        let one = |keys: Vec<String>| {
            Box::pin(async move {
                // Nobody asks when sessions begin, so all of them are said to be known to run.
                self.door.wait(&keys, &keys, WAIT_SECONDS).await
            })
        };
        let requests: Vec<_> = keys.chunks(MOST_KEYS).map(|chunk| one(chunk.to_vec())).collect();
        select_all(requests).await.0
    }

    async fn tell(&self, waited: Waited) {
        let lost = waited.unknown.clone();
        let ends = waited.ends().into_iter().map(|(key, end)| (key, Some(end)));
        let all: Vec<_> = ends.chain(lost.into_iter().map(|key| (key, None))).collect();
        join_all(all.into_iter().map(|(key, end)| self.resolve(key, end))).await;
    }

    /// Tells one end, for as long as somebody awaits it.
    async fn resolve(&self, key: String, end: Option<SessionEnd>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(followed) = self.followed().get(&key).cloned() else { return };
            // A gateway that has forgotten a session does not have it any more.
            let end = end.clone().unwrap_or(SessionEnd {
                session: followed.session.clone(),
                outcome: SessionOutcome::Interrupted,
                completion: None,
                usage: None,
                model: None,
            });
            let ended = Ended { at_ms: now_ms(), end };
            if self.restate.resolve(&followed.awakeable, &ended).await.is_ok() {
                self.followed().remove(&key);
                return;
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

async fn watch(state: Arc<State>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let keys: Vec<String> = state.followed().keys().cloned().collect();
        if keys.is_empty() {
            state.more.notified().await;
            continue;
        }
        let waited = tokio::select! {
            waited = state.wait(keys) => waited,
            () = state.more.notified() => {
                sleep(SETTLE).await;
                continue;
            }
        };
        state.answers(waited.is_ok());
        match waited {
            Ok(waited) => {
                pause = FIRST_PAUSE;
                state.tell(waited).await;
            }
            Err(_) => {
                sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }
}
