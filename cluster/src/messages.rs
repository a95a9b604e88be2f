//! The messages between a run, the sessions and whoever controls the run. All of them stand in Restate's journal, so their form is kept stable.

use std::sync::Arc;

use parallel_agents_engine::host::{
    HistoryPage, HistoryQuery, HostError, ListFilter, OperatorLimits, Receipt, SessionEnd, SessionRow, SpawnOptions,
};
use parallel_agents_engine::ids::SessionKey;
use parallel_agents_engine::policy::outcome::words;
use serde::{Deserialize, Serialize};

use crate::limits::Allowed;
use crate::placement::GatewaySpec;

/// A request for one gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayRequest {
    /// The gateway's name in the configuration.
    pub gateway: String,
    /// What it is asked.
    pub call: GatewayCall,
}

/// What a gateway is asked. Sessions are named by their keys at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GatewayCall {
    /// What it is and allows.
    Facts,
    /// A session, or the one that its key has.
    Spawn(Arc<SpawnOptions>),
    /// A page of its list.
    List(ListFilter),
    /// The key at the door of a session.
    Find(SessionKey),
    /// A page of a transcript.
    History(String, HistoryQuery),
    /// Stop a session.
    Cancel(String),
    /// Delete a session.
    Delete(String),
    /// Stop the session of a key that may have one, and let it never have one. Asked until the gateway answers.
    Tombstone(String),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayReply {
    /// When, on the clock of whoever asked, in milliseconds since 1970.
    pub at_ms: u64,
    /// What it got, or why it got nothing.
    pub answer: Result<Answer, HostError>,
    /// What the gateway refuses, if another one may take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Whether the operator of the cluster wants no new sessions there; told of a gateway that was asked for its facts, whatever it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_drained: Option<bool>,
}

/// What a gateway refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// All that it is asked: it does not take the token, or lets nobody in.
    Everything,
    /// Sessions with this model or agent.
    Kind,
}

impl GatewayReply {
    /// A reply that says no more than this.
    pub fn new(at_ms: u64, answer: Result<Answer, HostError>) -> Self {
        Self { at_ms, answer, refusal: None, is_drained: None }
    }

    /// Nobody knows what became of the request.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self.answer, Err(HostError::InDoubt(_)))
    }

    /// The same, of a session that was in doubt before.
    #[must_use]
    pub fn after_doubt(self) -> Self {
        Self { answer: self.answer.map_err(after_doubt), ..self }
    }
}

/// What an error says of a session that may be there, since it was asked for before and nobody knows what became of that.
///
/// Only a door that has looked for it, and has no room for another one, says that there is none. A gateway that is not reached, or turns
/// requests away before they come to its door, says nothing of it: it is in doubt as before.
pub fn after_doubt(error: HostError) -> HostError {
    match error {
        HostError::AtCapacity(_) | HostError::Exhausted(_) => error,
        other => HostError::InDoubt(words(&other).to_owned()),
    }
}

/// Answers, one for each form of [`GatewayCall`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the requests say it")]
pub enum Answer {
    Facts(GatewayFacts),
    Spawned(Receipt),
    Listed {
        rows: Vec<SessionRow>,
        has_more: bool,
    },
    /// The key, if the gateway has the session.
    Found(Option<String>),
    History(HistoryPage),
    Cancelled,
    Deleted,
}

/// What a run needs to know of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayFacts {
    /// Sessions that it runs at once.
    pub max_concurrent: u32,
    /// What its operator allows one run.
    pub limits: OperatorLimits,
    /// As in [`GatewayReply`], where runs of earlier versions look for it.
    pub is_drained: bool,
}

/// A session whose end is awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowRequest {
    /// The gateway's name in the configuration.
    pub gateway: String,
    /// The session's key at the door.
    pub key: String,
    /// The gateway's name of the session.
    pub session: SessionKey,
    /// As in [`GatewaySpec`].
    pub lease_seconds: Option<u32>,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndReport {
    /// When it was known, on the clock of whoever waited, in milliseconds since 1970.
    pub at_ms: u64,
    /// How it ended.
    pub end: SessionEnd,
}

/// What a run is told from outside while it is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// Stop all of it.
    Stop(String),
    /// No new sessions on a gateway, or new ones again.
    Drain(String, bool),
}

/// A run, as it was started. It needs nothing else, so that each attempt does the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInput {
    /// The name of the function.
    pub function: String,
    /// Its arguments, a JSON object.
    pub request: String,
    /// All of the engine's chance.
    pub seed: u64,
    /// When it was started, in milliseconds since 1970.
    pub at_ms: u64,
    /// Where it may have sessions.
    pub gateways: Vec<GatewaySpec>,
    /// What it may take, whatever the request says.
    pub limits: OperatorLimits,
    /// How long the run waits for its first gateway, in seconds.
    pub patience_seconds: u32,
    /// What its sessions may ask for.
    #[serde(default)]
    pub allowed: Allowed,
}

/// What a run gives in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunOutput {
    /// The function's reply, as JSON.
    Answer(String),
    /// The request's problems, as JSON.
    Refused(String),
    /// No gateway takes any session; why, for each of them.
    NoGateway(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_door_that_has_looked_ends_a_doubt() {
        let text = || "text".to_owned();
        for error in [
            HostError::Unavailable(text()),
            HostError::RateLimited { retry_after_ms: Some(1), message: text() },
            HostError::Forbidden(text()),
            HostError::Busy(text()),
            HostError::InDoubt(text()),
        ] {
            assert_eq!(after_doubt(error), HostError::InDoubt(text()));
        }
        assert_eq!(after_doubt(HostError::AtCapacity(text())), HostError::AtCapacity(text()));
    }
}
