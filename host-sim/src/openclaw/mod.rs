//! Real sessions on a real gateway, from outside of it: through the door of its plugin.
//!
//! The sessions are the gateway's. They go on when this program ends, and a call that goes on finds them again; so the keys and
//! labels of the engine are those of the door, and nothing is kept here beyond the call. What the gateway does not answer is
//! in doubt, and the engine asks again with the same key.

mod host;
mod requests;
mod watching;

use std::collections::BTreeMap;

use gateway_sim::clock::Bell;
use gateway_sim::host::JournalSink;
use parallel_agents_door::{Door, Facts, Waited};
use parallel_agents_engine::ids::SessionKey;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::real_call::RealCall;
use requests::Answered;
use watching::Wanted;

/// The name of gateways among hosts.
pub const OPENCLAW: &str = "openclaw-door";

/// What is chosen about a host behind a door.
#[derive(Clone, Debug)]
pub struct OpenClawOptions {
    /// The model of sessions that are spawned without one. None: the gateway's default.
    pub model: Option<String>,
    /// All of the component's chance. It has to be drawn afresh for each run unless the same run is wanted again.
    pub seed: u64,
    /// Sessions that run at once, if fewer than the gateway runs.
    pub host_cap: Option<u32>,
    /// The time at which the host's clock begins, in milliseconds; for a call that goes on the last one of its journal. None:
    /// that of the system.
    pub start_ms: Option<u64>,
}

/// What the tasks of a host tell it.
#[derive(Debug)]
enum News {
    /// A request was answered.
    Answered(Answered),
    /// Sessions have begun or ended.
    Waited(Waited),
}

/// A session of the gateway, as far as this call knows it.
#[derive(Debug)]
struct Session {
    /// Its name at the door.
    key: String,
    /// The model that was asked for, or that the gateway said.
    model: String,
    is_started: bool,
    is_over: bool,
}

/// A host whose sessions are those of a gateway. Needs a Tokio runtime, and a clock of real time.
pub struct OpenClaw {
    door: Door,
    facts: Facts,
    options: OpenClawOptions,
    bell: Bell,
    call: RealCall,
    sessions: BTreeMap<SessionKey, Session>,
    /// Requests whose answers have not come.
    under_way: usize,
    news: mpsc::UnboundedReceiver<News>,
    inbox: mpsc::UnboundedSender<News>,
    wanted: watch::Sender<Wanted>,
    watching: AbortHandle,
}

impl OpenClaw {
    /// A host that has been asked for nothing yet. `bell` is that of the clock by which the call will run.
    pub fn new(door: Door, facts: Facts, options: OpenClawOptions, bell: Bell) -> Self {
        let call = RealCall::new(options.start_ms);
        let (inbox, news) = mpsc::unbounded_channel();
        let (wanted, seen) = watch::channel(Wanted::default());
        let (asked, most_seconds) = (door.clone(), facts.most_wait_seconds);
        let mut awaiting = watching::Call { wanted: seen, inbox: inbox.clone(), bell: bell.clone() };
        let watching = async move { parallel_agents_door::watch(&asked, most_seconds, &mut awaiting).await };
        Self {
            door,
            facts,
            options,
            bell,
            call,
            sessions: BTreeMap::new(),
            under_way: 0,
            news,
            inbox,
            wanted,
            watching: tokio::spawn(watching).abort_handle(),
        }
    }

    /// Keeps the call's journal: hands each part on before it counts as written.
    pub fn keep_journal(&mut self, sink: JournalSink) {
        self.call.keep_journal(sink);
    }
}

impl Drop for OpenClaw {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
