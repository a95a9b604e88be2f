//! One seeded defect.

use parallel_agents_engine::host::{Command, EventKind};
use serde_json::Value;

use super::wire::Wire;
use crate::explore::Perturbation;

/// Tasks of one run at the most, where no more are needed to see a defect.
const TASKS: u32 = 12;

/// Tasks of a large run.
const MANY_TASKS: u32 = 40;

/// A mistake that an engine could have.
#[derive(Clone, Copy, Debug)]
pub struct Defect {
    /// One word for it.
    pub name: &'static str,
    /// The code of the invariant that has to be found violated, as in docs/reliability.md.
    pub invariant: &'static str,
    /// What the engine seems to do.
    pub imitates: &'static str,
    pub(super) tamper: Tamper,
    /// Tasks of one run at the most: some things happen only in larger ones.
    pub(super) tasks: u32,
    /// The gateway and its agents, as the text of a script. None: drawn.
    pub(super) script: Option<&'static str>,
    /// What has to be done to a run so that it can be seen.
    pub(super) perturbation: Option<Perturbation>,
}

/// What a defect changes, and how.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tamper {
    /// The request, before the engine reads it.
    Request(fn(&mut Value)),
    /// The commands of one step, before the host is given any.
    Commands(fn(&mut Vec<Command>, &mut Wire)),
    /// What happened, before the engine is told.
    Event(fn(&mut EventKind, &mut Wire)),
    /// Until when the engine waits, on the host's clock.
    Wait(fn(Option<u64>, &Wire) -> Option<u64>),
    /// The answer of the call.
    Reply(fn(&mut Value)),
    /// The whole journal, before a call goes on from it.
    Journal(fn(&str) -> String),
}

impl Defect {
    pub(super) const fn new(
        name: &'static str,
        invariant: &'static str,
        imitates: &'static str,
        tamper: Tamper,
    ) -> Self {
        Self { name, invariant, imitates, tamper, tasks: TASKS, script: None, perturbation: None }
    }

    /// One that is seen only in large runs, with the gateway and the agents of a script.
    pub(super) const fn in_large_runs(self, script: &'static str) -> Self {
        Self { tasks: MANY_TASKS, script: Some(script), ..self }
    }

    /// One that is seen only if this is done to a run.
    pub(super) const fn under(self, perturbation: Perturbation) -> Self {
        Self { perturbation: Some(perturbation), ..self }
    }
}
