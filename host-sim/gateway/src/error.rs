//! What can go wrong with a call, other than the call's own result.

use std::path::{Path, PathBuf};

use crate::checker::Violation;

/// Why a component could not be loaded, or a call had no result.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// There is no component file.
    #[error("there is no component{}", at(path.as_deref()))]
    Missing {
        /// The file that was named. None: nobody named one, and none was found.
        path: Option<PathBuf>,
    },
    /// The component file cannot be read.
    #[error("cannot read the component {}", path.display())]
    Read {
        /// As it was named, or where it was found.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no component, or not one that this host can run: it imports more than it is given, or lacks exports.
    #[error("cannot load the component: {reason}")]
    Load {
        /// What the runtime said.
        reason: String,
    },
    /// The component speaks another version of the contract.
    #[error(
        "the component speaks version {found} of the contract, this host speaks {}",
        parallel_agents_engine::CONTRACT_VERSION
    )]
    Version {
        /// The component's version, or what stood in its place.
        found: String,
    },
    /// The call used up its fuel: it computed without end.
    #[error("the component was stopped after {fuel} units of fuel")]
    OutOfFuel {
        /// What it was given.
        fuel: u64,
    },
    /// The call asked the host for more than it may.
    #[error("the component was stopped after {limit} calls of imports")]
    TooManyCalls {
        /// What it was given.
        limit: u64,
    },
    /// The component trapped: it panicked, ran out of memory or stack, or misused the interface.
    #[error("the component trapped: {reason}")]
    Trap {
        /// What the runtime said.
        reason: String,
    },
    /// The component asked the host for something that the contract does not allow.
    #[error("the component broke the contract: {what}")]
    Contract {
        /// What it did, in one sentence.
        what: String,
    },
    /// Another engine than the one in this program did not start, or is lost in the middle of a call.
    #[error("the other engine is lost: {what}")]
    Engine {
        /// What happened to it.
        what: String,
    },
    /// The host itself failed in the middle of a call.
    #[error("the host failed: {what}")]
    Host {
        /// What happened, in one sentence.
        what: String,
    },
    /// The component violated an invariant, and the call was stopped there.
    #[error("the component broke an invariant{}: {violation}", seed.map(|seed| format!(" with seed {seed}")).unwrap_or_default())]
    Violation {
        /// Repeats it. None: it had not opened.
        seed: Option<u64>,
        /// Which, at which event.
        violation: Violation,
    },
    /// A reply of the component is not what the contract says.
    #[error("the component gave a reply that cannot be read: {what}")]
    Reply {
        /// What is wrong with it.
        what: String,
    },
}

impl SimError {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "E_COMPONENT_MISSING",
            Self::Read { .. } => "E_COMPONENT_READ",
            Self::Load { .. } => "E_COMPONENT_LOAD",
            Self::Version { .. } => "E_COMPONENT_VERSION",
            Self::OutOfFuel { .. } | Self::TooManyCalls { .. } => "E_GUEST_STUCK",
            Self::Trap { .. } => "E_GUEST_TRAP",
            Self::Contract { .. } => "E_GUEST_CONTRACT",
            Self::Engine { .. } => "E_ENGINE",
            Self::Host { .. } => "E_HOST_TRAP",
            Self::Violation { .. } => "E_GUEST_PROMISE",
            Self::Reply { .. } => "E_GUEST_REPLY",
        }
    }
}

fn at(path: Option<&Path>) -> String {
    path.map_or_else(|| "; build it with `cargo xtask build`".to_owned(), |path| format!(" at {}", path.display()))
}
