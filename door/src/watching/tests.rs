//! Waits at doors that exist only here, in virtual time.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use tokio::time::{Instant, interval};

use super::*;
use crate::wire::Ended;

/// How long the door takes for each answer.
const ANSWER: Duration = Duration::from_millis(600);

/// A door whose sessions end as the test wants.
#[derive(Default)]
struct Play {
    /// The sessions that have ended.
    ended: Mutex<BTreeSet<String>>,
    /// Before that it does not answer.
    back_at: Option<Instant>,
    /// How long each request was to wait, and for how many sessions.
    asked: Mutex<Vec<(u32, usize)>>,
}

impl Play {
    fn ended(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.ended.lock().expect("nobody has panicked")
    }

    fn asked(&self) -> MutexGuard<'_, Vec<(u32, usize)>> {
        self.asked.lock().expect("nobody has panicked")
    }
}

impl Asked for Play {
    async fn wait(&self, keys: Vec<String>, _: Vec<String>, seconds: u32) -> Result<Waited, DoorError> {
        self.asked().push((seconds, keys.len()));
        if self.back_at.is_some_and(|at| Instant::now() < at) {
            return Err(DoorError::Lost { gateway: "http://h".to_owned(), reason: "away".to_owned() });
        }
        let until = Instant::now() + Duration::from_secs(seconds.into());
        sleep(ANSWER).await;
        loop {
            let ended: Vec<Ended> =
                keys.iter().filter(|key| self.ended().contains(*key)).map(Ended::interrupted).collect();
            if !ended.is_empty() || Instant::now() >= until {
                return Ok(Waited { ended, ..Waited::default() });
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Wants news of one more session after each period, until it has heard of enough ends.
struct Adding {
    period: tokio::time::Interval,
    keys: Vec<String>,
    /// When each end was heard.
    heard: Vec<(String, Duration)>,
    begin: Instant,
    enough: usize,
}

impl Adding {
    fn every(millis: u64, enough: usize) -> Self {
        let period = interval(Duration::from_millis(millis));
        Self { period, keys: vec!["k0".to_owned()], heard: Vec::new(), begin: Instant::now(), enough }
    }
}

impl Awaiting for Adding {
    fn wanted(&mut self) -> Vec<(String, bool)> {
        self.keys.iter().map(|key| (key.clone(), true)).collect()
    }

    async fn changed(&mut self) -> bool {
        self.period.tick().await;
        self.keys.push(format!("k{}", self.keys.len()));
        // A test that hears nothing is to end.
        self.begin.elapsed() < Duration::from_secs(60)
    }

    async fn heard(&mut self, told: Result<Waited, DoorError>) -> bool {
        for (key, _) in told.into_iter().flat_map(Waited::ends) {
            self.keys.retain(|known| *known != key);
            self.heard.push((key, self.begin.elapsed()));
        }
        self.heard.len() < self.enough
    }
}

#[tokio::test(start_paused = true)]
async fn ends_are_heard_however_fast_sessions_are_added() {
    for millis in [20, 100, 240, 300, 700, 900] {
        let door = Play::default();
        door.ended().insert("k0".to_owned());
        let mut adding = Adding::every(millis, 1);
        watch_at(&door, u32::MAX, &mut adding).await;
        let [(_, after)] = adding.heard.as_slice() else { panic!("every {millis} ms: {:?}", adding.heard) };
        assert!(*after < Duration::from_secs(2), "every {millis} ms: {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_back_is_heard_while_sessions_are_added() {
    let door = Play { back_at: Some(Instant::now() + Duration::from_secs(3)), ..Play::default() };
    door.ended().insert("k0".to_owned());
    let mut adding = Adding::every(400, 1);
    watch_at(&door, u32::MAX, &mut adding).await;
    let [(_, after)] = adding.heard.as_slice() else { panic!("{:?}", adding.heard) };
    assert!(*after < Duration::from_secs(8), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn sessions_beyond_one_request_are_heard_too() {
    let door = Play::default();
    door.ended().insert("k1500".to_owned());
    let mut adding = Adding::every(100, 1);
    adding.keys = (0..1_600).map(|number| format!("k{number}")).collect();
    watch_at(&door, u32::MAX, &mut adding).await;
    assert_eq!(adding.heard.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_news_is_one_request() {
    let door = Play::default();
    let mut adding = Adding::every(100_000, 1);
    adding.period.tick().await;
    let watched = watch_at(&door, u32::MAX, &mut adding);
    assert!(tokio::time::timeout(Duration::from_secs(80), watched).await.is_err());
    assert_eq!(*door.asked(), [(0, 1), (WAIT_SECONDS, 1), (WAIT_SECONDS, 1), (WAIT_SECONDS, 1)]);
}
