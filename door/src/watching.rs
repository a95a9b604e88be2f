//! Waits for news of many sessions of a gateway with few requests, for as long as anybody wants to know.

use std::pin::pin;
use std::time::Duration;

use futures::future::{join_all, select_all};
use tokio::time::sleep;

use crate::{Door, DoorError, Waited};

/// Keys of one request.
const MOST_KEYS: usize = 1_000;

/// How long one wait may take, in seconds. A connection that has died without a word is noticed some time after that.
pub const WAIT_SECONDS: u32 = 30;

/// New sessions are waited for so much later, so that those which are spawned together cost one request.
const SETTLE: Duration = Duration::from_millis(250);

/// Pauses before a gateway is asked again that did not answer: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who wants news.
pub trait Awaiting: Send {
    /// The keys of the sessions that are waited for, each with whether it is known to run. A gateway tells of so many ends at once:
    /// those that stand first are to be among them.
    fn wanted(&mut self) -> Vec<(String, bool)>;

    /// Until other sessions are waited for. False: nobody wants anything any more.
    fn changed(&mut self) -> impl Future<Output = bool> + Send;

    /// Takes in what a wait brought, or that the gateway did not answer; nothing is lost by that. False: nobody wants anything any more.
    fn heard(&mut self, told: Result<Waited, DoorError>) -> impl Future<Output = bool> + Send;
}

/// What is asked for news.
trait Asked: Sync {
    /// Waits at most so many seconds for news of these sessions; `started`: those among them that are known to run.
    fn wait(
        &self,
        keys: Vec<String>,
        started: Vec<String>,
        seconds: u32,
    ) -> impl Future<Output = Result<Waited, DoorError>> + Send;
}

impl Asked for Door {
    async fn wait(&self, keys: Vec<String>, started: Vec<String>, seconds: u32) -> Result<Waited, DoorError> {
        Self::wait(self, &keys, &started, seconds).await
    }
}

/// Waits until nobody wants anything any more, at most so many seconds with one request.
pub async fn watch(door: &Door, most_seconds: u32, awaiting: &mut impl Awaiting) {
    watch_at(door, most_seconds, awaiting).await;
}

/// A wait is given up when other sessions are to be waited for. The next request does not wait, and is never given up: however fast
/// sessions are added, ends are heard, and so is that a gateway is back that did not answer.
async fn watch_at(door: &impl Asked, most_seconds: u32, awaiting: &mut impl Awaiting) {
    let (mut pause, mut looks) = (FIRST_PAUSE, true);
    loop {
        let wanted = awaiting.wanted();
        if wanted.is_empty() {
            if awaiting.changed().await { continue } else { return }
        }
        let told = if looks {
            match until_left(now(door, &wanted), awaiting).await {
                Some(told) => told,
                None => return,
            }
        } else {
            tokio::select! {
                told = first(door, &wanted, WAIT_SECONDS.min(most_seconds)) => told,
                still_wanted = awaiting.changed() => {
                    if !still_wanted { return }
                    sleep(SETTLE).await;
                    looks = true;
                    continue;
                }
            }
        };
        looks = told.is_err();
        if !awaiting.heard(told).await {
            return;
        }
        if looks {
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        } else {
            pause = FIRST_PAUSE;
        }
    }
}

/// The same, unless nobody wants anything any more before it is there.
async fn until_left<T>(told: impl Future<Output = T>, awaiting: &mut impl Awaiting) -> Option<T> {
    let mut told = pin!(told);
    loop {
        tokio::select! {
            told = &mut told => return Some(told),
            still_wanted = awaiting.changed() => if !still_wanted { return None },
        }
    }
}

/// What there is to say of all these sessions now.
async fn now(door: &impl Asked, wanted: &[(String, bool)]) -> Result<Waited, DoorError> {
    let told = join_all(parts(wanted).map(|(keys, started)| door.wait(keys, started, 0))).await;
    let all = told.into_iter().reduce(|one, other| match (one, other) {
        (Ok(one), Ok(other)) => Ok(one.and(other)),
        // What has failed is asked for again.
        (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(one),
        (Err(error), Err(_)) => Err(error),
    });
    all.unwrap_or_else(|| Ok(Waited::default()))
}

/// The first news of any of these sessions.
async fn first(door: &impl Asked, wanted: &[(String, bool)], seconds: u32) -> Result<Waited, DoorError> {
    select_all(parts(wanted).map(|(keys, started)| Box::pin(door.wait(keys, started, seconds)))).await.0
}

/// The keys of each request, and those among them that are known to run.
fn parts(wanted: &[(String, bool)]) -> impl Iterator<Item = (Vec<String>, Vec<String>)> {
    wanted.chunks(MOST_KEYS).map(|part| {
        let keys = part.iter().map(|(key, _)| key.clone()).collect();
        let started = part.iter().filter(|(_, runs)| *runs).map(|(key, _)| key.clone()).collect();
        (keys, started)
    })
}

#[cfg(test)]
mod tests;
