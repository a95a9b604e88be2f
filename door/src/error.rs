//! Why a gateway did not do what it was asked for.

use parallel_agents_engine::host::HostError;

/// Something that a gateway or its door refused, or that went wrong on the way there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The address makes no sense.
    #[error("it is no address of a gateway: {0}; one looks like http://127.0.0.1:18789")]
    Address(String),
    /// The token cannot be sent.
    #[error("the token holds a character that no token has: only visible ASCII can be sent")]
    Token,
    /// The client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
    /// The gateway wants a token, or another one.
    #[error("the gateway at {gateway} does not take the token: {reason}")]
    TokenRefused {
        /// The address at which it was asked.
        gateway: String,
        /// What it said.
        reason: String,
    },
    /// The gateway has no door, or not in this session.
    #[error("the gateway at {gateway} has no door in the session {session}: {reason}")]
    NoDoor {
        /// The address at which it was asked.
        gateway: String,
        /// The session in which it was looked for.
        session: String,
        /// What it said.
        reason: String,
    },
    /// The door speaks another protocol.
    #[error("the door of {gateway} speaks protocol {protocol} (plugin {plugin}), and this program protocol {own}")]
    Version {
        /// The address at which it was asked.
        gateway: String,
        /// What it speaks, as it says itself.
        protocol: String,
        /// The version of its plugin.
        plugin: String,
        /// What is understood here.
        own: u64,
    },
    /// Nobody was reached, so nothing was done.
    #[error("the gateway at {gateway} cannot be reached: {reason}")]
    Unreachable {
        /// The address at which it was asked.
        gateway: String,
        /// What went wrong.
        reason: String,
    },
    /// The answer did not come, or makes no sense: what was asked for may have been done.
    #[error("the gateway at {gateway} gave no answer that can be used: {reason}")]
    Lost {
        /// The address at which it was asked.
        gateway: String,
        /// What went wrong.
        reason: String,
    },
    /// The door said no.
    #[error("{code}: {message}")]
    Refused {
        /// Its own code.
        code: String,
        /// The door's words.
        message: String,
        /// The same in the words of the contract with hosts.
        error: HostError,
    },
}

impl DoorError {
    /// The code of what only another setting or another gateway can change, for programs that tell people of it.
    ///
    /// None: the gateway or the way there is at fault, and the same may go well later.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Address(_) => Some("E_GATEWAY_ADDRESS"),
            Self::Token | Self::TokenRefused { .. } => Some("E_GATEWAY_TOKEN"),
            Self::NoDoor { .. } => Some("E_NO_DOOR"),
            Self::Version { .. } => Some("E_DOOR_VERSION"),
            Self::Client(_) | Self::Unreachable { .. } | Self::Lost { .. } | Self::Refused { .. } => None,
        }
    }
}

impl From<DoorError> for HostError {
    fn from(error: DoorError) -> Self {
        let words = error.to_string();
        match error {
            DoorError::Refused { error, .. } => error,
            DoorError::Lost { .. } => Self::InDoubt(words),
            // A gateway that is being started may not have its plugin yet.
            DoorError::NoDoor { .. } | DoorError::Unreachable { .. } => Self::Unavailable(words),
            DoorError::TokenRefused { .. } => Self::Forbidden(words),
            DoorError::Address(_) | DoorError::Token | DoorError::Client(_) | DoorError::Version { .. } => {
                Self::Invalid(words)
            }
        }
    }
}
