//! The simulated gateway: a pure function of a script, a seed and the commands that it is given.
//!
//! The world has its own clock, which moves only when [`World::poll`] is told so. It never sleeps: it says until when
//! nothing can happen, and whoever drives it decides whether to wait for that time or to jump there. So virtual and real
//! time see the same events with the same times. Everything that the world does is entered in its [`Ledger`] and, as
//! text, in its [`Trace`].

mod agenda;
mod answers;
mod crash;
mod cut;
mod gateway;
mod intervention;
mod journal;
mod lifecycle;
mod oddities;
mod options;
mod session;
mod told_clock;
mod trouble;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parallel_agents_engine::host::{Command, Event, Happening, HostFacts, Receipt};
use parallel_agents_engine::ids::{SessionKey, TaskId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::ledger::Ledger;
use crate::outside::JournalSink;
pub use crate::outside::Next;
use crate::script::{Fault, HostProfile, Script};
use crate::trace::Trace;
use agenda::{Agenda, Due};
pub use crash::{CrashPoint, Moment, Restart};
use crash::{Fate, HostCalls};
pub use intervention::Intervention;
pub use options::WorldOptions;
use session::{Lane, Session};
use told_clock::ToldClock;

pub(crate) use answers::SECRET;

/// Something that is to be told.
struct Told {
    what: Happening,
    /// Nothing happened: a fault of the script has it told all the same.
    is_extra: bool,
}

/// A simulated gateway with its sessions.
pub struct World {
    script: Arc<Script>,
    seed: u64,
    options: WorldOptions,
    draws: ChaCha8Rng,
    now_ms: u64,
    next_seq: u64,
    agenda: Agenda,
    /// What has happened and was not yet told, in order.
    untold: VecDeque<Told>,
    sessions: BTreeMap<SessionKey, Session>,
    receipts_by_idempotency_key: BTreeMap<String, Receipt>,
    spawns_by_label: BTreeMap<String, u32>,
    requests_by_key: BTreeMap<String, u32>,
    spawned: u32,
    spawn_times: Vec<u64>,
    starts_by_model: BTreeMap<String, Vec<u64>>,
    lane: Lane,
    ledger: Ledger,
    trace: Trace,
    journal: String,
    journal_sink: Option<JournalSink>,
    calls: HostCalls,
    stops_told: Vec<(Option<TaskId>, String)>,
    clock: ToldClock,
    /// Pages of lists and transcripts so far.
    pages: u32,
    /// The last event was one that came before its time.
    woke_early: bool,
    /// An import failed; the call hears nothing any more.
    is_trapped: bool,
    intervention: Option<(u64, Intervention)>,
    /// The event with which the call was told of that.
    intervened_at: Option<u64>,
    intervened_ms: Option<u64>,
}

impl World {
    /// The session on whose behalf everything is spawned.
    pub const CALLER: &'static str = "agent:main:main";

    /// A world in which nothing has happened yet.
    pub fn new(script: impl Into<Arc<Script>>, seed: u64, options: WorldOptions) -> Self {
        let script = script.into();
        let mut draws = ChaCha8Rng::seed_from_u64(seed);
        draws.set_stream(options.life);
        let mut agenda = Agenda::default();
        if let Some(after_ms) = script.faults().caller_gone_ms {
            agenda.enter(options.start_ms.saturating_add(after_ms), 0, Due::CallerGone);
        }
        Self {
            seed,
            draws,
            now_ms: options.start_ms,
            next_seq: 0,
            agenda,
            untold: VecDeque::new(),
            sessions: BTreeMap::new(),
            receipts_by_idempotency_key: BTreeMap::new(),
            spawns_by_label: BTreeMap::new(),
            requests_by_key: BTreeMap::new(),
            spawned: 0,
            spawn_times: Vec::new(),
            starts_by_model: BTreeMap::new(),
            lane: Lane::new(script.host().max_concurrent),
            ledger: Ledger::default(),
            trace: Trace::new(options.start_ms, options.keep_trace),
            journal: String::new(),
            journal_sink: None,
            calls: HostCalls::default(),
            stops_told: Vec::new(),
            clock: ToldClock::default(),
            pages: 0,
            woke_early: false,
            is_trapped: false,
            intervention: None,
            intervened_at: None,
            intervened_ms: None,
            script,
            options,
        }
    }

    /// Hands a command over. Takes effect at once for progress, otherwise when the request reaches the gateway.
    pub fn perform(&mut self, command: Command) {
        if self.calls.next() != Fate::Done || self.traps() {
            return;
        }
        self.trace.command(self.now_ms, &command);
        self.ledger.command(&command);
        if matches!(command, Command::Progress(_)) {
            return;
        }
        let late_ms = self.late_by(&command);
        let takes_ms = gateway::latency_ms(self.profile(), &command).saturating_add(late_ms);
        let at_ms = self.now_ms.saturating_add(takes_ms);
        self.enter(at_ms, Due::Request(command));
    }

    /// Moves the clock to `now_ms`, if that is later, and gives the next event that is due by then.
    ///
    /// With `until_ms` the event is `woke` at that time if nothing else happened before. Without it the caller waits for
    /// as long as it takes, which is an error of the caller if nothing is under way.
    pub fn poll(&mut self, now_ms: u64, until_ms: Option<u64>) -> Next {
        self.now_ms = self.now_ms.max(now_ms);
        if self.calls.is_cut_off {
            return Next::Stuck("the call was cut off".to_owned());
        }
        if self.is_trapped {
            return Next::Stuck("an import failed".to_owned());
        }
        if let Some(violation) = self.ledger.first_violation().filter(|_| self.options.stops_at_violation) {
            return Next::Stuck(violation.to_string());
        }
        let until_ms = until_ms.map(|told_ms| self.clock.when(told_ms));
        if self.next_seq >= self.options.max_events {
            return Next::Stuck(format!("the call took {} events and is still not done", self.next_seq));
        }
        if let Some(end) = self.intervene() {
            return end;
        }
        if self.next_seq == 0 {
            let facts = Happening::Opened(self.facts());
            return Next::Event(self.event(facts, false));
        }
        loop {
            if let Some(Told { what, is_extra }) = self.untold.pop_front() {
                return Next::Event(self.event(what, is_extra));
            }
            let Some(due) = self.agenda.take_due(self.now_ms) else { break };
            self.carry_out(due);
        }
        match (self.agenda.next_at(), until_ms) {
            (_, Some(until)) if until <= self.now_ms => Next::Event(self.event(Happening::Woke, false)),
            (_, Some(_)) if self.wakes_early() => Next::Event(self.event(Happening::Woke, true)),
            (Some(at), Some(until)) => Next::SleepUntil(at.min(until)),
            (Some(at), None) => Next::SleepUntil(at),
            (None, Some(until)) => Next::SleepUntil(until),
            (None, None) => Next::Stuck("next-event was asked to wait without limit while no answer is due".to_owned()),
        }
    }

    /// Notes in the trace that the next event is waited for; to be called once per wait.
    pub fn waiting(&mut self, until_ms: Option<u64>) {
        self.trace.wait(self.now_ms, until_ms);
        self.ledger.waits(until_ms);
        self.ledger.idles(until_ms);
    }

    /// Asks the component to stop one task, or the whole run, as soon as it waits for the next event.
    pub fn request_stop(&mut self, task: Option<TaskId>, reason: impl Into<String>) {
        self.request_stop_at(self.now_ms, task, reason);
    }

    /// Asks the component to stop one task, or the whole run, at a time on the world's clock.
    pub fn request_stop_at(&mut self, at_ms: u64, task: Option<TaskId>, reason: impl Into<String>) {
        self.enter(at_ms, Due::StopRequest { task, reason: reason.into() });
    }

    /// Ends the call: notes whether it came back or broke off, then stops whatever it left alive. After a crash nobody is
    /// there to do so.
    pub fn close(&mut self, came_back: bool) {
        self.trace.closed(self.now_ms, came_back);
        if self.calls.is_cut_off {
            return;
        }
        if came_back {
            self.ledger.returned();
        }
        self.sweep();
    }

    /// The same gateway for the next call: its sessions are there, with a fresh account and a fresh count of events.
    #[must_use]
    pub fn continued(mut self) -> Self {
        let earlier = self.sessions.keys().cloned();
        self.ledger = Ledger::after(earlier);
        self.agenda = Agenda::default();
        self.untold.clear();
        self.next_seq = 0;
        self
    }

    /// Stops every live session, as a host does after a call that broke off, and forgets what was asked and not yet done. Their
    /// number.
    pub fn sweep(&mut self) -> usize {
        self.agenda.forget_requests();
        let live: Vec<SessionKey> =
            self.sessions.values().filter(|session| session.is_live()).map(|s| s.receipt.session_key.clone()).collect();
        for key in &live {
            self.stop(key);
        }
        self.ledger.swept();
        live.len()
    }

    /// The host's own account of everything.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The host's own account, to tell it what the call was allowed.
    pub fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Everything that was said, as text.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The time on the world's clock, in milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The time at which the world opened.
    pub fn opened_ms(&self) -> u64 {
        self.options.start_ms
    }

    /// The last message of a session, whole. None: it said nothing, or is deleted.
    pub fn said(&self, key: &SessionKey) -> Option<&str> {
        self.sessions.get(key)?.answer()
    }

    /// Keeps the trace of what is to come.
    pub fn keep_trace(&mut self) {
        self.options.keep_trace = true;
        self.trace = Trace::new(self.options.start_ms, true);
    }

    /// Sessions that the host says it runs at once. None: it does not say.
    pub fn announced_width(&self) -> Option<u32> {
        self.options.announces_width.then_some(self.profile().max_concurrent)
    }

    /// What the gateway allows.
    pub fn profile(&self) -> &HostProfile {
        self.script.host()
    }

    fn facts(&self) -> HostFacts {
        HostFacts {
            name: "simulator".to_owned(),
            seed: self.seed,
            max_concurrent: self.announced_width(),
            reports_starts: self.profile().reports_starts,
            keeps_journal: self.options.keeps_journal,
            limits: None,
        }
    }

    fn event(&mut self, what: Happening, is_extra: bool) -> Event {
        let number = self.next_seq;
        self.next_seq += 1;
        self.woke_early = is_extra && what == Happening::Woke;
        self.set_clock(number);
        let event = Event { seq: number, at_ms: self.clock.show(self.now_ms), what };
        self.trace.event(&event);
        self.ledger.event_at(&event, is_extra, self.now_ms);
        if self.intervened_at == Some(number) {
            self.intervened_ms = Some(self.ledger.known_ms());
        }
        let stops = matches!(event.what, Happening::StopRequested { .. });
        let per_mille = if stops { 0 } else { self.script.faults().stop_requested };
        if self.strikes(Fault::StopRequested, "event", number as u32, per_mille) {
            self.request_stop(None, "a stop at a random event");
        }
        event
    }

    fn enter(&mut self, at_ms: u64, due: Due) {
        let draw = self.draws.next_u64();
        self.agenda.enter(at_ms, draw, due);
    }

    fn carry_out(&mut self, due: Due) {
        match due {
            Due::Request(command) => self.answer(command),
            Due::Queue(key) => self.queue(&key),
            Due::Finish(key) => self.finish(&key),
            Due::TimeLimit(key) => self.time_limit(&key),
            Due::Mishap(key, mishap) => self.mishap(&key, mishap),
            Due::Tell { what, is_extra } => self.untold.push_back(Told { what: *what, is_extra }),
            Due::StopRequest { task, reason } => {
                self.stops_told.push((task.clone(), reason.clone()));
                self.tell(Happening::StopRequested { task, reason });
            }
            Due::CallerGone => {
                self.ledger.fault(Fault::CallerGone);
                self.tell(Happening::StopRequested { task: None, reason: "whoever called is gone".to_owned() });
            }
        }
    }

    fn tell(&mut self, what: Happening) {
        self.untold.push_back(Told { what, is_extra: false });
    }
}
