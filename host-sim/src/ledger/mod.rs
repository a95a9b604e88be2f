//! The host's own account of a call, independent of the component's word.
//!
//! The world enters every command that it is given and every event that it hands out, and what it knows to be true of its
//! sessions. [`Ledger::violations`] then says which promises were broken; nothing in here changes what happens. A world stops
//! its call at the first one. Whatever breaks the letter of a promise and does not count is counted in `excuse`, where each rule
//! for that stands; all time is what the call can know of it (`known_time`).
//!
//! | promise | where it is held |
//! |---------|------------------|
//! | I1 places, I8 one session for a task | `entries`, `tries`: at each spawn call |
//! | I2 sessions in all, I5 budget | `spending`: at each spawn call |
//! | I3 dependencies, I6 retries, second chances, hedges | `tries`: at each spawn call |
//! | I4 nothing after a stop | `violation`: at each spawn call |
//! | I7 pauses | `timing`: at the spawn call after a wish of host or provider |
//! | I9 states, I14 progress | `account`: at each progress report |
//! | I10 order of requests | `mod`, `violation`: at each request |
//! | I11 time, E8 the end comes | `timing`: at each wait and at the end; own time against odd clocks: `engine/src/engine/tests/faults.rs` |
//! | I12 no storms | `timing`: at each wait, list and read |
//! | I13 sizes | `reply`; memory and fuel: `component/limits.rs`, `tests/it/failures.rs` |
//! | I15 circuits | `circuits`: at each spawn call, up to the first break; the rest: `engine/src/schedule/breaker.rs` |
//! | I16 input is framed, arguments are the request's | `prompts`: at each spawn call |
//! | I17 nothing that was said is an argument | `prompts`: at each request |
//! | I18 secrets stay where they belong | `prompts`, `reply` |
//! | I19 tiers | `tiers`: at each spawn call; `reply` |
//! | E1 results, E4 status, E11 usage | `reply`, `explore/check.rs` |
//! | E2 no orphans, E3 every end once | `violation` |
//! | E10 a bad request asks for nothing | `reply`; every kind of it: `tests/bad_input.rs` |
//! | H1 events, H2 answers | `mod`, `violation`: the host's own promises |
//! | E5 equal bytes | `explore`: each seed twice |
//! | E6 replay | `tests/it/crash.rs`, `tests/journals/` |
//! | E7 resume | `finished`, `resume`; results: `explore/deeds/crash.rs` |
//! | E9 stopping twice, at any time | `engine/src/engine/tests/faults.rs`, `explore` |
//! | E12 refinement | `tests/refinement.rs` |
//! | E13 marks in results tell the truth | `engine/src/answer/`, `engine/src/engine/tests/faults.rs` |
//! | E14 one call does not touch another | `tests/it/failures.rs`: a fresh instance for each call |
//! | E15 replies of a size | `engine/src/report/digest.rs` |

mod account;
mod allowance;
mod circuits;
mod entering;
mod entries;
mod excuse;
mod finished;
mod known_time;
mod leftovers;
mod patience;
mod prompts;
mod reply;
mod request;
mod resume;
mod spending;
mod summary;
mod tiers;
mod timing;
mod tries;
mod violation;

use std::collections::{BTreeMap, BTreeSet};

use parallel_agents_engine::host::SessionState;
use parallel_agents_engine::ids::{RequestId, SessionKey, TaskId};
use parallel_agents_engine::task::Usage;

use crate::script::Fault;
use account::{Account, Asked, Tasks};
pub use allowance::{Allowance, Price, TaskAllowance};
use circuits::Circuit;
pub(crate) use entries::SessionOver;
pub use excuse::{Excuse, Excuses};
use finished::Finished;
use known_time::KnownTime;
use patience::Patience;
pub use spending::{Overspend, Spending};
pub use summary::LedgerSummary;
use tiers::Tiers;
use timing::Waits;
use tries::Tries;
pub(crate) use tries::task_of;
pub use violation::{Invariant, Violation};

/// Cancel and delete requests for one session that are still plausible: five tries of each.
const MAX_CLEANUP_TRIES: u32 = 10;

/// Lists that a call looks into for a session of which nobody says whether it exists.
const SEARCHES: u32 = 2;

/// Milliseconds for which a call has to try to clean up before it may come back without having done so.
const CLEANUP_GRACE_MS: u64 = 30_000;

/// Something that holds one of the places that the cap allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Live {
    /// A spawn call without an answer: a session may exist already.
    Spawning(RequestId),
    /// A session that has not ended.
    Session(SessionKey),
}

/// What one call did, as its host saw it.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    allowed: Allowance,
    seed: Option<u64>,
    time: KnownTime,
    /// When the last session was asked for, as the call can know it.
    last_spawn_ms: u64,
    live: BTreeSet<Live>,
    peak_live: u32,
    spawn_calls: u32,
    requests: BTreeMap<RequestId, Asked>,
    sessions: BTreeMap<SessionKey, Account>,
    /// Sessions of earlier calls.
    earlier: BTreeSet<SessionKey>,
    /// The sessions that idempotency keys stand for; None while there is none.
    keys: BTreeMap<String, Option<SessionKey>>,
    /// Keys of spawn calls whose answer was lost without anything having come of them.
    lost: BTreeSet<String>,
    /// The sessions that receipts named, each with the label and the model of the attempt that was given it first.
    holders: BTreeMap<SessionKey, (String, Option<String>)>,
    tries: BTreeMap<String, Tries>,
    /// By agent type and model.
    circuits: BTreeMap<(String, Option<String>), Circuit>,
    waits: Waits,
    /// List requests since the call first opened.
    lists: u64,
    /// The codes of prompts, and the idempotency keys of their sessions.
    codes: BTreeMap<String, String>,
    /// What sessions wrote that is to be followed, and the tasks that wrote it.
    secrets: BTreeMap<String, String>,
    progress: Tasks,
    events: u64,
    stop_requested: bool,
    stopped_tasks: BTreeSet<TaskId>,
    faults: BTreeMap<Fault, u64>,
    /// Sessions that the call itself says it left alive or undeleted.
    named_as_leaked: BTreeSet<SessionKey>,
    orphans: Vec<SessionKey>,
    open_spawns: Vec<RequestId>,
    returned: bool,
    resumes: u32,
    /// When it was resumed last, as the call can know it.
    went_on_ms: Option<u64>,
    /// The number of the event before which the clock jumped last. None: it has not, since the call opened or went on.
    jumped_before: Option<u64>,
    is_time_in_doubt: bool,
    broken: Vec<Violation>,
    excuses: Excuses,
    patience: Patience,
    tiers: Tiers,
    finished: Finished,
}

impl Ledger {
    /// The account of a call on a host that has sessions already, which it may read.
    pub(crate) fn after(earlier: impl Iterator<Item = SessionKey>) -> Self {
        Self { earlier: earlier.collect(), ..Self::default() }
    }

    /// Holds the call to this from now on.
    pub fn hold_to(&mut self, allowed: Allowance) {
        self.allowed = allowed;
    }

    /// What the call is held to.
    pub fn allowed(&self) -> &Allowance {
        &self.allowed
    }

    /// Enters that the call named a session as one that it could not stop or delete.
    pub fn leak_was_named(&mut self, key: SessionKey) {
        self.named_as_leaked.insert(key);
    }

    /// How often each fault struck.
    pub fn faults(&self) -> &BTreeMap<Fault, u64> {
        &self.faults
    }

    /// Sessions alive now, counted from the spawn call.
    pub fn live(&self) -> u32 {
        count(self.live.len())
    }

    /// The largest number of sessions that were alive at once, counted from the spawn call, without those of which a call that
    /// goes on could not know.
    pub fn peak_live(&self) -> u32 {
        self.peak_live
    }

    /// Spawn calls made.
    pub fn spawn_calls(&self) -> u32 {
        self.spawn_calls
    }

    /// Sessions that were alive when the call came back.
    pub fn orphans(&self) -> &[SessionKey] {
        &self.orphans
    }

    /// Sessions whose keys the call was told.
    pub fn told_sessions(&self) -> impl Iterator<Item = &SessionKey> {
        self.sessions.iter().filter(|(_, account)| account.was_told).map(|(key, _)| key)
    }

    /// All sessions that came into being for the call.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionKey> {
        self.sessions.keys()
    }

    /// Of those that were alive when the call came back, how many the host would have stopped, or the call kept silent about.
    pub fn unexcused_orphans(&self) -> u32 {
        count(self.orphans.iter().filter(|key| self.why_left(key).is_none()).count())
    }

    /// Sessions by the state that they are in; deleted ones count with the state that they ended in.
    pub fn sessions_in(&self, state: SessionState) -> u32 {
        count(self.sessions.values().filter(|account| account.state == state).count())
    }

    /// The tokens of all sessions that answered.
    pub fn usage(&self) -> Usage {
        self.sessions.values().filter_map(|account| account.usage).fold(Usage::default(), Usage::plus)
    }

    /// What was broken, in the order of discovery; the state at the end comes last. Empty: every promise was kept.
    pub fn violations(&self) -> Vec<Violation> {
        let mut all = self.broken.clone();
        all.extend(self.broken_at_the_end());
        all
    }

    /// The first promise that was broken while the call lasted.
    pub fn first_violation(&self) -> Option<&Violation> {
        self.broken.first()
    }

    /// What repeats the call, once it is open.
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The account in numbers, for reports.
    pub fn summary(&self) -> LedgerSummary {
        summary::summarise(self)
    }

    fn excuse(&mut self, excuse: Excuse) {
        self.excuses.add(excuse);
    }

    fn note(&mut self, invariant: Invariant, what: String) {
        self.broken.push(Violation { invariant, event: self.events.checked_sub(1), what });
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
