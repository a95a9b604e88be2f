//! What a host knows to be true of its sessions, whatever it tells the call.

use parallel_agents_engine::host::{HostError, SessionOutcome, SessionState};
use parallel_agents_engine::ids::{RequestId, SessionKey};
use parallel_agents_engine::task::Usage;

use crate::script::Fault;

/// One thing that is so, from the moment on in which it is noted.
#[derive(Clone, Debug)]
pub enum Truth {
    /// A fault of the script struck.
    Fault(Fault),
    /// A spawn request has a session: a new one or, for a repeated key, the one that it had before.
    Accepted {
        /// The spawn request.
        request: RequestId,
        /// Its session.
        session: SessionKey,
    },
    /// A spawn request has no session.
    Refused {
        /// The spawn request.
        request: RequestId,
        /// Why.
        error: HostError,
    },
    /// A session has ended.
    Over(SessionKey, SessionOver),
    /// A session was deleted.
    Deleted(SessionKey),
    /// The host would not stop or delete a session.
    KeptAlive(SessionKey),
    /// The host said of a session that it is not the caller's.
    Denied(SessionKey),
    /// The transcript of a session cannot be read any more.
    Unreadable(SessionKey),
    /// The host forgot a session.
    Vanished(SessionKey),
    /// A list that is told leaves a session out.
    LeftOut(SessionKey),
    /// The attempt that this session belongs to was given the receipt of another one.
    ReceiptRepeated(SessionKey),
    /// The session of a label is going to write a secret.
    WroteSecret {
        /// The label of the session, without the number of an attempt.
        label: String,
        /// The secret.
        secret: String,
    },
    /// The event that comes next is somebody's intervention.
    Intervened,
    /// The call came back with a reply.
    Returned,
    /// The host stopped everything; spawn calls that it had not looked at will not be carried out.
    Swept,
}

/// The end of a session, as its host knows it.
#[derive(Clone, Debug)]
pub struct SessionOver {
    /// The state that it ended in.
    pub state: SessionState,
    /// How it ended, in the words of an event.
    pub outcome: SessionOutcome,
    /// The model that really ran.
    pub model: String,
    /// Its tokens. None: nobody knows.
    pub usage: Option<Usage>,
    /// Their price by the script, in millionths of a dollar.
    pub cost_micro_usd: u64,
}
