//! Waits for news of all sessions of a call at once: one request at a time, which the door answers with the first news.

use std::collections::BTreeMap;
use std::time::Duration;

use gateway_sim::clock::Bell;
use parallel_agents_door::{Door, Waited};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::News;

/// The keys of the sessions that are waited for, and whether each is known to run.
pub(super) type Wanted = BTreeMap<String, bool>;

/// Keys of one request.
const MOST_KEYS: usize = 1_000;

/// How long one wait may take. A connection that has died without a word is noticed some time after that.
const WAIT_SECONDS: u32 = 30;

/// New sessions are waited for so much later, so that those which are spawned together cost one request.
const SETTLE: Duration = Duration::from_millis(300);

/// How long the host may take to look at news before the same is asked again.
const TAKEN_IN: Duration = Duration::from_secs(1);

/// Pauses before a gateway that did not answer is asked again: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Until nobody wants anything any more.
pub(super) async fn watch(
    door: Door,
    most_seconds: u32,
    mut wanted: watch::Receiver<Wanted>,
    inbox: mpsc::UnboundedSender<News>,
    bell: Bell,
) {
    let seconds = WAIT_SECONDS.min(most_seconds);
    let mut pause = FIRST_PAUSE;
    loop {
        let now = wanted.borrow_and_update().clone();
        if now.is_empty() {
            if wanted.changed().await.is_err() {
                return;
            }
            continue;
        }
        let keys: Vec<String> = now.keys().take(MOST_KEYS).cloned().collect();
        let started: Vec<String> = keys.iter().filter(|key| now.get(*key) == Some(&true)).cloned().collect();
        let told = tokio::select! {
            told = door.wait(&keys, &started, seconds) => told,
            still_wanted = others(&mut wanted) => {
                if still_wanted { continue } else { return }
            }
        };
        match told {
            Ok(waited) if waited.is_empty() => pause = FIRST_PAUSE,
            Ok(waited) => {
                pause = FIRST_PAUSE;
                tell(waited, &inbox, &bell);
                // Until the host has taken it in, the door would say the same once more.
                if matches!(timeout(TAKEN_IN, wanted.changed()).await, Ok(Err(_))) {
                    return;
                }
            }
            // Nothing is lost: what has happened meanwhile is told later.
            Err(_) => {
                sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }
}

/// Until there are other sessions to wait for, and a moment longer. False: nobody wants anything any more.
async fn others(wanted: &mut watch::Receiver<Wanted>) -> bool {
    if wanted.changed().await.is_err() {
        return false;
    }
    sleep(SETTLE).await;
    true
}

fn tell(waited: Waited, inbox: &mpsc::UnboundedSender<News>, bell: &Bell) {
    // Nobody listens any more only if the call is over.
    let _ = inbox.send(News::Waited(waited));
    bell.ring();
}
