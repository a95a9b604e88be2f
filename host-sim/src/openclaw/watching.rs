//! Waits for news of all sessions of a call at once.

use std::collections::BTreeMap;
use std::time::Duration;

use gateway_sim::clock::Bell;
use parallel_agents_door::{Awaiting, DoorError, Waited};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::News;

/// The keys of the sessions that are waited for, and whether each is known to run.
pub(super) type Wanted = BTreeMap<String, bool>;

/// How long the host may take to look at news before the same is asked again.
const TAKEN_IN: Duration = Duration::from_secs(1);

/// The call that wants news.
pub(super) struct Call {
    pub(super) wanted: watch::Receiver<Wanted>,
    pub(super) inbox: mpsc::UnboundedSender<News>,
    pub(super) bell: Bell,
}

impl Awaiting for Call {
    fn wanted(&mut self) -> Vec<(String, bool)> {
        self.wanted.borrow_and_update().clone().into_iter().collect()
    }

    async fn changed(&mut self) -> bool {
        self.wanted.changed().await.is_ok()
    }

    async fn heard(&mut self, told: Result<Waited, DoorError>) -> bool {
        // What has happened while the gateway did not answer is told later.
        let Some(waited) = told.ok().filter(|waited| !waited.is_empty()) else { return true };
        // Nobody listens any more only if the call is over.
        let _ = self.inbox.send(News::Waited(waited));
        self.bell.ring();
        // Until the host has taken it in, the door would say the same once more.
        !matches!(timeout(TAKEN_IN, self.wanted.changed()).await, Ok(Err(_)))
    }
}
