//! The gateways that a worker can reach: their doors, and the sessions whose ends it waits for there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parallel_agents_door::{Door, Listed};
use parallel_agents_engine::host::{HostError, ListFilter};
use parallel_agents_engine::ids::SessionKey;

use crate::clock::now_ms;
use crate::config::ConfiguredGateway;
use crate::messages::{Answer, FollowRequest, GatewayCall, GatewayFacts, GatewayReply, GatewayRequest};
use crate::restate::Restate;
use crate::watch::Watch;

/// Rows of a list in which a session is looked for by its own name.
const FOUND_ROWS: u32 = 10;

/// How long a gateway is asked for what it is before it counts as away.
const FACTS_TIMEOUT: Duration = Duration::from_secs(15);

/// The gateways of a configuration.
pub struct Gateways {
    by_name: BTreeMap<String, (Door, Watch)>,
}

impl Gateways {
    /// These gateways; ends of sessions are told to Restate. Needs a Tokio runtime.
    pub fn new(gateways: Vec<ConfiguredGateway>, restate: &Restate) -> Arc<Self> {
        let entry = |gateway: ConfiguredGateway| {
            let watch = Watch::begin(gateway.door.clone(), restate.clone());
            (gateway.spec.name, (gateway.door, watch))
        };
        Arc::new(Self { by_name: gateways.into_iter().map(entry).collect() })
    }

    /// One request, once.
    pub async fn ask(&self, request: &GatewayRequest) -> GatewayReply {
        let answer = match self.by_name.get(&request.gateway) {
            Some((door, _)) => ask(door, &request.call).await,
            None => Err(unknown(&request.gateway)),
        };
        GatewayReply { at_ms: now_ms(), answer }
    }

    /// Has the end of a session told to an awakeable. For how long the gateway has not answered, in milliseconds.
    pub fn watch(&self, follow: &FollowRequest, awakeable: String) -> u64 {
        let Some((_, watch)) = self.by_name.get(&follow.gateway) else { return 0 };
        watch.add(follow, awakeable);
        watch.away_ms()
    }
}

async fn ask(door: &Door, call: &GatewayCall) -> Result<Answer, HostError> {
    Ok(match call {
        GatewayCall::Facts => {
            let facts = tokio::time::timeout(FACTS_TIMEOUT, door.facts()).await;
            let facts = facts.map_err(|_| HostError::Unavailable("it does not answer".to_owned()))??;
            Answer::Facts(GatewayFacts {
                max_concurrent: facts.max_concurrent,
                limits: facts.limits,
                is_drained: false,
            })
        }
        GatewayCall::Spawn(options) => Answer::Spawned(door.spawn(options, None).await?),
        GatewayCall::List(filter) => {
            let page = door.list(filter).await?.page();
            Answer::Listed { rows: page.sessions, has_more: page.has_more }
        }
        GatewayCall::Find(session) => Answer::Found(key_of(&door.list(&named(session)).await?, session)),
        GatewayCall::History(key, query) => Answer::History(door.history(key, query).await?),
        GatewayCall::Cancel(key) | GatewayCall::Tombstone(key) => door.cancel(key).await.map(|()| Answer::Cancelled)?,
        GatewayCall::Delete(key) => door.delete(key).await.map(|()| Answer::Deleted)?,
    })
}

fn named(session: &SessionKey) -> ListFilter {
    ListFilter { search: Some(session.as_str().to_owned()), spawned_by: None, offset: 0, limit: FOUND_ROWS }
}

fn key_of(listed: &Listed, session: &SessionKey) -> Option<String> {
    listed.keys().into_iter().find(|(row, _)| row == session).map(|(_, key)| key)
}

fn unknown(gateway: &str) -> HostError {
    HostError::Unavailable(format!("the worker that was asked has no gateway {gateway} in its configuration"))
}
