//! The gateways that a worker can reach: their doors, and the sessions whose ends it waits for there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parallel_agents_door::{Door, DoorError, Listed};
use parallel_agents_engine::host::{HostError, ListFilter};
use parallel_agents_engine::ids::SessionKey;

use crate::clock::now_ms;
use crate::config::ConfiguredGateway;
use crate::lease::{Contact, Looked};
use crate::messages::{Answer, FollowRequest, GatewayCall, GatewayFacts, GatewayReply, GatewayRequest, Refusal};
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
        let Some((door, watch)) = self.by_name.get(&request.gateway) else {
            return GatewayReply::new(now_ms(), Err(unknown(&request.gateway)));
        };
        let answer = ask(&request.gateway, door, &request.call).await;
        if answer.is_ok() {
            watch.answered();
        }
        let refusal = answer.as_ref().err().and_then(refusal);
        GatewayReply { refusal, ..GatewayReply::new(now_ms(), answer.map_err(HostError::from)) }
    }

    /// Has the end of a session told to an awakeable. What is known of the gateway.
    pub fn watch(&self, follow: &FollowRequest, awakeable: String) -> Looked {
        let contact = self.by_name.get(&follow.gateway).map_or(Contact::Unknown, |(_, watch)| {
            watch.add(follow, awakeable);
            watch.contact()
        });
        Looked::At { at_ms: now_ms(), contact }
    }
}

async fn ask(name: &str, door: &Door, call: &GatewayCall) -> Result<Answer, DoorError> {
    Ok(match call {
        GatewayCall::Facts => {
            let late = |_| DoorError::Unreachable { gateway: name.to_owned(), reason: "it does not answer".to_owned() };
            let facts = tokio::time::timeout(FACTS_TIMEOUT, door.facts()).await.map_err(late)??;
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

/// What a gateway refuses with an error, if another one may take it.
fn refusal(error: &DoorError) -> Option<Refusal> {
    match error {
        DoorError::TokenRefused { .. } | DoorError::Version { .. } => Some(Refusal::Everything),
        DoorError::Refused { code, .. } => match code.as_str() {
            "HTTP 403" | "E_DOOR_CLOSED" => Some(Refusal::Everything),
            "E_DOOR_FORBIDDEN" => Some(Refusal::Kind),
            _ => None,
        },
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_gateway_that_was_removed_is_not_one_that_answers() {
        let url = || reqwest::Url::parse("http://127.0.0.1:1").expect("an address");
        let gateways = Gateways::new(Vec::new(), &Restate::new(url(), url()).expect("a client"));
        let session = SessionKey::new("s");
        let follow = FollowRequest { gateway: "a".to_owned(), key: "k".to_owned(), session, lease_seconds: Some(20) };
        let looked = gateways.watch(&follow, "awakeable".to_owned());
        assert!(matches!(looked, Looked::At { contact: Contact::Unknown, .. }), "{looked:?}");
    }

    #[test]
    fn what_another_gateway_may_take_is_told_from_what_none_takes() {
        let error = || HostError::Forbidden("no".to_owned());
        let refused =
            |code: &str| DoorError::Refused { code: code.to_owned(), message: "no".to_owned(), error: error() };
        let token = DoorError::TokenRefused { gateway: "http://h".to_owned(), reason: "HTTP 401".to_owned() };
        assert_eq!(refusal(&token), Some(Refusal::Everything));
        for (code, wanted) in [
            ("HTTP 403", Some(Refusal::Everything)),
            ("E_DOOR_CLOSED", Some(Refusal::Everything)),
            ("E_DOOR_FORBIDDEN", Some(Refusal::Kind)),
            ("E_DOOR_CANCELLED", None),
            ("E_DOOR_REQUEST", None),
        ] {
            assert_eq!(refusal(&refused(code)), wanted, "{code}");
        }
    }
}
