//! The parts of which the gateway consists.

use std::sync::Arc;

use parallel_agents_engine::host::EventKind;
use parallel_agents_engine::ids::{SessionKey, TaskId};

use super::crash::{CrashPoint, HostCalls};
use super::event_queue::{Due, EventQueue};
use super::intervention::Intervention;
use super::journal::JournalFile;
use super::lane::Lane;
use super::outbox::{Outbox, Truths};
use super::random::Random;
use super::table::SessionTable;
use super::timeline::Timeline;
use crate::host::JournalSink;
use crate::options::SimulationOptions;
use crate::script::{Fault, HostProfile, Script};

/// A simulated gateway with its sessions.
pub struct Gateway {
    pub(super) script: Arc<Script>,
    pub(super) seed: u64,
    pub(super) options: SimulationOptions,
    pub(super) time: Timeline,
    pub(super) random: Random,
    pub(super) event_queue: EventQueue,
    pub(super) outbox: Outbox,
    pub(super) truths: Truths,
    pub(super) sessions: SessionTable,
    pub(super) lane: Lane,
    pub(super) journal: JournalFile,
    pub(super) calls: HostCalls,
    /// Stops that the call was told of; whoever wants one says so again after a cut.
    pub(super) stops_told: Vec<(Option<TaskId>, String)>,
    pub(super) interventions: Interventions,
    /// Pages of lists and transcripts so far.
    pub(super) pages: u32,
}

/// What somebody is going to do to the call, and when it was told of that.
#[derive(Debug, Default)]
pub(super) struct Interventions {
    pub(super) planned: Option<(u64, Intervention)>,
    /// The number of the event.
    pub(super) told_with: Option<u64>,
}

impl Gateway {
    /// The session on whose behalf everything is spawned.
    pub const CALLER: &'static str = "agent:main:main";

    /// A gateway in which nothing has happened yet.
    pub fn new(script: impl Into<Arc<Script>>, seed: u64, options: &SimulationOptions) -> Self {
        let script = script.into();
        let mut event_queue = EventQueue::default();
        if let Some(after_ms) = script.faults().caller_gone_ms {
            event_queue.enter(options.start_ms.saturating_add(after_ms), 0, Due::CallerGone);
        }
        Self {
            seed,
            time: Timeline::new(options.start_ms),
            random: Random::new(seed, options.life),
            event_queue,
            outbox: Outbox::default(),
            truths: Truths::default(),
            sessions: SessionTable::default(),
            lane: Lane::new(script.host().max_concurrent),
            journal: JournalFile::new(options.keeps_journal),
            calls: HostCalls::default(),
            stops_told: Vec::new(),
            interventions: Interventions::default(),
            pages: 0,
            options: options.clone(),
            script,
        }
    }

    /// Asks the call to stop one task, or the whole run, at a time on the gateway's clock.
    pub fn request_stop_at(&mut self, at_ms: u64, task: Option<TaskId>, reason: impl Into<String>) {
        self.enter(at_ms, Due::StopRequest { task, reason: reason.into() });
    }

    /// Intervenes when the call waits for the event of this number; the first one has the number 0. Only once in a call.
    pub fn intervene_at(&mut self, event: u64, what: Intervention) {
        self.interventions.planned = Some((event, what));
    }

    /// Cuts the call off at a point.
    pub fn crash_at(&mut self, point: CrashPoint) {
        self.calls.crash_at(point);
    }

    /// Keeps the call's journal, and hands each part on before it counts as written.
    pub fn keep_journal(&mut self, sink: JournalSink) {
        self.journal.keep(sink);
    }

    /// Whether the call was cut off.
    pub fn is_cut_off(&self) -> bool {
        self.calls.is_cut_off()
    }

    /// Host calls that were made, journal lines included.
    pub fn host_calls(&self) -> u64 {
        self.calls.made()
    }

    /// The call's journal.
    pub fn journal(&self) -> &str {
        self.journal.text()
    }

    /// Events that were handed out.
    pub fn events(&self) -> u64 {
        self.time.events()
    }

    /// Sessions that have not ended.
    pub fn live_sessions(&self) -> usize {
        self.sessions.live_keys().len()
    }

    /// All sessions that are there.
    pub fn session_keys(&self) -> impl Iterator<Item = SessionKey> {
        self.sessions.keys().cloned()
    }

    /// The last message of a session, whole. None: it said nothing, or is deleted.
    pub fn said(&self, key: &SessionKey) -> Option<&str> {
        self.sessions.get(key)?.answer()
    }

    /// What the gateway allows.
    pub fn profile(&self) -> &HostProfile {
        self.script.host()
    }

    /// Whether a fault comes true for a subject the `nth` time; one that does is counted.
    pub(super) fn strikes(&mut self, fault: Fault, subject: &str, nth: u32) -> bool {
        let per_mille = self.script.faults().chance(fault);
        self.strikes_with(fault, subject, nth, per_mille)
    }

    /// The same with a chance of its own.
    pub(super) fn strikes_with(&mut self, fault: Fault, subject: &str, nth: u32, per_mille: u32) -> bool {
        let strikes = fault.strikes(self.seed, subject, nth, per_mille);
        if strikes {
            self.truths.fault(fault);
        }
        strikes
    }

    pub(super) fn enter(&mut self, at_ms: u64, due: Due) {
        let draw = self.random.next();
        self.event_queue.enter(at_ms, draw, due);
    }

    pub(super) fn enter_after(&mut self, delay_ms: u64, due: Due) {
        self.enter(self.time.after(delay_ms), due);
    }

    pub(super) fn tell(&mut self, what: EventKind) {
        self.outbox.push(what, false);
    }
}
