//! Waits for news of many sessions of a gateway with few requests, for as long as anybody wants to know.

use std::time::Duration;

use futures::future::select_all;
use tokio::time::sleep;

use crate::{Door, DoorError, Waited};

/// Keys of one request.
const MOST_KEYS: usize = 1_000;

/// How long one wait may take, in seconds. A connection that has died without a word is noticed some time after that.
pub const WAIT_SECONDS: u32 = 30;

/// How long a wait may take after one that failed, in seconds: that the gateway answers again is to be known before this wait is given up
/// because other sessions are to be waited for.
const SECONDS_AFTER_FAILURE: u32 = 1;

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

/// Waits until nobody wants anything any more, at most so many seconds with one request.
pub async fn watch(door: &Door, most_seconds: u32, awaiting: &mut impl Awaiting) {
    let (mut pause, mut answers) = (FIRST_PAUSE, true);
    loop {
        let wanted = awaiting.wanted();
        if wanted.is_empty() {
            if awaiting.changed().await { continue } else { return }
        }
        let told = tokio::select! {
            told = first(door, &wanted, seconds(answers, most_seconds)) => told,
            still_wanted = awaiting.changed() => {
                if !still_wanted { return }
                sleep(SETTLE).await;
                continue;
            }
        };
        answers = told.is_ok();
        if !awaiting.heard(told).await {
            return;
        }
        if answers {
            pause = FIRST_PAUSE;
        } else {
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

/// How long the next wait may take.
fn seconds(answers: bool, most: u32) -> u32 {
    let longest = if answers { WAIT_SECONDS } else { SECONDS_AFTER_FAILURE };
    longest.min(most)
}

/// The first news of any of these sessions.
async fn first(door: &Door, wanted: &[(String, bool)], seconds: u32) -> Result<Waited, DoorError> {
    let one = |part: &[(String, bool)]| {
        let keys: Vec<String> = part.iter().map(|(key, _)| key.clone()).collect();
        let started: Vec<String> = part.iter().filter(|(_, runs)| *runs).map(|(key, _)| key.clone()).collect();
        Box::pin(async move { door.wait(&keys, &started, seconds).await })
    };
    select_all(wanted.chunks(MOST_KEYS).map(one)).await.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_failed_is_to_say_soon_that_it_is_back() {
        assert_eq!((seconds(true, u32::MAX), seconds(true, 20)), (WAIT_SECONDS, 20));
        assert_eq!((seconds(false, u32::MAX), seconds(false, 0)), (1, 0));
    }
}
