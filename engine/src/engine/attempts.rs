//! One session that the engine asked for, and what it was asked for.

use std::sync::Arc;

use super::alarms::Alarm;
use crate::host::SpawnOptions;
use crate::ids::TaskIndex;
use crate::schedule::{Amount, Group};
use crate::session::Machine;
use crate::task::{AttemptKind, Tier};

/// A session from its spawn call to its end.
#[derive(Debug)]
pub struct Attempt {
    /// Whose.
    pub task: TaskIndex,
    /// Counted from 1 within its task.
    pub number: u32,
    /// Why it was started.
    pub kind: AttemptKind,
    /// The tier that was asked for, where the run has models for tiers.
    pub tier: Option<Tier>,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The circuit that it belongs to.
    pub group: Group,
    /// What the host is asked for, until it has answered.
    pub options: Option<Arc<SpawnOptions>>,
    /// Its states, while it lasts. Boxed, as most sessions of a long run are over.
    pub machine: Option<Box<Machine>>,
    /// When its machine wants to be woken; kept beside it so that the old alarm can be found.
    pub alarm: Option<Alarm>,
    /// When it was asked for.
    pub started_ms: u64,
    /// When it began to run, as far as anybody said.
    pub running_since: Option<u64>,
    /// What it may take.
    pub reserved: Amount,
}
