//! The parts of which the account of a call consists.

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents_engine::host::SessionState;
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};
use parallel_agents_engine::task::Usage;

use super::account::{Account, Asked, Tasks};
use super::allowance::Allowance;
use super::excuse::{Excuse, Excuses};
use super::invariant::{Invariant, Violation};
use super::known_time::KnownTime;
use super::money::Sum;
use super::outcomes::Tries;
use crate::script::Fault;

/// Cancel and delete requests for one session that are still plausible: five tries of each.
pub(super) const MAX_CLEANUP_TRIES: u32 = 10;

/// Lists that a call looks into for a session of which nobody says whether it exists.
pub(super) const SEARCHES: u32 = 2;

/// Milliseconds for which a call has to try to clean up before it may come back without having done so.
pub(super) const CLEANUP_GRACE_MS: u64 = 30_000;

/// Something that holds one of the places that the cap allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Live {
    /// A spawn call without an answer: a session may exist already.
    Spawning(RequestId),
    /// A session that has not ended.
    Session(SessionKey),
}

/// Whether somebody intervened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Intervened {
    #[default]
    No,
    /// With the event that comes next.
    Next,
    /// Milliseconds since the call opened, as it can know them.
    At(u64),
}

/// What is known of one agent type under one model.
#[derive(Clone, Debug)]
pub(super) enum Circuit {
    /// It did nothing but fail, at these times.
    Failing(Vec<u64>),
    /// Nothing before this time, and then one.
    Open {
        /// As the call can know it.
        until_ms: u64,
        /// The same by the host's real time.
        really_until_ms: u64,
        probes: u32,
    },
    /// It has not only failed, so nothing follows for the breaker.
    Unclear,
}

/// What the host asked for, and what it refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Cooldowns {
    /// By task: when the host wants to be asked for it again, as the call can know it and in reality.
    pub(super) not_before: BTreeMap<String, (u64, u64)>,
    pub(super) longest_retry_after_ms: u64,
    /// By agent type and model: the reason of the last refusal, and how often it was given in a row.
    pub(super) refusals: BTreeMap<(String, String), (String, u32)>,
}

/// How waits ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waits {
    /// When the last wait ended that came to nothing, if nothing was asked for since.
    pub(super) idle_since: Option<u64>,
    pub(super) short: u32,
}

/// Places that a task holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskPlaces {
    /// As far as the call can know.
    pub(super) known: usize,
    /// In reality, whether the call knows of them or not.
    pub(super) all: usize,
    /// Why it cannot know of the others.
    pub(super) why_unknown: Option<Excuse>,
}

/// Sessions and requests, as host and call know them.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    pub(super) requests: BTreeMap<RequestId, Asked>,
    pub(super) sessions: BTreeMap<SessionKey, Account>,
    /// Sessions of earlier calls.
    pub(super) earlier: BTreeSet<SessionKey>,
    /// The sessions that idempotency keys stand for; None while there is none.
    pub(super) keys: BTreeMap<String, Option<SessionKey>>,
    /// Keys of spawn calls whose answer was lost without anything having come of them.
    pub(super) lost: BTreeSet<String>,
    /// The sessions that receipts named, each with the label and the model of the attempt that was given it first.
    pub(super) holders: BTreeMap<SessionKey, (String, Option<String>)>,
    pub(super) live: BTreeSet<Live>,
    /// What all sessions take of the budget, so that no spawn call has to look at each.
    pub(super) taken: Sum,
    pub(super) peak_live: u32,
    pub(super) spawn_calls: u32,
    /// When the last session was asked for, as the call can know it.
    pub(super) last_spawn_ms: u64,
    /// List requests since the call first opened.
    pub(super) lists: u64,
}

/// Cuts of the call, and what they leave in doubt.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    pub(super) resumes: u32,
    /// When it was resumed last, as the call can know it.
    pub(super) went_on_ms: Option<u64>,
    /// The number of the event before which the clock jumped last. None: it has not, since the call opened or went on.
    pub(super) jumped_before: Option<u64>,
    pub(super) is_time_in_doubt: bool,
    /// Tasks that had ended when the call was cut off last.
    pub(super) finished: BTreeSet<TaskId>,
}

/// What the call was told, and what struck.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) events: u64,
    pub(super) seed: Option<u64>,
    pub(super) faults: BTreeMap<Fault, u64>,
    pub(super) intervention: Intervened,
}

/// What was violated, and what does not count.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) broken: Vec<Violation>,
    pub(super) excuses: Excuses,
}

/// What somebody wants stopped.
#[derive(Clone, Debug, Default)]
pub(super) struct Stops {
    pub(super) run: bool,
    pub(super) tasks: BTreeSet<TaskId>,
}

/// How the call came back.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    pub(super) returned: bool,
    /// Sessions that the call itself says it left alive or undeleted.
    pub(super) named_as_leaked: BTreeSet<SessionKey>,
    pub(super) orphans: Vec<SessionKey>,
    pub(super) open_spawns: Vec<RequestId>,
}

/// What sessions were given to read, and wrote.
#[derive(Clone, Debug, Default)]
pub(super) struct Prompts {
    /// The codes of prompts, and the idempotency keys of their sessions.
    pub(super) codes: BTreeMap<String, String>,
    /// What sessions wrote that is to be followed, and the tasks that wrote it.
    pub(super) secrets: BTreeMap<String, String>,
}

/// Which models were asked for, and how they did.
#[derive(Clone, Debug, Default)]
pub(super) struct Models {
    /// The best tier that was asked for so far, by agent type and task.
    pub(super) tiers: BTreeMap<String, usize>,
    /// By agent type and model.
    pub(super) circuits: BTreeMap<(String, Option<String>), Circuit>,
}

/// What one call did, as its host saw it.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    pub(super) allowed: Allowance,
    pub(super) time: KnownTime,
    pub(super) cuts: Cuts,
    pub(super) accounts: Accounts,
    pub(super) heard: Heard,
    pub(super) findings: Findings,
    pub(super) stops: Stops,
    pub(super) ending: Ending,
    pub(super) prompts: Prompts,
    pub(super) waits: Waits,
    pub(super) cooldowns: Cooldowns,
    pub(super) progress: Tasks,
    /// The items that were told: in which life of the call last, and a digest of what.
    pub(super) items: BTreeMap<u32, (u32, u64)>,
    pub(super) tries: BTreeMap<String, Tries>,
    pub(super) models: Models,
}

impl Checker {
    /// The account of a call on a host that has sessions already, which it may read.
    pub(crate) fn after(earlier: impl Iterator<Item = SessionKey>) -> Self {
        Self { accounts: Accounts { earlier: earlier.collect(), ..Accounts::default() }, ..Self::default() }
    }

    /// Holds the call to this from now on.
    pub fn hold_to(&mut self, allowed: Allowance) {
        self.allowed = allowed;
        // It may have other prices.
        self.accounts.taken = self.taken_by_all();
    }

    /// What the call is held to.
    pub fn allowed(&self) -> &Allowance {
        &self.allowed
    }

    /// Enters that the call named a session as one that it could not stop or delete.
    pub(crate) fn leak_was_named(&mut self, key: SessionKey) {
        self.ending.named_as_leaked.insert(key);
    }

    /// How often each fault struck.
    pub fn faults(&self) -> &BTreeMap<Fault, u64> {
        &self.heard.faults
    }

    /// Sessions alive now, counted from the spawn call.
    pub fn live(&self) -> u32 {
        count(self.accounts.live.len())
    }

    /// The largest number of sessions that were alive at once, counted from the spawn call, without those of which a call that
    /// goes on could not know.
    pub fn peak_live(&self) -> u32 {
        self.accounts.peak_live
    }

    /// Spawn calls made.
    pub fn spawn_calls(&self) -> u32 {
        self.accounts.spawn_calls
    }

    /// Sessions that were alive when the call came back.
    pub fn orphans(&self) -> &[SessionKey] {
        &self.ending.orphans
    }

    /// Sessions whose keys the call was told.
    pub fn told_sessions(&self) -> impl Iterator<Item = &SessionKey> {
        self.accounts.sessions.iter().filter(|(_, account)| account.told.key).map(|(key, _)| key)
    }

    /// All sessions that came into being for the call.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionKey> {
        self.accounts.sessions.keys()
    }

    /// Of those that were alive when the call came back, how many the host would have stopped, or the call kept silent about.
    pub fn unexcused_orphans(&self) -> u32 {
        count(self.ending.orphans.iter().filter(|key| self.why_left(key).is_none()).count())
    }

    /// Sessions by the state that they are in; deleted ones count with the state that they ended in.
    pub fn sessions_in(&self, state: SessionState) -> u32 {
        count(self.accounts.sessions.values().filter(|account| account.state == state).count())
    }

    /// The tokens of all sessions that answered.
    pub fn usage(&self) -> Usage {
        self.accounts.sessions.values().filter_map(|account| account.usage).fold(Usage::default(), Usage::plus)
    }

    /// Those of them that the call was told of.
    pub fn told_usage(&self) -> Usage {
        let told = self.accounts.sessions.values().filter(|account| account.told.usage);
        told.filter_map(|account| account.usage).fold(Usage::default(), Usage::plus)
    }

    /// What was violated, in the order of discovery; the state at the end comes last. Empty: nothing was.
    pub fn violations(&self) -> Vec<Violation> {
        let mut all = self.findings.broken.clone();
        all.extend(self.broken_at_the_end());
        all
    }

    /// The first invariant that was violated while the call lasted.
    pub fn first_violation(&self) -> Option<&Violation> {
        self.findings.broken.first()
    }

    /// What repeats the call, once it is open.
    pub fn seed(&self) -> Option<u64> {
        self.heard.seed
    }

    pub(super) fn excuse(&mut self, excuse: Excuse) {
        self.findings.excuses.add(excuse);
    }

    pub(super) fn note(&mut self, invariant: Invariant, what: String) {
        self.findings.broken.push(Violation { invariant, event: self.heard.events.checked_sub(1), what });
    }
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
