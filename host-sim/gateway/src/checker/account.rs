//! The single accounts of which a checker consists.

use std::collections::BTreeMap;

use parallel_agents_engine::host::{Progress, SessionState};
use parallel_agents_engine::ids::TaskId;
use parallel_agents_engine::task::{Cleanup, TaskStatus, Usage};

use super::invariant::Invariant;
use super::money::Spending;
use crate::effort;

/// One request and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The function, as messages call it.
    pub(super) function: &'static str,
    pub(super) answers: u32,
    /// The idempotency key of a spawn call.
    pub(super) key: String,
    pub(super) spawn: Option<SpawnCall>,
}

/// What a spawn call asked for.
#[derive(Clone, Debug)]
pub(super) struct SpawnCall {
    pub(super) label: String,
    pub(super) cleanup: Cleanup,
    pub(super) model: Option<String>,
    /// What the session may use before it counts as using more than expected.
    pub(super) reserved: Spending,
    /// The same session was asked for before.
    pub(super) repeats: bool,
    /// What the call's time was ahead of the real one by then.
    pub(super) gained_ms: u64,
}

impl Asked {
    pub(super) fn new(function: &'static str) -> Self {
        Self { function, answers: 0, key: String::new(), spawn: None }
    }
}

/// What the host knows of a session, and what it told the call.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) label: String,
    pub(super) cleanup: Cleanup,
    pub(super) reserved: Spending,
    pub(super) asked_model: Option<String>,
    pub(super) state: SessionState,
    pub(super) usage: Option<Usage>,
    /// The model that really ran, once it is over.
    pub(super) model: Option<String>,
    pub(super) cost_micro_usd: u64,
    pub(super) deleted: bool,
    /// The host forgot it.
    pub(super) vanished: bool,
    /// What the call's time was ahead of the real one by the time at which it was asked for, ended or was to go.
    pub(super) gained_ms: u64,
    pub(super) told: Told,
    pub(super) asked: AskedOf,
    pub(super) lies: Lies,
}

/// What the call was told of a session, and could know.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Whether its key ever reached the call.
    pub(super) key: bool,
    /// The tokens that it used.
    pub(super) usage: bool,
    /// The model that the call was told to run.
    pub(super) model: Option<String>,
    /// Whether a receipt or a list named it since the call began, or went on.
    pub(super) in_sight: bool,
    /// Lists before that which should have named it.
    pub(super) left_out: u32,
    /// A call that goes on could not come to know of it: the host forgot it before, or left it out of its lists.
    pub(super) is_hidden: bool,
    /// Ends that the component was told of.
    pub(super) ends: u32,
    /// Times that a call attached to it, each of which tells its end once more.
    pub(super) attached: u32,
}

/// What the call asked for a session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AskedOf {
    /// Cancel and delete requests.
    pub(super) cleanup_tries: u32,
    /// Cancel and delete requests that the host refused.
    pub(super) refusals: u32,
    /// Pages of its transcript that were asked for.
    pub(super) reads: u32,
}

/// What the host says of a session that is not so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lies {
    /// Its attempt got the receipt of another one.
    pub(super) mixed_up: bool,
    /// It is not the caller's.
    pub(super) denied: bool,
    /// Its transcript is gone, although it was completed.
    pub(super) unreadable: bool,
}

impl Account {
    pub(super) fn new(spawn: SpawnCall) -> Self {
        Self {
            label: spawn.label,
            cleanup: spawn.cleanup,
            reserved: spawn.reserved,
            asked_model: spawn.model,
            state: SessionState::Queued,
            usage: None,
            model: None,
            cost_micro_usd: 0,
            deleted: false,
            vanished: false,
            gained_ms: spawn.gained_ms,
            told: Told::default(),
            asked: AskedOf::default(),
            lies: Lies::default(),
        }
    }

    /// Whether it has not ended.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, SessionState::Queued | SessionState::Running | SessionState::Unknown)
    }
}

/// The progress that the component reported.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    next_seq: u64,
    /// The number that was due when the call was cut off: what came before it may be told once more.
    repeats_before: u64,
    /// The call goes on after it was cut off.
    is_resumed: bool,
    status: BTreeMap<TaskId, TaskStatus>,
    /// How many of these are final.
    ended: usize,
}

impl Tasks {
    /// Enters a report that came after an event of `at_ms`, from a run with so many places. What is wrong with it.
    pub(super) fn enter(&mut self, progress: &Progress, at_ms: u64, places: Option<u32>) -> Vec<(Invariant, String)> {
        let mut wrong = Vec::new();
        if progress.seq < self.repeats_before {
            return wrong;
        }
        if progress.seq != self.next_seq {
            let what = format!("progress {} came where {} was due", progress.seq, self.next_seq);
            wrong.push((Invariant::Progress, what));
        }
        // After a resume, what was under way is told with the time at which it happened.
        let is_late = self.is_resumed;
        if progress.at_ms != at_ms && !is_late {
            wrong.push((Invariant::Progress, format!("progress {} has another time than its event", progress.seq)));
        }
        self.next_seq = progress.seq.saturating_add(1);
        let (task, now) = (&progress.task, progress.status);
        let before = self.status.get(task).copied();
        match (before, now) {
            (Some(before), _) if before.is_final() => {
                wrong.push((Invariant::Progress, format!("task {task} was reported as {} after its end", now.name())));
            }
            (Some(TaskStatus::Running), TaskStatus::Running) => {
                wrong.push((Invariant::States, format!("task {task} began to run while it ran")));
            }
            (None | Some(TaskStatus::Pending), TaskStatus::Completed) => {
                wrong.push((Invariant::States, format!("task {task} was completed without having run")));
            }
            _ => {}
        }
        if before.is_none_or(|before| !before.is_final()) {
            self.ended += usize::from(now.is_final());
            self.status.insert(task.clone(), now);
        }
        if progress.ended as usize != self.ended() || progress.ended > progress.total {
            let what = format!("progress {} counts {} ends, there were {}", progress.seq, progress.ended, self.ended());
            wrong.push((Invariant::Progress, what));
        }
        if places.is_some_and(|places| progress.running > places) {
            wrong.push((Invariant::Progress, format!("progress {} counts {} places", progress.seq, progress.running)));
        }
        wrong
    }

    /// The call goes on after it was cut off.
    pub(super) fn resumed(&mut self) {
        self.repeats_before = self.next_seq;
        self.is_resumed = true;
    }

    /// How many tasks have a final report.
    pub(super) fn ended(&self) -> usize {
        self.ended
    }

    /// Tasks with a final report.
    pub(super) fn finals(&self) -> impl Iterator<Item = &TaskId> {
        let all = self.status.iter().inspect(|_| effort::look());
        all.filter(|(_, status)| status.is_final()).map(|(task, _)| task)
    }

    /// The last status that was reported of a task.
    pub(super) fn status(&self, task: &str) -> Option<TaskStatus> {
        self.status.get(&TaskId::new(task)).copied()
    }
}
